#include "base/log.hpp"
#include "exec/process_tree.hpp"
#include "exec/systemd_executor_impl.hpp"
#include "keeper/protocol.hpp"

#include <csignal>
#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

namespace hk::exec {
namespace {

using namespace std::chrono_literals;

constexpr Duration fast_pace = 20ms;
constexpr Duration slow_pace = 5s;
/// A unit that systemd started without a trace in the record for so long is asked about.
constexpr Duration trace_limit = 10s;

} // namespace

void SystemdExecutor::Impl::on_connected() {
    pump();
    check_watchers();
}

/// Only failures are news: what succeeds says so in the record.
void SystemdExecutor::Impl::on_job_done(const std::string& unit, const std::string& result) {
    if (result == "done" || !unit.starts_with(keeper::unit_prefix)) return;
    for (auto& [id, attempt] : attempts_) {
        if (attempt.stage != Stage::sent || unit_name(id) != unit) continue;
        follower_->look_again(id);
        later([attempt_id = id, result](Impl& self) {
            UnitAttempt* found = self.find(attempt_id);
            if (found == nullptr || found->stage != Stage::sent || found->facts.forked) return;
            self.conclude(*found,
                          not_started(125, read_clocks().wall, "systemd could not start its unit (" + result + ")"));
        });
        return;
    }
}

void SystemdExecutor::Impl::on_fact(AttemptId id, const Fact& fact) {
    UnitAttempt* attempt = find(id);
    if (attempt == nullptr || attempt->stage == Stage::ended) return;
    const bool own = std::holds_alternative<StopFact>(fact) && attempt->stop_signalled; // taken when it was written
    if (!own) attempt->facts.take(fact);
    const bool last = std::holds_alternative<FailedFact>(fact) || std::holds_alternative<GoneFact>(fact);
    if (std::holds_alternative<ForkedFact>(fact)) on_forked(*attempt);
    else if (std::holds_alternative<StartedFact>(fact)) on_started(*attempt);
    else if (std::holds_alternative<StopFact>(fact) && !own) on_earlier_stop(*attempt);
    if (!last) return;
    const auto& memory = attempt->facts.memory;
    conclude(*attempt,
             judge(attempt->facts, memory ? MemoryUse{memory->oom_kills, memory->limit, memory->peak} : MemoryUse{}));
}

void SystemdExecutor::Impl::on_earlier_stop(UnitAttempt& attempt) {
    const auto left = std::max(Duration::zero(), attempt.facts.stop->deadline - read_clocks().wall);
    attempt.kill_at = BootClock::now() + left;
    attempt.stop_signalled = true;
    busy_.insert(attempt.assignment.attempt);
    set_pace();
}

void SystemdExecutor::Impl::on_forked(UnitAttempt& attempt) {
    attempt.stage = Stage::running;
    attempt.folders = find_unit_folders(attempt.facts.forked->watcher);
    if (attempt.kill_at && !attempt.stop_signalled) signal_stop(attempt);
}

void SystemdExecutor::Impl::on_started(UnitAttempt& attempt) {
    if (std::exchange(attempt.started_told, true)) return;
    const AttemptId id = attempt.assignment.attempt;
    Started event{id, attempt.facts.started->at, attempt.facts.warnings};
    if (attempt.facts.limits)
        for (auto& missing : missing_limits(*attempt.assignment.spec, machine_cores_, *attempt.facts.limits))
            event.warnings.push_back(std::move(missing));
    attempt.paused =
        attempt.recovered && !attempt.facts.ended() && UnitControl(attempt.folders, attempt.facts).is_paused();
    const bool paused = attempt.paused;
    listener_.on_event(event);
    if (paused) listener_.on_event(Paused{id});
}

void SystemdExecutor::Impl::conclude(UnitAttempt& attempt, Outcome outcome) {
    if (attempt.stage == Stage::ended) return;
    const AttemptId id = attempt.assignment.attempt;
    attempt.stage = Stage::ended;
    busy_.erase(id);
    std::erase(waiting_, id);
    follower_->unfollow(id);
    ::unlink(message_path(id).c_str());
    if (!attempt.facts.outcome) {
        if (auto written = spool_.append(id, format_fact(OutcomeFact{outcome})); !written)
            log::warn("an outcome could not be recorded",
                      {{"attempt", to_string(id)}, {"error", written.error().message}});
    }
    set_pace();
    listener_.on_event(Ended{id, std::move(outcome)}); // last: the listener may make us forget the attempt
}

void SystemdExecutor::Impl::on_tick() {
    const auto self = shared_from_this();
    const Mono now = BootClock::now();
    for (const auto id : std::set<AttemptId>(busy_)) {
        UnitAttempt* attempt = find(id);
        if (attempt == nullptr || !look_after(*attempt, now)) busy_.erase(id);
    }
    if (now - watchers_checked_ >= slow_pace) check_watchers();
    set_pace();
}

/// True as long as there is something to look after.
bool SystemdExecutor::Impl::look_after(UnitAttempt& attempt, Mono now) {
    const AttemptId id = attempt.assignment.attempt;
    if (attempt.stage == Stage::ended) return false;
    if (attempt.stage == Stage::emptying) {
        ask_systemd(attempt);
        return true;
    }
    if (attempt.kill_at && now >= *attempt.kill_at && attempt.facts.forked) kill_now(attempt);
    check_wish(attempt, now); // which may call the listener, so look again
    const UnitAttempt* still = find(id);
    return still != nullptr && still->stage != Stage::ended && (still->kill_at || still->wish != Wish::none);
}

/// Where we may not kill the processes, systemd does; it takes the keeper as well, so it is asked
/// how that ended.
void SystemdExecutor::Impl::kill_now(UnitAttempt& attempt) {
    if (UnitControl(attempt.folders, attempt.facts).kill()) return;
    if (!manager_) return; // systemd did not answer at this runner's start
    manager_->kill(unit_name(attempt.assignment.attempt), SIGKILL);
    attempt.stage = Stage::emptying;
}

/// Through sudo the processes may be another user's: then systemd freezes them, or stops them where
/// it cannot freeze. Their keeper stops with them, which does no harm. True when systemd was asked:
/// once is enough.
bool SystemdExecutor::Impl::pause_now(const UnitAttempt& attempt, bool pause) {
    const UnitControl processes(attempt.folders, attempt.facts);
    const bool sudo = manager_ && manager_->kind() == SystemdAccess::Kind::system_through_sudo;
    if (!sudo || processes.signal(0)) {
        if (pause) processes.pause();
        else processes.resume();
        return false;
    }
    const std::string unit = unit_name(attempt.assignment.attempt);
    const auto by_signal = [this, unit, signal = pause ? SIGSTOP : SIGCONT](const Result<>& done) {
        if (!done) manager_->kill(unit, signal);
    };
    if (pause) manager_->freeze(unit, by_signal);
    else manager_->thaw(unit, by_signal);
    return true;
}

void SystemdExecutor::Impl::check_wish(UnitAttempt& attempt, Mono now) {
    if (attempt.wish == Wish::none) return;
    const bool pause = attempt.wish == Wish::pause;
    if (UnitControl(attempt.folders, attempt.facts).is_paused() == pause) return grant_wish(attempt);
    if (now < attempt.wish_until) {
        if (!attempt.wish_sent) attempt.wish_sent = pause_now(attempt, pause);
        return;
    }
    attempt.wish = Wish::none;
    if (pause) pause_now(attempt, false);
    listener_.on_event(Refused{attempt.assignment.attempt,
                               pause ? "some of its processes do not stop" : "some of its processes do not go on"});
}

void SystemdExecutor::Impl::grant_wish(UnitAttempt& attempt) {
    const AttemptId id = attempt.assignment.attempt;
    attempt.paused = std::exchange(attempt.wish, Wish::none) == Wish::pause;
    if (attempt.paused) listener_.on_event(Paused{id});
    else listener_.on_event(Resumed{id});
}

/// The keeper of a unit ends without completing its record only when it is killed; nobody reports
/// that here.
void SystemdExecutor::Impl::check_watchers() {
    watchers_checked_ = BootClock::now();
    std::vector<AttemptId> all;
    for (const auto& [id, attempt] : attempts_) all.push_back(id);
    for (const auto id : all)
        if (UnitAttempt* attempt = find(id)) check_watcher(*attempt);
}

bool SystemdExecutor::Impl::has_watcher(AttemptId id) const {
    const Fd record(::open(spool_.path_of(id).c_str(), O_RDONLY | O_CLOEXEC));
    return record && ::flock(record.get(), LOCK_SH | LOCK_NB) != 0;
}

void SystemdExecutor::Impl::check_watcher(UnitAttempt& attempt) {
    const AttemptId id = attempt.assignment.attempt;
    const bool sent = attempt.stage == Stage::sent;
    if (!sent && attempt.stage != Stage::running) return;
    if (sent && !attempt.recovered && BootClock::now() - attempt.sent_at < trace_limit) return;
    if (has_watcher(id)) return;
    follower_->look_again(id); // it may have completed the record before it went
    later([id](Impl& self) {
        UnitAttempt* found = self.find(id);
        if (found != nullptr && found->stage != Stage::ended && !self.has_watcher(id)) self.ask_systemd(*found);
    });
}

/// What is left of a unit without its main process is ended by systemd; that takes as long as it
/// takes.
void SystemdExecutor::Impl::ask_systemd(UnitAttempt& attempt) {
    if (std::exchange(attempt.asking, true)) return;
    const AttemptId id = attempt.assignment.attempt;
    if (!manager_) return on_orphan(attempt, fail(Errc::unavailable, problem_));
    manager_->read_unit(unit_name(id), [this, id](const Result<UnitState>& state) {
        UnitAttempt* found = find(id);
        if (found == nullptr) return;
        found->asking = false;
        if (found->stage != Stage::ended) on_orphan(*found, state);
    });
}

void SystemdExecutor::Impl::on_orphan(UnitAttempt& attempt, const Result<UnitState>& state) {
    const AttemptId id = attempt.assignment.attempt;
    const bool unknown = !state && state.error().code == Errc::unavailable && manager_ != nullptr;
    if (unknown || has_watcher(id)) return; // asked again later
    if (state && state->active != "inactive" && state->active != "failed") {
        if (attempt.stage == Stage::emptying) return;
        attempt.stage = Stage::emptying;
        busy_.insert(id);
        return set_pace();
    }
    if (state && state->active == "failed") manager_->reset_failed(unit_name(id));
    conclude(attempt, outcome_of_orphan(attempt, state));
}

Outcome SystemdExecutor::Impl::outcome_of_orphan(const UnitAttempt& attempt, const Result<UnitState>& state) const {
    const KnownFacts& facts = attempt.facts;
    const Time now = read_clocks().wall;
    if (facts.exited || facts.failed) return judge(facts, {});
    if (!facts.forked) {
        const std::string why = state && state->active == "failed" ? " (" + state->result + ")" : "";
        return not_started(125, now, "systemd did not start it" + why);
    }
    if (facts.stop) {
        Outcome killed = interrupted(facts, now, "");
        killed.reason = EndReason::killed;
        killed.exit_code = 128 + SIGKILL;
        killed.signal = SIGKILL;
        return killed;
    }
    if (state && state->result == "oom-kill") {
        Outcome oom = interrupted(facts, now, "the machine or its unit ran out of memory, and all of it was killed");
        oom.reason = EndReason::oom;
        oom.exit_code = 128 + SIGKILL;
        return oom;
    }
    const bool same_boot = facts.forked->boot_id == boot_id_;
    return interrupted(facts, now,
                       same_boot ? "the process that watched it was killed, so its exit code is not known"
                                 : "the node was restarted while it ran");
}

void SystemdExecutor::Impl::set_pace() {
    if (!busy_.empty()) ticker_.run_every(fast_pace);
    else if (!attempts_.empty()) ticker_.run_every(slow_pace);
    else ticker_.stop();
}

} // namespace hk::exec
