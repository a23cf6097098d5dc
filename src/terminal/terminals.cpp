#include "terminal/terminals.hpp"

namespace hk::terminal {
namespace {

net::Task<Result<bool>> ended(net::TaskGroup& group) {
    co_await group.join();
    co_return true;
}

} // namespace

/// A terminal in the list, for as long as it runs.
struct Terminals::Entry {
    Entry(std::list<Terminal*>& in, Slot its_slot, std::unique_ptr<Terminal> its_terminal)
        : list(in)
        , slot(std::move(its_slot))
        , terminal(std::move(its_terminal))
        , place(list.insert(list.end(), terminal.get())) {}
    ~Entry() { list.erase(place); }
    Entry(const Entry&) = delete;
    Entry& operator=(const Entry&) = delete;

    std::list<Terminal*>& list;
    Slot slot;
    std::unique_ptr<Terminal> terminal;
    std::list<Terminal*>::iterator place;
};

Terminals::Terminals(net::Loop& loop, std::size_t most, std::string place)
    : most_(most)
    , place_(std::move(place))
    , all_(std::make_shared<const char>('\0'))
    , group_(loop) {}

std::size_t Terminals::count() const { return static_cast<std::size_t>(all_.use_count()) - 1; }

Result<Terminals::Slot> Terminals::take() const {
    if (!stopped_.empty()) return fail(Errc::unavailable, stopped_);
    if (count() >= most_)
        return fail(Errc::no_capacity, std::to_string(most_) + " terminals are open on " + place_ +
                                           " already, which is the limit; close one of them");
    return Slot(all_);
}

net::Task<void> Terminals::run(std::unique_ptr<Entry> entry) { co_await entry->terminal->run(); }

void Terminals::keep(Slot slot, std::unique_ptr<Terminal> terminal) {
    auto entry = std::make_unique<Entry>(open_, std::move(slot), std::move(terminal));
    if (!stopped_.empty()) entry->terminal->end(stopped_);
    group_.spawn(run(std::move(entry)));
}

net::Task<void> Terminals::stop(std::string why, Duration limit) {
    stopped_ = std::move(why);
    for (Terminal* each : open_) each->end(stopped_);
    auto ending = ended(group_);
    (void)co_await net::with_deadline(limit, "the terminals did not end", std::move(ending));
    group_.cancel();
    co_await group_.join();
}

} // namespace hk::terminal
