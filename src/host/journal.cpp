#include "host/journal.hpp"

#include "base/log.hpp"

namespace hk::host {

void Journal::append(std::vector<store::Write> writes, Done done) {
    entries_.push_back({std::move(writes), std::move(done)});
    if (problem_.empty()) send(entries_.back());
}

/// The writer gets a copy: what was refused must be at hand for the next try, behind nothing newer.
void Journal::send(const Entry& entry) { commit(entry.writes); }

void Journal::commit(std::vector<store::Write> writes) {
    ++in_flight_;
    writer_.commit(std::move(writes), [this, &loop = loop_, life = std::weak_ptr(life_)](Result<> result) {
        loop.post([this, life, result = std::move(result)] {
            if (!life.expired()) settled(result);
        });
    });
}

void Journal::settled(const Result<>& result) {
    --in_flight_;
    if (!problem_.empty()) {
        if (retrying_ && result) written_again();
        retrying_ = false; // answers to what was under way when the trouble began count for nothing
        return;
    }
    if (!result) {
        begin_trouble(result.error());
        return;
    }
    const Done done = std::move(entries_.front().done);
    entries_.pop_front();
    done();
}

void Journal::written_again() {
    log::info("the database can be written again");
    problem_.clear();
    std::vector<Done> done;
    for (; retried_ > 0; --retried_) {
        done.push_back(std::move(entries_.front().done));
        entries_.pop_front();
    }
    for (const Entry& entry : entries_) send(entry);
    for (const Done& each : done) each();
}

void Journal::begin_trouble(const Error& error) {
    problem_ = error.message;
    code_ = error.code;
    log::error("the database cannot be written; nothing new is accepted until it can", {{"why", problem_}});
    if (on_problem) on_problem();
}

/// Everything is written again in its order, also what succeeded behind a failure: so no old record replaces a newer.
void Journal::retry() {
    if (problem_.empty() || in_flight_ > 0) return;
    retrying_ = true;
    retried_ = entries_.size();
    std::vector<store::Write> all;
    for (const Entry& entry : entries_) all.insert(all.end(), entry.writes.begin(), entry.writes.end());
    commit(std::move(all));
}

Result<> Journal::ready() const {
    if (!problem_.empty()) return fail(code_, "the Host cannot save new tasks now (" + problem_ + "); try again later");
    if (writer_.busy())
        return fail(Errc::unavailable, "the Host is writing as fast as its disk allows; try again soon");
    return {};
}

} // namespace hk::host
