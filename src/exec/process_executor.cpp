#include "exec/process_executor.hpp"

#include "base/log.hpp"
#include "exec/native_start.hpp"
#include "exec/process_executor_impl.hpp"
#include "exec/process_tree.hpp"
#include "exec/programs.hpp"

#include <algorithm>
#include <csignal>
#include <unistd.h>

namespace hk::exec {
namespace {

using namespace std::chrono_literals;

constexpr char mark_name[] = "HAKURIVER_ATTEMPT_KEY";
/// A pause or resume that has not really happened by then is refused.
constexpr Duration wish_limit = 5s;

Outcome stopped_early(Time at) {
    Outcome outcome = not_started(128 + SIGTERM, at, "it was stopped before it started");
    outcome.reason = EndReason::killed;
    return outcome;
}

} // namespace

ProcessExecutor::Impl::Impl(net::Loop& loop, Spool& spool, ExecSettings settings, Listener& listener)
    : loop_(loop)
    , spool_(spool)
    , settings_(std::move(settings))
    , listener_(listener)
    , cgroups_(settings_.use_control_groups ? CgroupTree::find(spool.state_id()) : CgroupTree::none())
    , boot_id_(current_boot_id())
    , ticker_(loop, [this] { on_tick(); }) {
    cgroups_.limit_processes(2 * settings_.most_processes);
}

Result<> ProcessExecutor::Impl::open() {
    HK_TRY(auto program, install_keeper(spool_.state_dir()));
    HK_TRY(follower_, FactFollower::open(loop_, spool_, [this](AttemptId id, const Fact& fact) { on_fact(id, fact); }));
    link_ = std::make_unique<KeeperLink>(
        loop_, KeeperLink::Place{std::move(program), spool_.state_dir(), cgroups_.keeper_join_files()}, *this);
    if (settings_.run_as.empty()) return {};
    auto user = find_user(settings_.run_as);
    if (!user) {
        problem_ = "tasks shall run as " + settings_.run_as + ": " + user.error().message;
        return {};
    }
    if (user->uid != ::geteuid()) user_ = *user;
    settings_.environment["HOME"] = user->home;
    settings_.environment["SHELL"] = user->shell;
    settings_.environment["USER"] = settings_.environment["LOGNAME"] = user->name;
    return {};
}

ExecutorOffer ProcessExecutor::Impl::offer() const {
    ExecutorOffer offer;
    offer.kind = ExecutorKind::process;
    offer.problem = problem_;
    if (user_ && ::geteuid() != 0) offer.problem = "only root can run tasks as another user (" + user_->name + ")";
    offer.available = offer.problem.empty();
    offer.warnings = cgroups_.warnings();
    return offer;
}

ProcessAttempt* ProcessExecutor::Impl::find(AttemptId id) {
    const auto found = attempts_.find(id);
    return found == attempts_.end() ? nullptr : &found->second;
}

ProcessAttempt& ProcessExecutor::Impl::add(const Assignment& assignment) {
    ProcessAttempt& attempt = attempts_[assignment.attempt];
    attempt.assignment = assignment;
    set_pace();
    return attempt;
}

/// Runs the job on the loop, unless the executor is gone by then.
void ProcessExecutor::Impl::later(std::move_only_function<void(Impl&)> job) {
    loop_.defer([weak = weak_from_this(), job = std::move(job)]() mutable {
        if (const auto self = weak.lock()) job(*self);
    });
}

void ProcessExecutor::Impl::start(const Assignment& assignment) {
    const AttemptId id = assignment.attempt;
    if (attempts_.contains(id)) return;
    ProcessAttempt& attempt = add(assignment);
    const auto size = assignment_size(spool_.path_of(id));
    if (size) {
        attempt.record_size = *size;
        follower_->follow_from(id, *size);
        link_->enqueue(id);
        return;
    }
    later([id, why = size.error().message](Impl& self) { self.keeper_failed(id, why); });
}

/// Facts that are on record already decide whether the keeper has to start it; the follower hands
/// them out later.
void ProcessExecutor::Impl::recover(const Assignment& assignment) {
    const AttemptId id = assignment.attempt;
    if (attempts_.contains(id)) return;
    KnownFacts known;
    FactReader reader(spool_.path_of(id));
    for (bool more = true; more;) {
        auto news = reader.read();
        more = news && news->more;
        if (news)
            for (const auto& fact : news->facts) known.take(fact);
    }
    if (!known.forked && !known.ended() && !known.stop) return start(assignment);
    ProcessAttempt& attempt = add(assignment);
    attempt.recovered = true;
    follower_->follow(id);
    attempt.stage = Stage::sent;
    attempt.sent_at = BootClock::now();
    attempt.group = cgroups_.existing(id);
    later([id, known](Impl& self) {
        ProcessAttempt* found = self.find(id);
        if (found == nullptr || found->stage == Stage::ended) return;
        if (known.outcome) self.conclude(*found, known.outcome->outcome);
        else if (!known.forked && known.stop) self.conclude(*found, stopped_early(known.stop->asked));
        else self.check_watcher(*found);
    });
}

std::string ProcessExecutor::Impl::mark_of(AttemptId id) const { return spool_.state_id() + "/" + to_string(id); }

ProcessControl ProcessExecutor::Impl::control(ProcessAttempt& attempt) const {
    const AttemptId id = attempt.assignment.attempt;
    return {cgroups_, id, attempt.group, attempt.facts, std::string(mark_name) + "=" + mark_of(id)};
}

StartRequest ProcessExecutor::Impl::request_of(ProcessAttempt& attempt) {
    StartRequest request = native_request(settings_, attempt.assignment);
    request.record_size = attempt.record_size;
    request.environment[mark_name] = mark_of(attempt.assignment.attempt);
    request.cgroups = attempt.group.join_files();
    request.cgroup_kill = attempt.group.kill_file();
    request.user = user_;
    return request;
}

std::optional<StartMessage> ProcessExecutor::Impl::start_message(AttemptId id) {
    ProcessAttempt* attempt = find(id);
    if (attempt == nullptr || attempt->stage == Stage::ended || attempt->facts.forked) return std::nullopt;
    const TaskSpec& spec = *attempt->assignment.spec;
    auto made = cgroups_.make(id, {spec.cores, spec.memory});
    attempt->group = made.group;
    attempt->warnings = std::move(made.warnings);
    auto message = encode_start(request_of(*attempt));
    if (message) return std::move(*message);
    // An error of Linux's kind: E2BIG is "cannot execute" to a shell.
    later([id, why = message.error().message](Impl& self) {
        if (auto* found = self.find(id)) self.conclude(*found, not_started(126, read_clocks().wall, why));
    });
    return std::nullopt;
}

void ProcessExecutor::Impl::stop(AttemptId id, Duration grace) {
    ProcessAttempt* attempt = find(id);
    if (attempt == nullptr || attempt->stage == Stage::ended) return;
    const Mono until = BootClock::now() + grace;
    if (attempt->kill_at && *attempt->kill_at <= until) return; // it ends sooner already
    attempt->kill_at = until;
    attempt->grace = grace;
    attempt->stop_signalled = false;
    if (attempt->stage == Stage::waiting && link_->take_back(id)) {
        later([id](Impl& self) {
            auto* found = self.find(id);
            if (found != nullptr) self.conclude(*found, stopped_early(read_clocks().wall));
        });
        return;
    }
    if (attempt->facts.forked) signal_stop(*attempt);
    busy_.insert(id);
    set_pace();
}

/// On record first: the keeper reads the deadline there, and a later life of the runner who asked
/// for the end.
void ProcessExecutor::Impl::signal_stop(ProcessAttempt& attempt) {
    if (attempt.stop_signalled) return;
    attempt.stop_signalled = true;
    const AttemptId id = attempt.assignment.attempt;
    const Time now = read_clocks().wall;
    const auto left = std::max(Duration::zero(), *attempt.kill_at - BootClock::now());
    const StopFact fact{now, now + left};
    if (auto written = spool_.append(id, format_fact(fact)); !written)
        log::warn("a stop could not be recorded", {{"attempt", to_string(id)}, {"error", written.error().message}});
    attempt.facts.take(fact);
    const ProcessControl processes = control(attempt);
    processes.signal(SIGTERM);
    attempt.wish = Wish::none;
    processes.resume(); // a process that is stopped cannot end in order
}

void ProcessExecutor::Impl::wish(AttemptId id, Wish wish) {
    ProcessAttempt* attempt = find(id);
    const bool runs = attempt != nullptr && attempt->stage == Stage::running && attempt->started_told;
    std::string why;
    if (!runs) why = "it is not running";
    else if (attempt->kill_at) why = "it is being stopped";
    if (!why.empty()) {
        later([id, why](Impl& self) { self.listener_.on_event(Refused{id, why}); });
        return;
    }
    attempt->wish = wish;
    attempt->wish_until = BootClock::now() + wish_limit;
    const ProcessControl processes = control(*attempt);
    if (wish == Wish::pause) processes.pause();
    else processes.resume();
    busy_.insert(id);
    set_pace();
}

void ProcessExecutor::Impl::pause(AttemptId id) { wish(id, Wish::pause); }
void ProcessExecutor::Impl::resume(AttemptId id) { wish(id, Wish::resume); }

void ProcessExecutor::Impl::forget(AttemptId id) {
    const auto found = attempts_.find(id);
    if (found != attempts_.end() && found->second.stage != Stage::ended) {
        log::warn("an attempt that has not ended cannot be forgotten", {{"attempt", to_string(id)}});
        return;
    }
    const AttemptGroup group = found == attempts_.end() ? cgroups_.existing(id) : found->second.group;
    if (!group.empty() && !group.remove()) leaving_.push_back({group});
    if (found != attempts_.end()) attempts_.erase(found);
    follower_->unfollow(id);
    if (auto erased = spool_.erase(id); !erased)
        log::warn("a spool record stays", {{"attempt", to_string(id)}, {"error", erased.error().message}});
    set_pace();
}

// ------------------------------------------------------------------------------------------------
// the public face

ProcessExecutor::ProcessExecutor(std::shared_ptr<Impl> impl)
    : impl_(std::move(impl)) {}
ProcessExecutor::~ProcessExecutor() = default;

Result<std::unique_ptr<ProcessExecutor>> ProcessExecutor::open(net::Loop& loop, Spool& spool, ExecSettings settings,
                                                               Listener& listener) {
    auto impl = std::make_shared<Impl>(loop, spool, std::move(settings), listener);
    HK_CHECK(impl->open());
    return std::unique_ptr<ProcessExecutor>(new ProcessExecutor(std::move(impl)));
}

ExecutorOffer ProcessExecutor::offer() const { return impl_->offer(); }
void ProcessExecutor::use_gpus(const std::vector<Gpu>& gpus) { impl_->use_gpus(gpus); }
void ProcessExecutor::start(const Assignment& assignment) { impl_->start(assignment); }
void ProcessExecutor::recover(const Assignment& assignment) { impl_->recover(assignment); }
void ProcessExecutor::stop(AttemptId attempt, Duration grace) { impl_->stop(attempt, grace); }
void ProcessExecutor::pause(AttemptId attempt) { impl_->pause(attempt); }
void ProcessExecutor::resume(AttemptId attempt) { impl_->resume(attempt); }
void ProcessExecutor::forget(AttemptId attempt) { impl_->forget(attempt); }

} // namespace hk::exec
