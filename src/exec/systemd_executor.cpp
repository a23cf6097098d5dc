#include "exec/systemd_executor.hpp"
#include "exec/programs.hpp"

#include "base/log.hpp"
#include "exec/gpu_devices.hpp"
#include "exec/native_start.hpp"
#include "exec/process_tree.hpp"
#include "exec/systemd_executor_impl.hpp"

#include <algorithm>
#include <csignal>
#include <fcntl.h>
#include <pwd.h>
#include <thread>
#include <unistd.h>

namespace hk::exec {
namespace {

using namespace std::chrono_literals;
namespace fs = std::filesystem;

constexpr char start_folder[] = "starts";
/// A pause or resume that has not really happened by then is refused.
constexpr Duration wish_limit = 5s;

Result<> write_all(int fd, std::string_view text) {
    while (!text.empty()) {
        const ssize_t done = ::write(fd, text.data(), text.size());
        if (done < 0 && errno == EINTR) continue;
        if (done < 0) return fail(system_error("cannot write the start of a task", errno));
        text.remove_prefix(static_cast<std::size_t>(done));
    }
    return {};
}

/// A long message is in a file beside its header.
Result<std::string> whole_message(const StartMessage& message) {
    std::string text = message.bytes;
    if (!message.memfd) return text;
    const off_t size = ::lseek(message.memfd.get(), 0, SEEK_END);
    const std::size_t begin = text.size();
    text.resize(begin + static_cast<std::size_t>(std::max<off_t>(size, 0)));
    const ssize_t got = ::pread(message.memfd.get(), text.data() + begin, text.size() - begin, 0);
    if (got != size) return fail(Errc::io, "cannot read back the start of a task");
    return text;
}

/// Where the user's own systemd may not set limits, it says nothing about it.
std::vector<std::string> user_warnings() {
    std::error_code error;
    const auto text = read_file("/sys/fs/cgroup/user.slice/user-" + std::to_string(::getuid()) + ".slice/user@" +
                                std::to_string(::getuid()) + ".service/cgroup.controllers");
    const std::string controllers = " " + (text ? *text : "") + " ";
    std::vector<std::string> warnings;
    for (const char* controller : {"cpu", "memory"})
        if (controllers.find(std::string(" ") + controller) == controllers.npos)
            warnings.push_back(std::string(controller) +
                               " limits are not enforced: this user's systemd was not given that control group");
    return warnings;
}

std::string own_user_name() {
    const passwd* entry = ::getpwuid(::getuid());
    return entry != nullptr ? entry->pw_name : std::to_string(::getuid());
}

} // namespace

SystemdExecutor::Impl::Impl(net::Loop& loop, Spool& spool, ExecSettings settings, Listener& listener)
    : loop_(loop)
    , spool_(spool)
    , settings_(std::move(settings))
    , listener_(listener)
    , boot_id_(current_boot_id())
    , machine_cores_(static_cast<int>(std::thread::hardware_concurrency()))
    , ticker_(loop, [this] { on_tick(); }) {}

Result<> SystemdExecutor::Impl::open() {
    HK_TRY(keeper_, install_keeper(spool_.state_dir()));
    HK_TRY(follower_, FactFollower::open(loop_, spool_, [this](AttemptId id, const Fact& fact) { on_fact(id, fact); }));
    const fs::path folder = spool_.state_dir() / start_folder;
    std::error_code error;
    fs::create_directory(folder, error);
    fs::permissions(folder, fs::perms::owner_all, error);
    if (error) return fail(system_error("cannot make " + folder.string(), error.value()));
    connect();
    if (auto chosen = choose_user(); !chosen && problem_.empty()) problem_ = chosen.error().message;
    return {};
}

void SystemdExecutor::Impl::connect() {
    auto access = find_systemd();
    if (!access) {
        problem_ = access.error().message;
        return;
    }
    if (access->kind == SystemdAccess::Kind::user) warnings_ = user_warnings();
    SystemdManager::Handlers handlers{
        [this](const std::string& unit, const std::string& result) { on_job_done(unit, result); },
        [this] { on_connected(); }};
    auto manager = SystemdManager::open(loop_, std::move(*access), std::move(handlers));
    if (!manager) problem_ = manager.error().message;
    else manager_ = std::move(*manager);
}

/// Through sudo the keeper is root, and the task must not be.
Result<> SystemdExecutor::Impl::choose_user() {
    if (!manager_) return {};
    const bool through_sudo = manager_->kind() == SystemdAccess::Kind::system_through_sudo;
    std::string name = settings_.run_as;
    if (name.empty() && through_sudo) name = own_user_name();
    if (name.empty()) return {};
    auto user = find_user(name);
    if (!user) return fail(user.error().code, "tasks shall run as " + name + ": " + user.error().message);
    if (manager_->kind() == SystemdAccess::Kind::user && user->uid != ::geteuid())
        return fail(Errc::forbidden, "only root can run tasks as another user (" + name + ")");
    settings_.environment["HOME"] = user->home;
    settings_.environment["SHELL"] = user->shell;
    settings_.environment["USER"] = settings_.environment["LOGNAME"] = user->name;
    if (user->uid != ::geteuid() || through_sudo) user_ = std::move(*user);
    return {};
}

ExecutorOffer SystemdExecutor::Impl::offer() const {
    ExecutorOffer offer;
    offer.kind = ExecutorKind::systemd;
    offer.problem = problem_;
    offer.available = problem_.empty();
    offer.warnings = warnings_;
    return offer;
}

UnitAttempt* SystemdExecutor::Impl::find(AttemptId id) {
    const auto found = attempts_.find(id);
    return found == attempts_.end() ? nullptr : &found->second;
}

UnitAttempt& SystemdExecutor::Impl::add(const Assignment& assignment) {
    UnitAttempt& attempt = attempts_[assignment.attempt];
    attempt.assignment = assignment;
    follower_->follow(assignment.attempt);
    set_pace();
    return attempt;
}

/// Runs the job on the loop, unless the executor is gone by then.
void SystemdExecutor::Impl::later(std::move_only_function<void(Impl&)> job) {
    loop_.defer([weak = weak_from_this(), job = std::move(job)]() mutable {
        if (const auto self = weak.lock()) job(*self);
    });
}

void SystemdExecutor::Impl::start(const Assignment& assignment) {
    const AttemptId id = assignment.attempt;
    if (attempts_.contains(id)) return;
    UnitAttempt& attempt = add(assignment);
    const auto size = assignment_size(spool_.path_of(id));
    attempt.record_size = size.value_or(0);
    std::string why = problem_;
    if (!size) why = size.error().message;
    if (why.empty()) {
        waiting_.push_back(id);
        return later([](Impl& self) { self.pump(); });
    }
    later([id, why](Impl& self) {
        if (auto* found = self.find(id)) self.conclude(*found, not_started(125, read_clocks().wall, why));
    });
}

/// Facts that are on record already decide whether systemd has to be asked; the follower hands them
/// out later.
void SystemdExecutor::Impl::recover(const Assignment& assignment) {
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
    UnitAttempt& attempt = add(assignment);
    attempt.recovered = true;
    attempt.stage = Stage::sent;
    attempt.sent_at = BootClock::now();
    later([id, known](Impl& self) {
        UnitAttempt* found = self.find(id);
        if (found == nullptr || found->stage == Stage::ended) return;
        if (known.outcome) self.conclude(*found, known.outcome->outcome);
        else if (!known.forked && known.stop) self.conclude_stopped_early(id);
        else self.check_watcher(*found);
    });
}

fs::path SystemdExecutor::Impl::message_path(AttemptId id) const {
    return spool_.state_dir() / start_folder / to_string(id);
}

/// Command and environment, for nobody's eyes but the keeper's, which removes the file.
Result<> SystemdExecutor::Impl::write_message(const UnitAttempt& attempt) {
    const Assignment& assignment = attempt.assignment;
    StartRequest request = native_request(settings_, assignment);
    request.record_size = attempt.record_size;
    request.user = user_;
    HK_TRY(const StartMessage message, encode_start(request));
    HK_TRY(const std::string text, whole_message(message));
    const fs::path path = message_path(assignment.attempt);
    ::unlink(path.c_str());
    const Fd fd(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600));
    if (!fd) return fail(system_error("cannot create " + path.string(), errno));
    return write_all(fd.get(), text);
}

