#include "base/log.hpp"
#include "exec/process_executor_impl.hpp"
#include "exec/process_tree.hpp"

#include <csignal>
#include <fcntl.h>
#include <sys/file.h>

namespace hk::exec {
namespace {

using namespace std::chrono_literals;

constexpr Duration fast_pace = 20ms;
constexpr Duration slow_pace = 5s;
/// A start that the keeper has had for this long without a trace is said again; it does no harm.
constexpr Duration say_again_after = 10s;
/// Removing a group may fail for a moment after its last process has gone.
constexpr int max_removal_tries = 250;

} // namespace

void ProcessExecutor::Impl::start_sent(AttemptId id) {
    ProcessAttempt* attempt = find(id);
    if (attempt == nullptr || attempt->stage != Stage::waiting) return;
    attempt->stage = Stage::sent;
    attempt->sent_at = BootClock::now();
}

void ProcessExecutor::Impl::keeper_is_new() {
    for (const auto& [id, attempt] : attempts_)
        if (attempt.stage == Stage::sent && !attempt.recovered) link_->enqueue(id);
    check_watchers();
}

void ProcessExecutor::Impl::keeper_failed(AttemptId id, const std::string& why) {
    ProcessAttempt* attempt = find(id);
    if (attempt != nullptr) conclude(*attempt, not_started(125, read_clocks().wall, why));
}

void ProcessExecutor::Impl::on_fact(AttemptId id, const Fact& fact) {
    ProcessAttempt* attempt = find(id);
    if (attempt == nullptr || attempt->stage == Stage::ended || attempt->stage == Stage::emptying) return;
    const bool own = std::holds_alternative<StopFact>(fact) && attempt->stop_signalled; // taken when it was written
    if (!own) attempt->facts.take(fact);
    if (std::holds_alternative<ForkedFact>(fact)) on_forked(*attempt);
    else if (std::holds_alternative<StartedFact>(fact)) on_started(*attempt);
    else if (std::holds_alternative<FailedFact>(fact) || std::holds_alternative<GoneFact>(fact)) on_finished(*attempt);
    else if (std::holds_alternative<StopFact>(fact) && !own) {
        const auto left = std::max(Duration::zero(), attempt->facts.stop->deadline - read_clocks().wall);
        attempt->kill_at = BootClock::now() + left; // asked for in an earlier life of the runner
        attempt->stop_signalled = true;
        busy_.insert(id);
        set_pace();
    }
}

void ProcessExecutor::Impl::on_forked(ProcessAttempt& attempt) {
    attempt.stage = Stage::running;
    if (attempt.kill_at && !attempt.stop_signalled) signal_stop(attempt);
}

void ProcessExecutor::Impl::on_started(ProcessAttempt& attempt) {
    if (std::exchange(attempt.started_told, true)) return;
    const AttemptId id = attempt.assignment.attempt;
    Started event{id, attempt.facts.started->at, attempt.warnings};
    event.warnings.insert(event.warnings.end(), attempt.facts.warnings.begin(), attempt.facts.warnings.end());
    const bool was_paused = attempt.recovered && !attempt.facts.ended() && control(attempt).is_paused();
    attempt.paused = was_paused;
    listener_.on_event(event);
    if (was_paused) listener_.on_event(Paused{id});
}

/// The watcher says that nothing is left. When it was killed it could not see to that, and a process may have left its
/// tree for good without leaving the group.
void ProcessExecutor::Impl::on_finished(ProcessAttempt& attempt) {
    const bool left = attempt.facts.adopted ? !control(attempt).empty() : !attempt.group.processes().empty();
    if (left) empty_then_conclude(attempt);
    else conclude(attempt, verdict(attempt));
}

void ProcessExecutor::Impl::empty_then_conclude(ProcessAttempt& attempt) {
    attempt.stage = Stage::emptying;
    busy_.insert(attempt.assignment.attempt);
    set_pace();
}

Outcome ProcessExecutor::Impl::verdict(const ProcessAttempt& attempt) const {
    if (attempt.facts.ended()) {
        const AttemptGroup& group = attempt.group;
        return judge(attempt.facts, {group.oom_kills(), group.memory_limit(), group.memory_peak()});
    }
    const bool same_boot = attempt.facts.forked && attempt.facts.forked->boot_id == boot_id_;
    Outcome outcome = interrupted(attempt.facts, read_clocks().wall,
                                  same_boot ? "the processes that watched it were killed, so its exit code is not known"
                                            : "the node was restarted while it ran");
    if (same_boot && attempt.facts.stop) outcome.reason = EndReason::killed;
    return outcome;
}

void ProcessExecutor::Impl::conclude(ProcessAttempt& attempt, Outcome outcome) {
    if (attempt.stage == Stage::ended) return;
    const AttemptId id = attempt.assignment.attempt;
    attempt.stage = Stage::ended;
    busy_.erase(id);
    link_->take_back(id);
    follower_->unfollow(id);
    if (outcome.reason != EndReason::exited && !attempt.facts.outcome) {
        // The control group, which told us, does not outlive the machine.
        if (auto written = spool_.append(id, format_fact(OutcomeFact{outcome})); !written)
            log::warn("an outcome could not be recorded",
                      {{"attempt", to_string(id)}, {"error", written.error().message}});
    }
    set_pace();
    listener_.on_event(Ended{id, std::move(outcome)}); // last: the listener may make us forget the attempt
}

void ProcessExecutor::Impl::on_tick() {
    const auto self = shared_from_this();
    const Mono now = BootClock::now();
    for (const auto id : std::set<AttemptId>(busy_)) {
        ProcessAttempt* attempt = find(id);
        if (attempt == nullptr || !look_after(*attempt, now)) busy_.erase(id);
    }
    remove_groups();
    if (now - watchers_checked_ >= slow_pace) check_watchers();
    set_pace();
}

/// True as long as there is something to look after.
bool ProcessExecutor::Impl::look_after(ProcessAttempt& attempt, Mono now) {
    const AttemptId id = attempt.assignment.attempt;
    if (attempt.stage == Stage::ended) return false;
    if (attempt.stage == Stage::emptying) {
        const ProcessControl processes = control(attempt);
        processes.kill();
        if (!processes.empty()) return true;
        conclude(attempt, verdict(attempt));
        return false;
    }
    if (attempt.kill_at && attempt.orphaned) on_orphan(attempt);
    else if (attempt.kill_at && !has_watcher(id)) check_watcher(attempt);
    if (attempt.stage == Stage::emptying) return true;
    check_stop(attempt, now);
    check_wish(attempt, now); // which may call the listener, so look again
    const ProcessAttempt* still = find(id);
    return still != nullptr && still->stage != Stage::ended && (still->kill_at || still->wish != Wish::none);
}

void ProcessExecutor::Impl::check_stop(ProcessAttempt& attempt, Mono now) {
    if (attempt.kill_at && now >= *attempt.kill_at && attempt.facts.forked) control(attempt).kill();
}

void ProcessExecutor::Impl::check_wish(ProcessAttempt& attempt, Mono now) {
    if (attempt.wish == Wish::none) return;
    const ProcessControl processes = control(attempt);
    const bool pause = attempt.wish == Wish::pause;
    if (pause ? processes.is_paused() : processes.is_resumed()) return grant_wish(attempt);
    if (now < attempt.wish_until) {
        if (pause) processes.pause();
        else processes.resume();
        return;
    }
    attempt.wish = Wish::none;
    if (pause) processes.resume();
    listener_.on_event(Refused{attempt.assignment.attempt,
                               pause ? "some of its processes do not stop" : "some of its processes do not go on"});
}

void ProcessExecutor::Impl::grant_wish(ProcessAttempt& attempt) {
    const AttemptId id = attempt.assignment.attempt;
    attempt.paused = std::exchange(attempt.wish, Wish::none) == Wish::pause;
    if (attempt.paused) listener_.on_event(Paused{id});
    else listener_.on_event(Resumed{id});
}

/// Attempts lose their watcher only when it and the keeper are killed; nobody reports that, so look from time to time.
void ProcessExecutor::Impl::check_watchers() {
    watchers_checked_ = BootClock::now();
    std::vector<AttemptId> all;
    for (const auto& [id, attempt] : attempts_) all.push_back(id);
    for (const auto id : all)
        if (ProcessAttempt* attempt = find(id)) check_watcher(*attempt);
}

bool ProcessExecutor::Impl::has_watcher(AttemptId id) const {
    const Fd record(::open(spool_.path_of(id).c_str(), O_RDONLY | O_CLOEXEC));
    return record && ::flock(record.get(), LOCK_SH | LOCK_NB) != 0;
}

void ProcessExecutor::Impl::check_watcher(ProcessAttempt& attempt) {
    const AttemptId id = attempt.assignment.attempt;
    if (attempt.stage == Stage::sent && !attempt.recovered) {
        if (BootClock::now() - attempt.sent_at >= say_again_after) link_->enqueue(id);
        return;
    }
    const bool may_be_orphan = attempt.stage == Stage::running || (attempt.stage == Stage::sent && attempt.recovered);
    if (!may_be_orphan || has_watcher(id)) return;
    follower_->look_again(id); // it may have completed the record before it went
    later([id](Impl& self) {
        ProcessAttempt* found = self.find(id);
        if (found != nullptr && found->stage == Stage::running && !self.has_watcher(id)) self.on_orphan(*found);
    });
}

void ProcessExecutor::Impl::on_orphan(ProcessAttempt& attempt) {
    const ForkedFact& forked = *attempt.facts.forked;
    attempt.orphaned = !attempt.facts.exited && forked.boot_id == boot_id_ && is_alive(forked.task);
    if (!attempt.orphaned) empty_then_conclude(attempt); // else it goes on; stop and pause still work
}

void ProcessExecutor::Impl::remove_groups() {
    std::erase_if(leaving_,
                  [](Leaving& leaving) { return leaving.group.remove() || ++leaving.tries > max_removal_tries; });
}

void ProcessExecutor::Impl::set_pace() {
    if (!busy_.empty() || !leaving_.empty()) ticker_.run_every(fast_pace);
    else if (!attempts_.empty()) ticker_.run_every(slow_pace);
    else ticker_.stop();
}

} // namespace hk::exec
