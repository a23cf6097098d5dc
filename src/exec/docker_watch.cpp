#include "base/log.hpp"
#include "exec/docker_executor_impl.hpp"

#include <algorithm>
#include <charconv>
#include <csignal>

namespace hk::exec {

using namespace std::chrono_literals;

namespace {

/// How often an engine that is there is looked at, and one that is not.
constexpr Duration healthy_pace = 30s;
constexpr Duration sick_pace = 1s;
constexpr Duration lost_pace = 300ms;
/// An engine that starts without live-restore ends what it finds running, and may answer before it has. Between TERM
/// and KILL it waits for 10 s.
constexpr Duration restart_limit = 20s;

/// What a program gets when its container is stopped by the engine.
bool ended_by_stop_signal(const ExitedFact& exited) {
    if (exited.signal) return *exited.signal == SIGTERM || *exited.signal == SIGKILL;
    return exited.exit_code == 128 + SIGTERM || exited.exit_code == 128 + SIGKILL;
}

} // namespace

KnownFacts read_facts(const std::filesystem::path& record) {
    KnownFacts known;
    FactReader reader(record);
    for (bool more = true; more;) {
        const auto news = reader.read();
        more = news && news->more;
        if (news)
            for (const auto& fact : news->facts) known.take(fact);
    }
    return known;
}

MemoryUse read_memory_fact(const std::filesystem::path& record) {
    MemoryUse use;
    const auto text = read_file(record, max_record);
    constexpr std::string_view word = "\nmemory ";
    const auto at = text ? text->rfind(word) : std::string::npos;
    if (at == std::string::npos) return use;
    std::int64_t numbers[3] = {};
    const char* from = text->data() + at + word.size();
    const char* end = text->data() + text->size();
    for (std::int64_t& number : numbers) {
        from = std::from_chars(from, end, number).ptr;
        if (from < end && *from == ' ') ++from;
    }
    use.oom_kills = static_cast<int>(numbers[0]);
    if (numbers[1] > 0) use.limit = Bytes{numbers[1]};
    if (numbers[2] > 0) use.peak = Bytes{numbers[2]};
    return use;
}

void DockerExecutor::Impl::on_fact(AttemptId id, const Fact& fact) {
    ContainerAttempt* attempt = alive(id);
    if (attempt == nullptr) return;
    const bool own = std::holds_alternative<StopFact>(fact) && attempt->stop_recorded && attempt->facts.stop;
    if (!own) attempt->facts.take(fact);
    if (std::holds_alternative<StartedFact>(fact)) on_started(*attempt);
    else if (std::holds_alternative<FailedFact>(fact) || std::holds_alternative<GoneFact>(fact)) on_finished(*attempt);
}

void DockerExecutor::Impl::on_started(ContainerAttempt& attempt) {
    if (std::exchange(attempt.started_told, true)) return;
    const AttemptId id = attempt.assignment.attempt;
    Started event{id, attempt.facts.started->at, attempt.warnings};
    event.warnings.insert(event.warnings.end(), attempt.facts.warnings.begin(), attempt.facts.warnings.end());
    // PID 1 hears nothing before it has set itself up: a stop that came in between is said again.
    if (attempt.stop_asked && attempt.stage == Stage::running) group_.spawn(end_container(id, Duration::max() / 4));
    const bool was_paused = attempt.paused;
    listener_.on_event(event);
    if (was_paused) listener_.on_event(Paused{id});
}

/// An engine that is stopped, or started without live-restore, ends its containers: not the task's own doing.
bool DockerExecutor::Impl::looks_like_engine_stop(const ContainerAttempt& attempt) const {
    const bool kept = engine_ && engine_->live_restore;
    return !kept && !attempt.facts.stop && attempt.facts.exited && ended_by_stop_signal(*attempt.facts.exited);
}

/// Whether the engine was away when it ended, or had only just come back.
bool DockerExecutor::Impl::ended_with_engine(const ContainerAttempt& attempt) {
    const auto& exited = attempt.facts.exited;
    return attempt.engine_lost || (attempt.engine_back && exited && exited->at < *attempt.engine_back + restart_limit);
}

void DockerExecutor::Impl::on_finished(ContainerAttempt& attempt) {
    if (attempt.checking_end) return;
    if (!looks_like_engine_stop(attempt)) return conclude(attempt, verdict(attempt, nullptr));
    attempt.checking_end = true;
    group_.spawn(find_out_why(attempt.assignment.attempt));
}

net::Task<void> DockerExecutor::Impl::find_out_why(AttemptId id) {
    const auto info = co_await parts_.engine.inspect(find(id)->container);
    ContainerAttempt* attempt = alive(id);
    if (attempt == nullptr) co_return;
    if (!info && info.error().code != Errc::not_found) attempt->engine_lost = true;
    conclude(*attempt, verdict(*attempt, info ? &*info : nullptr));
}

MemoryUse DockerExecutor::Impl::memory_of(const ContainerAttempt& attempt, const docker::ContainerInfo* info) const {
    MemoryUse use = read_memory_fact(spool_.path_of(attempt.assignment.attempt));
    if (!use.limit) use.limit = attempt.assignment.spec->memory;
    if (info != nullptr && info->oom_killed && use.oom_kills == 0) use.oom_kills = 1;
    return use;
}

/// How it ended, from what the keeper wrote down before PID 1 ended, and else from what the engine says.
Outcome DockerExecutor::Impl::verdict(ContainerAttempt& attempt, const docker::ContainerInfo* info) {
    const Time now = read_clocks().wall;
    const KnownFacts& facts = attempt.facts;
    const MemoryUse memory = memory_of(attempt, info);
    if (ended_with_engine(attempt) && looks_like_engine_stop(attempt))
        return interrupted(facts, facts.exited->at, "the container engine was stopped or restarted while it ran");
    if (facts.exited || facts.failed) return judge(facts, memory);
    Outcome out = interrupted(facts, info != nullptr && info->finished_at ? *info->finished_at : now, "");
    if (info != nullptr && info->status != docker::ContainerStatus::created) out.exit_code = info->exit_code;
    out.peak_memory = memory.peak;
    if (facts.stop || attempt.stop_asked) {
        out.reason = EndReason::killed;
    } else if (memory.oom_kills > 0) {
        out.reason = EndReason::oom;
        out.message = "it used more memory than its limit" + (memory.limit ? " of " + format_size(*memory.limit) : "");
    } else if (info == nullptr) {
        out.message = "its container is gone";
    } else if (attempt.engine_lost) {
        out.message = "the container engine was stopped or restarted while it ran";
    } else {
        out.message = "its container was ended from outside";
    }
    return out;
}

void DockerExecutor::Impl::conclude(ContainerAttempt& attempt, Outcome outcome) {
    if (attempt.stage == Stage::ended) return;
    const AttemptId id = attempt.assignment.attempt;
    attempt.stage = Stage::ended;
    follower_->unfollow(id);
    if (outcome.reason != EndReason::exited && !attempt.facts.outcome) {
        // The engine and the group, which told us, may not tell it again.
        if (auto written = spool_.append(id, format_fact(OutcomeFact{outcome})); !written)
            log::warn("an outcome could not be recorded",
                      {{"attempt", to_string(id)}, {"error", written.error().message}});
    }
    listener_.on_event(Ended{id, std::move(outcome)}); // last: the listener may make us forget the attempt
}

/// Waits for the end of the container, across restarts of the engine. The keeper's facts usually end the attempt
/// before; this is for the cases in which PID 1 could not write them.
net::Task<void> DockerExecutor::Impl::guard(AttemptId id) {
    while (auto* attempt = alive(id)) {
        const std::string name = attempt->container;
        const auto code = co_await parts_.engine.wait(name);
        attempt = alive(id);
        if (attempt == nullptr) co_return;
        if (!code && code.error().code != Errc::not_found) {
            attempt->engine_lost = true;
            const bool goes_on = co_await wait_for_engine(id);
            if (goes_on) continue;
        }
        attempt = alive(id);
        if (attempt == nullptr) co_return;
        const auto info = co_await parts_.engine.inspect(name);
        attempt = alive(id);
        if (attempt == nullptr || attempt->checking_end) co_return;
        if (!info && info.error().code != Errc::not_found) continue;
        const KnownFacts known = read_facts(spool_.path_of(id)); // PID 1 wrote all of it before it ended
        const auto stop = attempt->facts.stop;
        attempt->facts = known;
        if (stop) attempt->facts.stop = stop;
        if (known.started && !attempt->started_told) on_started(*attempt);
        if (attempt = alive(id); attempt != nullptr) conclude(*attempt, verdict(*attempt, info ? &*info : nullptr));
    }
}

/// True when the engine is back and the container still runs.
net::Task<bool> DockerExecutor::Impl::wait_for_engine(AttemptId id) {
    while (auto* attempt = alive(id)) {
        const auto info = co_await parts_.engine.inspect(attempt->container);
        attempt = alive(id);
        if (attempt == nullptr) co_return false;
        if (!info && info.error().code == Errc::not_found) co_return false;
        if (info) {
            const bool runs =
                info->status == docker::ContainerStatus::running || info->status == docker::ContainerStatus::paused;
            if (runs) attempt->note_engine_is_back(read_clocks().wall);
            co_return runs;
        }
        co_await net::sleep_for(lost_pace);
    }
    co_return false;
}

net::Task<void> DockerExecutor::Impl::look_for_engine() {
    for (bool swept = false;;) {
        auto info = co_await parts_.engine.info();
        if (info) {
            engine_ = std::move(*info);
            if (!std::exchange(swept, true)) co_await sweep();
        } else {
            engine_.reset();
            problem_ = info.error().message;
            swept = false;
        }
        co_await net::sleep_for(engine_ ? healthy_pace : sick_pace);
    }
}

/// Removes containers of ours whose attempts the Host has long settled: the engine was away when they were forgotten.
net::Task<void> DockerExecutor::Impl::sweep() {
    const auto containers = co_await parts_.engine.list(std::string(runner_label) + "=" + spool_.state_id());
    if (!containers) co_return;
    for (const auto& container : *containers) {
        const auto label = container.labels.find(attempt_label);
        const auto id = label == container.labels.end() ? fail(Errc::invalid, "") : parse_attempt_id(label->second);
        if (!id || spool_.contains(*id) || attempts_.contains(*id)) continue;
        // The labels are also on containers of an image that somebody made of a task's container.
        if (container.name != container_name(*id, spool_.state_id())) continue;
        log::info("a container of a settled attempt is removed", {{"container", container.name}});
        co_await remove_container(container.id);
    }
}

} // namespace hk::exec