std::vector<UnitProperty> SystemdExecutor::Impl::properties_of(const UnitAttempt& attempt) const {
    UnitPlan plan{.settings = settings_,
                  .assignment = attempt.assignment,
                  .state_id = spool_.state_id(),
                  .command = {keeper_.string(), "--unit", spool_.state_dir().string(),
                              message_path(attempt.assignment.attempt).string()},
                  .machine_cores = machine_cores_,
                  .device_files = {},
                  .other_devices = {}};
    if (manager_->kind() != SystemdAccess::Kind::user) {
        auto rules = device_rules("/", settings_.gpus, attempt.assignment.placement.gpus);
        if (rules) plan.device_files = std::move(rules->files), plan.other_devices = std::move(rules->drivers);
    }
    return unit_properties(plan);
}

/// Sends what waits, as long as systemd is there and not too much is on its way.
void SystemdExecutor::Impl::pump() {
    while (!waiting_.empty() && in_flight_ < most_in_flight && manager_ && manager_->connected()) {
        const AttemptId id = waiting_.front();
        waiting_.pop_front();
        UnitAttempt* attempt = find(id);
        if (attempt != nullptr && attempt->stage == Stage::waiting) send(*attempt);
    }
}

void SystemdExecutor::Impl::send(UnitAttempt& attempt) {
    const AttemptId id = attempt.assignment.attempt;
    if (auto written = write_message(attempt); !written) {
        const int code = written.error().code == Errc::too_large || written.error().code == Errc::invalid ? 126 : 125;
        return conclude(attempt, not_started(code, read_clocks().wall, written.error().message));
    }
    attempt.stage = Stage::sent;
    attempt.sent_at = BootClock::now();
    ++in_flight_;
    manager_->start_unit(unit_name(id), properties_of(attempt),
                         [this, id](const Result<>& result) { on_sent(id, result); });
}

