#include "probe/gpu_link.hpp"

#include "base/log.hpp"

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <poll.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>

namespace hk::probe {
namespace {

/// A child with clean signals and its own process group, so that Ctrl-C on the runner's terminal is
/// not its business.
pid_t spawn_reader(const std::filesystem::path& program, const std::vector<std::string>& arguments, int socket) {
    std::vector<char*> argv;
    std::string name = program.string();
    argv.push_back(name.data());
    std::vector<std::string> words = arguments;
    for (std::string& word : words) argv.push_back(word.data());
    argv.push_back(nullptr);

    posix_spawn_file_actions_t files;
    posix_spawnattr_t attributes;
    ::posix_spawn_file_actions_init(&files);
    ::posix_spawnattr_init(&attributes);
    sigset_t none, every;
    ::sigemptyset(&none);
    ::sigfillset(&every);
    ::posix_spawn_file_actions_adddup2(&files, socket, 0);
    ::posix_spawnattr_setsigmask(&attributes, &none);
    ::posix_spawnattr_setsigdefault(&attributes, &every);
    ::posix_spawnattr_setpgroup(&attributes, 0);
    ::posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP);
    pid_t pid = 0;
    const int error = ::posix_spawn(&pid, name.c_str(), &files, &attributes, argv.data(), environ);
    ::posix_spawn_file_actions_destroy(&files);
    ::posix_spawnattr_destroy(&attributes);
    return error == 0 ? pid : 0;
}

} // namespace

GpuLink::GpuLink(std::filesystem::path program, std::vector<std::string> arguments)
    : program_(std::move(program))
    , arguments_(std::move(arguments)) {}

GpuLink::~GpuLink() {
    if (pid_ > 0) abandoned_.push_back(pid_);
    for (const pid_t pid : abandoned_) ::kill(pid, SIGKILL);
    // A healthy child is gone at once; one inside a hung driver is left to the init process.
    for (int tries = 0; tries < 20 && !abandoned_.empty(); ++tries) {
        reap_abandoned();
        if (!abandoned_.empty()) ::poll(nullptr, 0, 5);
    }
}

void GpuLink::start(Mono now) {
    int ends[2] = {-1, -1};
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) return pause_before_restart(now, pause_);
    Fd ours(ends[0]);
    const Fd theirs(ends[1]);
    pid_ = spawn_reader(program_, arguments_, theirs.get());
    if (pid_ == 0) return pause_before_restart(now, longest_pause);
    socket_ = std::move(ours);
    input_.clear();
    asked_.reset();
}

void GpuLink::take_input() {
    char buffer[16384];
    while (input_.size() <= most_frame_bytes) {
        const ssize_t got = ::recv(socket_.get(), buffer, sizeof buffer, MSG_DONTWAIT);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0 && errno == EAGAIN) return;
        if (got <= 0) {
            socket_ = Fd();
            return;
        }
        input_.append(buffer, static_cast<std::size_t>(got));
    }
    socket_ = Fd(); // no reader of ours says so much
}

std::optional<GpuFrame> GpuLink::next_frame(Mono now) {
    std::optional<GpuFrame> newest;
    while (const std::size_t length = frame_length(input_)) {
        auto frame = decode_frame(std::string_view(input_).substr(0, length));
        input_.erase(0, length);
        if (!frame) {
            log::warn("GPU reading refused", {{"why", frame.error().message}});
            socket_ = Fd();
            return newest;
        }
        newest = std::move(*frame);
        asked_.reset();
        waiting_since_.reset();
        if (now - next_start_ > longest_pause) pause_ = first_pause;
    }
    return newest;
}

void GpuLink::ask(Mono now) {
    if (asked_) return;
    if (::send(socket_.get(), "?", 1, MSG_NOSIGNAL | MSG_DONTWAIT) != 1) return;
    asked_ = now;
    if (!waiting_since_) waiting_since_ = now;
}

void GpuLink::pause_before_restart(Mono now, Duration pause) {
    socket_ = Fd();
    next_start_ = now + pause;
    pause_ = std::min(pause_ * 2, longest_pause);
}

/// The reader closed its end, broke the protocol or was silent for too long.
void GpuLink::end_reader(Mono now) {
    int status = 0;
    ::kill(pid_, SIGKILL);
    // What has closed its socket is about to end; a moment for that tells "no driver" from a crash.
    pid_t ended = ::waitpid(pid_, &status, WNOHANG);
    for (int tries = 0; ended == 0 && tries < 2; ++tries) {
        ::poll(nullptr, 0, 1);
        ended = ::waitpid(pid_, &status, WNOHANG);
    }
    if (ended == 0) abandoned_.push_back(pid_);
    pid_ = 0;
    const bool absent = ended > 0 && WIFEXITED(status) && WEXITSTATUS(status) == reader_found_no_driver;
    if (!absent && !waiting_since_) waiting_since_ = now;
    if (absent) waiting_since_.reset();
    pause_before_restart(now, absent ? absent_pause : pause_);
}

void GpuLink::reap_abandoned() {
    std::erase_if(abandoned_, [](pid_t pid) { return ::waitpid(pid, nullptr, WNOHANG) != 0; });
}

std::optional<GpuFrame> GpuLink::poll(Mono now) {
    reap_abandoned();
    if (pid_ == 0 && now >= next_start_ && abandoned_.size() < most_abandoned) start(now);
    if (pid_ == 0) return std::nullopt;
    take_input();
    std::optional<GpuFrame> frame = next_frame(now);
    if (socket_) ask(now);
    if (!socket_ || (asked_ && now - *asked_ > hang_limit)) end_reader(now);
    return frame;
}

std::optional<GpuFrame> GpuLink::wait(Duration limit) {
    const Mono deadline = BootClock::now() + limit;
    for (;;) {
        const Mono now = BootClock::now();
        if (auto frame = poll(now)) return frame;
        if (now >= deadline || pid_ == 0) return std::nullopt;
        const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - now);
        pollfd ready{.fd = socket_.get(), .events = POLLIN, .revents = 0};
        ::poll(&ready, 1, static_cast<int>(left.count()));
    }
}

Duration GpuLink::silence(Mono now) const {
    return waiting_since_ ? std::max(Duration{}, now - *waiting_since_) : Duration{};
}

} // namespace hk::probe
