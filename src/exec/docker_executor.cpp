#include "exec/docker_executor.hpp"

#include "base/log.hpp"
#include "exec/docker_executor_impl.hpp"
#include "exec/programs.hpp"

#include <csignal>

namespace hk::exec {

using namespace std::chrono_literals;

namespace {

/// How long to wait before an engine that did not answer is asked again.
constexpr Duration retry_pace = 300ms;

} // namespace

DockerExecutor::Impl::Impl(net::Loop& loop, Spool& spool, ExecSettings settings, Listener& listener, DockerParts parts)
    : loop_(loop)
    , spool_(spool)
    , settings_(std::move(settings))
    , listener_(listener)
    , parts_(std::move(parts))
    , group_(loop) {}

Result<> DockerExecutor::Impl::open() {
    HK_TRY(keeper_, install_keeper(spool_.state_dir()));
    HK_TRY(follower_, FactFollower::open(loop_, spool_, [this](AttemptId id, const Fact& fact) { on_fact(id, fact); }));
    group_.spawn(look_for_engine());
    return {};
}

ExecutorOffer DockerExecutor::Impl::offer() const {
    ExecutorOffer offer;
    offer.kind = ExecutorKind::docker;
    offer.available = engine_.has_value();
    if (!engine_) {
        offer.problem = problem_;
        return offer;
    }
    if (!engine_->live_restore && engine_->name == "Docker")
        offer.warnings.push_back("a restart of Docker ends the tasks in its containers; set \"live-restore\": true in "
                                 "/etc/docker/daemon.json");
    return offer;
}

ContainerAttempt* DockerExecutor::Impl::find(AttemptId id) {
    const auto found = attempts_.find(id);
    return found == attempts_.end() ? nullptr : &found->second;
}

const ContainerAttempt* DockerExecutor::Impl::find(AttemptId id) const {
    const auto found = attempts_.find(id);
    return found == attempts_.end() ? nullptr : &found->second;
}

ContainerAttempt* DockerExecutor::Impl::alive(AttemptId id) {
    ContainerAttempt* attempt = find(id);
    return attempt == nullptr || attempt->stage == Stage::ended ? nullptr : attempt;
}

ContainerAttempt& DockerExecutor::Impl::add(const Assignment& assignment) {
    ContainerAttempt& attempt = attempts_[assignment.attempt];
    attempt.assignment = assignment;
    attempt.container = container_name(assignment.attempt, spool_.state_id());
    return attempt;
}

void DockerExecutor::Impl::later(std::move_only_function<void(Impl&)> job) {
    loop_.defer([weak = weak_from_this(), job = std::move(job)]() mutable {
        if (const auto self = weak.lock()) job(*self);
    });
}

void DockerExecutor::Impl::start(const Assignment& assignment) {
    if (attempts_.contains(assignment.attempt)) return;
    add(assignment);
    follower_->follow(assignment.attempt);
    group_.spawn(launch(assignment.attempt));
}

void DockerExecutor::Impl::recover(const Assignment& assignment) {
    const AttemptId id = assignment.attempt;
    if (attempts_.contains(id)) return;
    const KnownFacts known = read_facts(spool_.path_of(id));
    ContainerAttempt& attempt = add(assignment);
    if (known.outcome) {
        later([id, outcome = known.outcome->outcome](Impl& self) {
            if (auto* found = self.alive(id)) self.conclude(*found, outcome);
        });
        return;
    }
    attempt.stop_asked = attempt.stop_recorded = known.stop.has_value();
    follower_->follow(id);
    group_.spawn(resume_charge(id));
}

void DockerExecutor::Impl::stop(AttemptId id, Duration grace) {
    ContainerAttempt* attempt = alive(id);
    if (attempt == nullptr) return;
    attempt->stop_asked = true;
    if (attempt->stage == Stage::preparing) {
        later([id](Impl& self) {
            auto* found = self.alive(id);
            if (found == nullptr) return;
            Outcome outcome = not_started(143, read_clocks().wall, "it was stopped before it started");
            outcome.reason = EndReason::killed;
            self.conclude(*found, std::move(outcome));
        });
        return;
    }
    record_stop(*attempt, grace);
    group_.spawn(end_container(id, grace));
}

/// On record first: the keeper reads the deadline there, and a later life of the runner who asked
/// for the end.
void DockerExecutor::Impl::record_stop(ContainerAttempt& attempt, Duration grace) {
    const AttemptId id = attempt.assignment.attempt;
    const Time now = read_clocks().wall;
    const StopFact fact{now, now + grace};
    if (auto written = spool_.append(id, format_fact(fact)); !written)
        log::warn("a stop could not be recorded", {{"attempt", to_string(id)}, {"error", written.error().message}});
    attempt.facts.take(fact);
    attempt.stop_recorded = true;
}

net::Task<void> DockerExecutor::Impl::end_container(AttemptId id, Duration grace) {
    const Mono kill_at = BootClock::now() + grace;
    std::string name = find(id)->container;
    bool told = false;
    while (auto* attempt = alive(id)) {
        const bool over = BootClock::now() >= kill_at;
        if (attempt->paused) { // a paused process cannot end in order
            (void)co_await parts_.engine.unpause(name);
            if (auto* still = alive(id)) still->paused = false;
            continue;
        }
        if (over || !told) {
            const auto sent = co_await parts_.engine.kill(name, over ? SIGKILL : SIGTERM);
            told = told || sent.has_value();
        }
        const Duration left = std::max<Duration>(kill_at - BootClock::now(), Duration::zero());
        co_await net::sleep_for(told && !over ? left : retry_pace);
    }
}

void DockerExecutor::Impl::wish(AttemptId id, bool pause) {
    const ContainerAttempt* attempt = find(id);
    std::string why;
    if (attempt == nullptr || attempt->stage != Stage::running || !attempt->started_told) why = "it is not running";
    else if (attempt->stop_asked) why = "it is being stopped";
    if (why.empty()) return group_.spawn(pause_container(id, pause));
    later([id, why](Impl& self) { self.listener_.on_event(Refused{id, why}); });
}

net::Task<void> DockerExecutor::Impl::pause_container(AttemptId id, bool pause) {
    const std::string name = find(id)->container;
    Result<> done = fail(Errc::internal, "");
    if (pause) done = co_await parts_.engine.pause(name);
    else done = co_await parts_.engine.unpause(name);
    if (!done && done.error().code == Errc::conflict) { // it is so already, or it has just ended
        const auto info = co_await parts_.engine.inspect(name);
        const auto wanted = pause ? docker::ContainerStatus::paused : docker::ContainerStatus::running;
        if (info && info->status == wanted) done = Result<>{};
    }
    ContainerAttempt* attempt = alive(id);
    if (attempt == nullptr) co_return;
    if (!done) {
        listener_.on_event(Refused{id, done.error().message});
        co_return;
    }
    attempt->paused = pause;
    if (pause) listener_.on_event(Paused{id});
    else listener_.on_event(Resumed{id});
}

void DockerExecutor::Impl::forget(AttemptId id) {
    if (alive(id) != nullptr) {
        log::warn("an attempt that has not ended cannot be forgotten", {{"attempt", to_string(id)}});
        return;
    }
    attempts_.erase(id);
    follower_->unfollow(id);
    if (auto erased = spool_.erase(id); !erased)
        log::warn("a spool record stays", {{"attempt", to_string(id)}, {"error", erased.error().message}});
    group_.spawn(remove_container(container_name(id, spool_.state_id())));
}

/// An engine that does not answer is not waited for: `sweep` removes the container when it is back.
net::Task<void> DockerExecutor::Impl::remove_container(std::string name) {
    const auto removed = co_await parts_.engine.remove(name, true);
    if (!removed && removed.error().code != Errc::not_found && removed.error().code != Errc::conflict)
        log::warn("a container stays for now", {{"container", name}, {"error", removed.error().message}});
}

Result<ShellPlace> DockerExecutor::Impl::shell_in(AttemptId id) const {
    const ContainerAttempt* attempt = find(id);
    if (attempt == nullptr || attempt->stage != Stage::running || !attempt->started_told)
        return fail(Errc::conflict, "task " + to_string(id.task) + " does not run on this node now");
    const std::string& folder = attempt->assignment.spec->working_directory;
    return ShellPlace{.engine = &parts_.engine,
                      .container = attempt->container,
                      .labels = {{runner_label, spool_.state_id()}, {attempt_label, to_string(id)}},
                      .working_directory = folder.empty() ? inside_shared : folder};
}

// ------------------------------------------------------------------------------------------------
// the public face

DockerExecutor::DockerExecutor(std::shared_ptr<Impl> impl)
    : impl_(std::move(impl)) {}
DockerExecutor::~DockerExecutor() = default;

Result<std::unique_ptr<DockerExecutor>> DockerExecutor::open(net::Loop& loop, Spool& spool, ExecSettings settings,
                                                             Listener& listener, DockerParts parts) {
    auto impl = std::make_shared<Impl>(loop, spool, std::move(settings), listener, std::move(parts));
    HK_CHECK(impl->open());
    return std::unique_ptr<DockerExecutor>(new DockerExecutor(std::move(impl)));
}

ExecutorOffer DockerExecutor::offer() const { return impl_->offer(); }
void DockerExecutor::use_gpus(const std::vector<Gpu>& gpus) { impl_->use_gpus(gpus); }
void DockerExecutor::start(const Assignment& assignment) { impl_->start(assignment); }
void DockerExecutor::recover(const Assignment& assignment) { impl_->recover(assignment); }
void DockerExecutor::stop(AttemptId attempt, Duration grace) { impl_->stop(attempt, grace); }
void DockerExecutor::pause(AttemptId attempt) { impl_->wish(attempt, true); }
void DockerExecutor::resume(AttemptId attempt) { impl_->wish(attempt, false); }
void DockerExecutor::forget(AttemptId attempt) { impl_->forget(attempt); }
Result<ShellPlace> DockerExecutor::shell_in(AttemptId attempt) const { return impl_->shell_in(attempt); }

} // namespace hk::exec
