#include "exec/keeper_link.hpp"

#include "base/log.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <spawn.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

namespace hk::exec {
namespace {

using namespace std::chrono_literals;

constexpr Duration try_again_after = 50ms;
/// So many starts are sent before other work of the loop has its turn.
constexpr int starts_per_turn = 64;

sockaddr_un address_of(int directory) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    const std::string path = "/proc/self/fd/" + std::to_string(directory) + "/" + keeper::socket_name;
    path.copy(address.sun_path, sizeof address.sun_path - 1);
    return address;
}

Result<int> spawn_program(const std::vector<std::string>& words) {
    std::vector<char*> argv;
    for (const auto& word : words) argv.push_back(const_cast<char*>(word.c_str()));
    argv.push_back(nullptr);
    int pid = 0;
    char* no_environment[] = {nullptr}; // what the runner knows is not for a process that lives among tasks
    const int error = ::posix_spawn(&pid, argv[0], nullptr, nullptr, argv.data(), no_environment);
    if (error != 0) return fail(system_error("cannot start the keeper", error));
    return pid;
}

} // namespace

KeeperLink::KeeperLink(net::Loop& loop, Place place, Owner& owner)
    : loop_(loop)
    , place_(std::move(place))
    , owner_(owner)
    , directory_(::open(place_.state_dir.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC))
    , poll_(::epoll_create1(EPOLL_CLOEXEC))
    , retry_(loop, [this] { step(); }) {
    socket_watch_ = loop_.watch_fd(poll_.get(), [this] { on_socket(); });
    retry_.run_every(1us); // the first step, on the loop
}

KeeperLink::~KeeperLink() = default;

void KeeperLink::enqueue(AttemptId attempt) {
    waiting_.push_back(attempt);
    if (socket_) flush_soon();
}

void KeeperLink::flush_soon() {
    if (std::exchange(flush_scheduled_, true)) return;
    loop_.defer([weak = std::weak_ptr(alive_), this] {
        if (weak.expired()) return;
        flush_scheduled_ = false;
        if (socket_) flush();
    });
}

bool KeeperLink::take_back(AttemptId attempt) { return std::erase(waiting_, attempt) > 0; }

/// One try to have a keeper.
void KeeperLink::step() {
    retry_.stop();
    if (socket_ || spawned_) return;
    if (connect()) {
        tries_ = 0;
        flush_soon();
        if (had_keeper_) owner_.keeper_is_new();
        had_keeper_ = true;
        return;
    }
    spawn();
}

bool KeeperLink::connect() {
    Fd fd(::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    const sockaddr_un address = address_of(directory_.get());
    if (!fd || ::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) return false;
    epoll_event event{EPOLLIN, {}};
    if (::epoll_ctl(poll_.get(), EPOLL_CTL_ADD, fd.get(), &event) != 0) return false;
    socket_ = std::move(fd);
    return true;
}

void KeeperLink::spawn() {
    std::vector<std::string> words{place_.program.string(), "--daemon", place_.state_dir.string()};
    for (const auto& file : place_.cgroups) words.insert(words.end(), {"--cgroup", file.string()});
    const auto pid = spawn_program(words);
    if (!pid) return retry_later(pid.error().message);
    spawned_ = Fd(static_cast<int>(::syscall(SYS_pidfd_open, *pid, 0)));
    spawn_watch_ = loop_.watch_fd(spawned_.get(), [this] { on_spawned(); });
}

/// The process that was started ends as soon as the keeper, its grandchild, listens.
void KeeperLink::on_spawned() {
    siginfo_t ended{};
    ::waitid(static_cast<idtype_t>(P_PIDFD), static_cast<id_t>(spawned_.get()), &ended, WEXITED);
    spawn_watch_.reset();
    spawned_ = Fd();
    const bool listens = ended.si_code == CLD_EXITED && ended.si_status == 0;
    if (listens && tries_ == 0) {
        ++tries_;
        return step();
    }
    retry_later(listens ? "it does not answer" : "it ended at once; its own message is in the runner's log");
}

void KeeperLink::retry_later(const std::string& why) {
    if (++tries_ > max_keeper_tries) {
        tries_ = 0;
        log::error("the keeper cannot be started", {{"why", why}});
        for (auto given_up = std::exchange(waiting_, {}); const auto attempt : given_up)
            owner_.keeper_failed(attempt, "the keeper, which starts tasks, cannot be started: " + why);
    }
    retry_.run_every(try_again_after);
}

void KeeperLink::on_socket() {
    if (!socket_) return;
    char ignored[16];
    const ssize_t got = ::recv(socket_.get(), ignored, sizeof ignored, MSG_DONTWAIT); // the keeper never says anything
    if (got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR)) return disconnect();
    flush();
}

void KeeperLink::disconnect() {
    watches_room_ = false;
    socket_ = Fd(); // which also takes it out of the epoll
    log::warn("the keeper has ended; starting another", {});
    step();
}

void KeeperLink::flush() {
    for (int sent = 0; sent < starts_per_turn && !waiting_.empty(); ++sent) {
        const AttemptId attempt = waiting_.front();
        const auto message = owner_.start_message(attempt);
        if (message && !send(*message)) return watch_socket(true); // no room, or the keeper has gone
        if (!waiting_.empty() && waiting_.front() == attempt) waiting_.pop_front();
        if (message) owner_.start_sent(attempt);
    }
    watch_socket(false);
    if (!waiting_.empty()) flush_soon();
}

bool KeeperLink::send(const StartMessage& message) {
    iovec part{const_cast<char*>(message.bytes.data()), message.bytes.size()};
    msghdr head{};
    head.msg_iov = &part;
    head.msg_iovlen = 1;
    alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))] = {};
    if (message.memfd) {
        head.msg_control = control;
        head.msg_controllen = sizeof control;
        cmsghdr* rights = CMSG_FIRSTHDR(&head);
        rights->cmsg_level = SOL_SOCKET;
        rights->cmsg_type = SCM_RIGHTS;
        rights->cmsg_len = CMSG_LEN(sizeof(int));
        const int fd = message.memfd.get();
        std::memcpy(CMSG_DATA(rights), &fd, sizeof fd);
    }
    return ::sendmsg(socket_.get(), &head, MSG_NOSIGNAL | MSG_DONTWAIT) >= 0;
}

void KeeperLink::watch_socket(bool writable) {
    if (std::exchange(watches_room_, writable) == writable) return;
    epoll_event event{EPOLLIN | (writable ? EPOLLOUT : 0U), {}};
    ::epoll_ctl(poll_.get(), EPOLL_CTL_MOD, socket_.get(), &event);
}

} // namespace hk::exec
