#include "base/log.hpp"
#include "exec/docker_executor_impl.hpp"

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace hk::exec {

using namespace std::chrono_literals;

namespace {

constexpr Duration engine_pace = 500ms;
constexpr std::size_t most_known_images = 100;

Result<> make_file(const std::filesystem::path& path, bool for_everybody) {
    std::error_code error;
    std::filesystem::create_directories(path.parent_path(), error);
    const Fd fd(::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0644));
    struct stat about{};
    if (!fd || ::fstat(fd.get(), &about) != 0) return fail(system_error("cannot create " + path.string(), errno));
    if (!S_ISREG(about.st_mode)) return fail(Errc::conflict, path.string() + " is in the way: it is no regular file");
    // An image whose processes are not root still writes its output.
    if (for_everybody && ::fchmod(fd.get(), 0666) != 0)
        return fail(system_error("cannot open up " + path.string(), errno));
    return {};
}

bool is_below(const std::filesystem::path& path, const std::filesystem::path& folder) {
    const auto rest = path.lexically_relative(folder);
    return !rest.empty() && *rest.begin() != "..";
}

/// The folder as it is to be mounted: without links, since what a link leads to may be another place by then.
Result<Mount> real_mount(const Mount& mount, const std::vector<std::filesystem::path>& allowed) {
    std::error_code error;
    const auto real = std::filesystem::canonical(mount.source, error);
    if (error)
        return fail(Errc::not_found,
                    "the folder " + mount.source + " shall be mounted, but this node does not have it");
    const bool fine = allowed.empty() || std::ranges::any_of(allowed, [&](const auto& folder) {
                          return is_below(real, std::filesystem::weakly_canonical(folder, error));
                      });
    if (fine) return Mount{real.string(), mount.target, mount.read_only};
    return fail(Errc::forbidden, "this node does not allow tasks to mount " + mount.source);
}

/// What the container needs from the file system, shared storage included: runs on the pool.
struct FileWork {
    std::vector<Mount> mounts;
    std::vector<std::filesystem::path> allowed;
    std::vector<std::filesystem::path> files;
    std::vector<std::filesystem::path> folders;
    bool for_everybody = false;

    /// The mounts as the container gets them.
    Result<std::vector<Mount>> operator()() const {
        std::vector<Mount> real;
        for (const Mount& mount : mounts) {
            HK_TRY(Mount found, real_mount(mount, allowed));
            real.push_back(std::move(found));
        }
        for (const auto& folder : folders) {
            std::error_code error;
            std::filesystem::create_directories(folder, error);
            if (error) return fail(system_error("cannot create " + folder.string(), error.value()));
        }
        for (const auto& file : files) HK_CHECK(make_file(file, for_everybody));
        return real;
    }
};

/// A newer version may have taken the image's place since it was found, or a person removed it.
Error come_again_if_gone(Error error) {
    if (error.code == Errc::not_found) error.code = Errc::timeout;
    return error;
}

bool lacks_gpu_driver(const Error& error) {
    return error.message.find("could not select device driver") != std::string::npos;
}
bool lacks_cdi_name(const Error& error) { return error.message.find("unresolvable CDI devices") != std::string::npos; }

/// What the engine says of GPUs tells nobody what to do.
Error explained(Error error) {
    if (lacks_gpu_driver(error))
        error.message = "the container engine of this node hands out no GPUs; install the NVIDIA Container Toolkit "
                        "there, or describe them in CDI files, and restart the engine (" +
                        error.message + ")";
    else if (lacks_cdi_name(error))
        error.message =
            "the CDI files of this node do not know the GPU; make them anew with nvidia-ctk cdi generate (" +
            error.message + ")";
    return error;
}

} // namespace

void DockerExecutor::Impl::say(AttemptId id, const std::string& text) {
    ContainerAttempt* attempt = alive(id);
    if (attempt == nullptr || attempt->progress == text) return;
    attempt->progress = text;
    listener_.on_event(Progress{id, text});
}

Result<> DockerExecutor::Impl::check_policy(const TaskSpec& spec) const {
    if (spec.privileged && !parts_.policy.allow_privileged)
        return fail(Errc::forbidden, "this node does not allow privileged containers");
    return {};
}

