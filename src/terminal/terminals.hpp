#pragma once
#include "net/loop.hpp"
#include "terminal/terminal.hpp"

#include <list>
#include <memory>

namespace hk::terminal {

/// All terminals of this process. Owned by the wiring; what terminals use outlives it. Loop thread only.
class Terminals {
public:
    /// `place`: where they are, in words ("this Host").
    Terminals(net::Loop& loop, std::size_t most, std::string place);

    /// The right to open one, for as long as it is kept.
    class Slot {
        friend class Terminals;
        explicit Slot(std::shared_ptr<const char> all)
            : all_(std::move(all)) {}
        std::shared_ptr<const char> all_;
    };
    /// Errc::no_capacity when too many are open, Errc::unavailable when this process is stopping.
    Result<Slot> take() const;
    /// Runs it until it ends.
    void keep(Slot slot, std::unique_ptr<Terminal> terminal);
    std::size_t count() const;

    /// Ends all of them, and gives them `limit` for it. None can be opened afterwards.
    net::Task<void> stop(std::string why, Duration limit);

private:
    struct Entry;
    static net::Task<void> run(std::unique_ptr<Entry> entry);

    std::size_t most_;
    std::string place_;
    std::shared_ptr<const char> all_;
    std::list<Terminal*> open_;
    std::string stopped_; ///< why
    net::TaskGroup group_;
};

} // namespace hk::terminal