void SystemdExecutor::Impl::on_sent(AttemptId id, const Result<>& result) {
    --in_flight_;
    UnitAttempt* attempt = find(id);
    if (attempt != nullptr && attempt->stage == Stage::sent && !result) on_not_sent(*attempt, result.error());
    pump();
}

void SystemdExecutor::Impl::on_not_sent(UnitAttempt& attempt, const Error& error) {
    const AttemptId id = attempt.assignment.attempt;
    if (error.code == Errc::conflict) return on_name_taken(attempt);
    if (error.code != Errc::unavailable && error.code != Errc::timeout)
        return conclude(attempt, not_started(125, read_clocks().wall, error.message));
    attempt.stage = Stage::waiting; // said again when systemd is back; the record makes sure it happens once
    waiting_.push_back(id);
}

/// A unit of this name is there. If it failed it only stands in the way; if it is ours, from an
/// earlier life, the record will say how it goes on.
void SystemdExecutor::Impl::on_name_taken(UnitAttempt& attempt) {
    const AttemptId id = attempt.assignment.attempt;
    manager_->read_unit(unit_name(id), [this, id](const Result<UnitState>& state) {
        UnitAttempt* found = find(id);
        if (found == nullptr || found->stage != Stage::sent || found->facts.forked) return;
        const bool in_the_way = !state || state->active == "failed" || state->active == "inactive";
        if (!in_the_way && state->description != unit_description(id, spool_.state_id()))
            return conclude(*found, not_started(125, read_clocks().wall,
                                                "another runner on this machine has a unit named " + unit_name(id)));
        if (!in_the_way || ++found->name_taken > most_name_taken) return;
        manager_->reset_failed(unit_name(id));
        found->stage = Stage::waiting;
        waiting_.push_back(id);
        pump();
    });
}

void SystemdExecutor::Impl::conclude_stopped_early(AttemptId id) {
    auto* found = find(id);
    if (found == nullptr) return;
    Outcome outcome = not_started(143, read_clocks().wall, "it was stopped before it started");
    outcome.reason = EndReason::killed;
    conclude(*found, std::move(outcome));
}