/// Goes on until the container runs, a step fails for good, or nobody wants it any more. An engine that goes away in
/// the middle is waited for: every step may be repeated.
net::Task<void> DockerExecutor::Impl::launch(AttemptId id) {
    for (;;) {
        const auto up = co_await bring_up(id);
        ContainerAttempt* attempt = alive(id);
        if (attempt == nullptr) co_return;
        if (up) break;
        const bool lost = up.error().code == Errc::unavailable || up.error().code == Errc::timeout;
        if (!lost) {
            if (attempt->stage == Stage::starting) group_.spawn(remove_container(attempt->container));
            Outcome outcome = not_started(125, read_clocks().wall, up.error().message);
            if (attempt->stop_asked) outcome.reason = EndReason::killed;
            conclude(*attempt, std::move(outcome));
            co_return;
        }
        attempt->engine_lost = true; // the start may have worked; if it did, the engine ended what it started
        say(id, "waiting for the container engine");
        co_await net::sleep_for(engine_pace);
        const bool started = co_await has_started(id);
        if (started) break;
        if (alive(id) == nullptr) co_return; // stopped, and perhaps forgotten, while the engine was away
    }
    group_.spawn(guard(id));
}

/// Whether the container ran although nobody told us: the engine went away before it answered. Then it must not be
/// started again.
net::Task<bool> DockerExecutor::Impl::has_started(AttemptId id) {
    const ContainerAttempt* attempt = alive(id);
    if (attempt == nullptr || attempt->stage == Stage::preparing) co_return false;
    const auto info = co_await parts_.engine.inspect(attempt->container);
    ContainerAttempt* still = alive(id);
    if (still == nullptr || !info || info->status == docker::ContainerStatus::created) co_return false;
    still->stage = Stage::running;
    if (info->status != docker::ContainerStatus::exited) still->note_engine_is_back(read_clocks().wall);
    co_return true;
}

net::Task<Result<>> DockerExecutor::Impl::bring_up(AttemptId id) {
    auto image = co_await prepare(id);
    if (!image) co_return fail(image.error());
    if (alive(id) == nullptr) co_return Result<>{};
    auto made = co_await make_container(id, std::move(*image));
    if (!made) co_return made;
    auto started = co_await start_container(id);
    co_return started;
}

net::Task<Result<std::string>> DockerExecutor::Impl::prepare(AttemptId id) {
    const ContainerAttempt* wanted = alive(id);
    if (wanted == nullptr) co_return std::string();
    const Assignment assignment = wanted->assignment;
    if (auto allowed = check_policy(*assignment.spec); !allowed) co_return fail(allowed.error());
    auto progress = [this, id](const std::string& text) { say(id, text); };
    EnvironmentWish wish(assignment.spec->container.value_or(""), assignment.environment_version,
                         !assignment.spec->container_version.empty());
    auto image = co_await parts_.source.prepare(std::move(wish), std::move(progress));
    if (!image || alive(id) == nullptr) co_return image;
    const auto others = co_await runs_as_others(*image);
    if (!others) co_return fail(others.error());
    const LogFiles logs = log_files(settings_.shared_dir, id.task);
    FileWork work;
    work.mounts = assignment.spec->mounts;
    work.allowed = parts_.policy.allowed_mounts;
    work.folders = {shared_data(settings_.shared_dir), settings_.local_temp_dir};
    work.files = {logs.output, logs.errors};
    work.for_everybody = *others;
    if (work.for_everybody) ::chmod(spool_.path_of(id).c_str(), 0666); // its folder is ours alone
    auto mounts = co_await parts_.pool.run(std::move(work));
    if (!mounts) co_return fail(mounts.error());
    if (auto* still = alive(id)) still->mounts = std::move(*mounts);
    co_return image;
}

/// Whether the image's processes are not root. What an id names never changes, so an engine is asked once.
net::Task<Result<bool>> DockerExecutor::Impl::runs_as_others(std::string image) {
    if (const auto known = other_users_.find(image); known != other_users_.end()) co_return known->second;
    const auto info = co_await parts_.engine.inspect_image(image);
    if (!info) co_return fail(come_again_if_gone(info.error()));
    const bool others = !info->user.empty() && info->user != "root" && info->user != "0";
    if (other_users_.size() >= most_known_images) other_users_.clear();
    if (info->id == image) other_users_[image] = others;
    co_return others;
}

ContainerInputs DockerExecutor::Impl::inputs_of(const ContainerAttempt& attempt, std::string image) const {
    const Assignment& assignment = attempt.assignment;
    return {settings_,
            assignment,
            std::move(image),
            spool_.state_id(),
            keeper_,
            spool_.path_of(assignment.attempt),
            attempt.mounts,
            gpu_request_,
            amd_device_files(settings_, assignment.placement),
            engine_ ? engine_->cpus : 0};
}

net::Task<Result<>> DockerExecutor::Impl::make_container(AttemptId id, std::string image) {
    ContainerAttempt* attempt = alive(id);
    if (attempt == nullptr) co_return Result<>{};
    attempt->stage = Stage::starting;
    docker::ContainerSpec spec = plan_container(inputs_of(*attempt, image));
    if (!spec.gpus.empty() && engine_ && engine_->name == "Podman") // it would start without them and say nothing
        co_return fail(Errc::unsupported,
                       "Podman hands out no GPUs over its Docker interface; use Docker on this node");
    auto made = co_await parts_.engine.create(std::move(spec));
    // The name is taken by our own container of a try that was cut off.
    if (!made && made.error().code == Errc::conflict) co_return Result<>{};
    if (!made && made.error().code == Errc::not_found) {
        const auto image_now = co_await parts_.engine.inspect_image(std::move(image));
        if (!image_now) co_return fail(come_again_if_gone(image_now.error()));
    }
    if (!made) co_return fail(made.error());
    if (auto* still = alive(id)) still->warnings = made->warnings;
    co_return Result<>{};
}

net::Task<Result<>> DockerExecutor::Impl::start_container(AttemptId id) {
    ContainerAttempt* attempt = alive(id);
    if (attempt == nullptr) co_return Result<>{};
    const std::string name = attempt->container;
    if (attempt->stop_asked) co_return fail(Errc::conflict, "it was stopped before it started");
    if (attempt->facts.forked) co_return Result<>{};
    attempt->stage = Stage::running; // from now on a stop goes to the container
    auto started = co_await parts_.engine.start(name);
    attempt = alive(id);
    if (started && attempt != nullptr) attempt->engine_lost = false;
    if (started || attempt == nullptr) co_return started;
    attempt->stage = Stage::starting;
    const bool otherwise = ask_for_gpus_otherwise(started.error());
    if (!otherwise) co_return fail(explained(started.error()));
    (void)co_await parts_.engine.remove(name, true);
    co_return fail(Errc::timeout, started.error().message); // come again
}

/// Once for each way: what this engine hands GPUs out by is remembered.
bool DockerExecutor::Impl::ask_for_gpus_otherwise(const Error& error) {
    const bool cdi = engine_ && engine_->cdi;
    if (lacks_gpu_driver(error) && gpu_request_ == GpuRequest::driver && cdi) gpu_request_ = GpuRequest::cdi_uuid;
    else if (lacks_cdi_name(error) && gpu_request_ == GpuRequest::cdi_uuid) gpu_request_ = GpuRequest::cdi_index;
    else if (lacks_cdi_name(error)) {
        gpu_request_ = GpuRequest::cdi_uuid; // neither name is known: the next task begins with the better one
        return false;
    } else return false;
    return true;
}

/// Takes an attempt of an earlier life of the runner up again, wherever it stands.
net::Task<void> DockerExecutor::Impl::resume_charge(AttemptId id) {
    const std::string name = find(id)->container;
    for (;;) {
        const auto info = co_await parts_.engine.inspect(name);
        ContainerAttempt* attempt = alive(id);
        if (attempt == nullptr) co_return;
        const bool none = !info && info.error().code == Errc::not_found;
        const bool never_ran = none || (info && info->status == docker::ContainerStatus::created);
        if (never_ran && !attempt->facts.forked && !attempt->facts.ended() && !attempt->stop_asked) {
            group_.spawn(launch(id));
            co_return;
        }
        if (none) {
            conclude(*attempt, verdict(*attempt, nullptr));
            co_return;
        }
        if (info) {
            attempt->stage = Stage::running;
            attempt->paused = info->status == docker::ContainerStatus::paused;
            if (attempt->paused && attempt->started_told) listener_.on_event(Paused{id});
            if (attempt->stop_asked) group_.spawn(end_container(id, Duration::zero()));
            group_.spawn(guard(id));
            co_return;
        }
        co_await net::sleep_for(engine_pace);
    }
}

} // namespace hk::exec