void SystemdExecutor::Impl::stop(AttemptId id, Duration grace) {
    UnitAttempt* attempt = find(id);
    if (attempt == nullptr || attempt->stage == Stage::ended) return;
    const Mono until = BootClock::now() + grace;
    if (attempt->kill_at && *attempt->kill_at <= until) return; // it ends sooner already
    attempt->kill_at = until;
    attempt->stop_signalled = false;
    if (attempt->stage == Stage::waiting) {
        std::erase(waiting_, id);
        return later([id](Impl& self) { self.conclude_stopped_early(id); });
    }
    if (attempt->facts.forked) signal_stop(*attempt);
    busy_.insert(id);
    set_pace();
}

/// On record first: the keeper reads the deadline there, and a later life of the runner who asked
/// for the end.
void SystemdExecutor::Impl::signal_stop(UnitAttempt& attempt) {
    if (std::exchange(attempt.stop_signalled, true)) return;
    const AttemptId id = attempt.assignment.attempt;
    const Time now = read_clocks().wall;
    const StopFact fact{now, now + std::max(Duration::zero(), *attempt.kill_at - BootClock::now())};
    if (auto written = spool_.append(id, format_fact(fact)); !written)
        log::warn("a stop could not be recorded", {{"attempt", to_string(id)}, {"error", written.error().message}});
    attempt.facts.take(fact);
    attempt.wish = Wish::none;
    if (!UnitControl(attempt.folders, attempt.facts).signal(SIGTERM) && manager_)
        manager_->kill(unit_name(id), SIGTERM); // the keeper ignores it
    pause_now(attempt, false);                  // a process that is stopped cannot end in order
}

void SystemdExecutor::Impl::wish(AttemptId id, Wish wish) {
    UnitAttempt* attempt = find(id);
    const bool runs = attempt != nullptr && attempt->stage == Stage::running && attempt->started_told;
    std::string why;
    if (!runs) why = "it is not running";
    else if (attempt->kill_at) why = "it is being stopped";
    if (!why.empty()) return later([id, why](Impl& self) { self.listener_.on_event(Refused{id, why}); });
    attempt->wish = wish;
    attempt->wish_until = BootClock::now() + wish_limit;
    attempt->wish_sent = pause_now(*attempt, wish == Wish::pause);
    busy_.insert(id);
    set_pace();
}

void SystemdExecutor::Impl::forget(AttemptId id) {
    const auto found = attempts_.find(id);
    if (found != attempts_.end() && found->second.stage != Stage::ended) {
        log::warn("an attempt that has not ended cannot be forgotten", {{"attempt", to_string(id)}});
        return;
    }
    if (found != attempts_.end()) attempts_.erase(found);
    follower_->unfollow(id);
    ::unlink(message_path(id).c_str());
    if (auto erased = spool_.erase(id); !erased)
        log::warn("a spool record stays", {{"attempt", to_string(id)}, {"error", erased.error().message}});
    set_pace();
}

// ------------------------------------------------------------------------------------------------
// the public face

SystemdExecutor::SystemdExecutor(std::shared_ptr<Impl> impl)
    : impl_(std::move(impl)) {}
SystemdExecutor::~SystemdExecutor() = default;

Result<std::unique_ptr<SystemdExecutor>> SystemdExecutor::open(net::Loop& loop, Spool& spool, ExecSettings settings,
                                                               Listener& listener) {
    auto impl = std::make_shared<Impl>(loop, spool, std::move(settings), listener);
    HK_CHECK(impl->open());
    return std::unique_ptr<SystemdExecutor>(new SystemdExecutor(std::move(impl)));
}

ExecutorOffer SystemdExecutor::offer() const { return impl_->offer(); }
void SystemdExecutor::use_gpus(const std::vector<Gpu>& gpus) { impl_->use_gpus(gpus); }
void SystemdExecutor::start(const Assignment& assignment) { impl_->start(assignment); }
void SystemdExecutor::recover(const Assignment& assignment) { impl_->recover(assignment); }
void SystemdExecutor::stop(AttemptId attempt, Duration grace) { impl_->stop(attempt, grace); }
void SystemdExecutor::pause(AttemptId attempt) { impl_->pause(attempt); }
void SystemdExecutor::resume(AttemptId attempt) { impl_->resume(attempt); }
void SystemdExecutor::forget(AttemptId attempt) { impl_->forget(attempt); }

} // namespace hk::exec
