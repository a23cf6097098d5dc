#include "keeper/channel.hpp"

#include <cerrno>
#include <cstring>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

namespace hk::keeper {
namespace {

bool is_ours(int fd) {
    ucred peer{};
    socklen_t size = sizeof peer;
    if (::getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0) return false;
    return peer.uid == ::geteuid() || peer.uid == 0;
}

int take_descriptor(msghdr& message) {
    const cmsghdr* head = CMSG_FIRSTHDR(&message);
    if (head == nullptr || head->cmsg_level != SOL_SOCKET || head->cmsg_type != SCM_RIGHTS) return -1;
    int fd = -1;
    std::memcpy(&fd, CMSG_DATA(head), sizeof fd);
    return fd;
}

std::size_t size_of(int fd) {
    struct stat now{};
    return ::fstat(fd, &now) == 0 && now.st_size > 0 ? static_cast<std::size_t>(now.st_size) : 0;
}

} // namespace

bool Channel::listen() {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    static_assert(sizeof socket_name <= sizeof address.sun_path);
    std::memcpy(address.sun_path, socket_name, sizeof socket_name);
    listener_ = ::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (listener_ < 0) return false;
    ::unlink(socket_name); // we hold the lock, so nobody listens on it
    const auto* where = reinterpret_cast<const sockaddr*>(&address);
    return ::bind(listener_, where, sizeof address) == 0 && ::listen(listener_, max_runners) == 0;
}

std::size_t Channel::descriptors(pollfd* out) const {
    out[0] = pollfd{listener_, POLLIN, 0};
    for (std::size_t i = 0; i < runner_count_; ++i) out[i + 1] = pollfd{runners_[i], POLLIN, 0};
    return runner_count_ + 1;
}

void Channel::accept() {
    for (;;) {
        const int fd = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
        if (fd < 0) return;
        if (runner_count_ < max_runners && is_ours(fd)) runners_[runner_count_++] = fd;
        else ::close(fd);
    }
}

bool Channel::next(Start& out) {
    for (std::size_t i = 0; i < runner_count_;) {
        const Got got = receive(runners_[i], out);
        if (got == Got::message) return true;
        if (got == Got::nothing) {
            ++i;
            continue;
        }
        ::close(runners_[i]);
        runners_[i] = runners_[--runner_count_];
    }
    return false;
}

Channel::Got Channel::receive(int runner, Start& out) {
    for (;;) {
        iovec part{buffer_, sizeof buffer_};
        alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))];
        msghdr message{};
        message.msg_iov = &part;
        message.msg_iovlen = 1;
        message.msg_control = control;
        message.msg_controllen = sizeof control;
        const ssize_t got = ::recvmsg(runner, &message, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return errno == EAGAIN ? Got::nothing : Got::end;
        if (got == 0) return Got::end;
        out.memfd = take_descriptor(message);
        if (understand(static_cast<std::size_t>(got), out)) return Got::message;
        if (out.memfd >= 0) ::close(out.memfd);
        out.memfd = -1;
    }
}

bool Channel::understand(std::size_t size, Start& out) const {
    if (size < sizeof out.header) return false;
    std::memcpy(&out.header, buffer_, sizeof out.header);
    out.header.attempt[max_attempt_name] = '\0';
    if (out.header.magic != magic || (out.header.in_memfd != 0) != (out.memfd >= 0)) return false;
    out.fields = const_cast<char*>(buffer_) + sizeof out.header;
    out.size = out.memfd >= 0 ? size_of(out.memfd) : size - sizeof out.header;
    return out.size > 0 && out.size <= max_message;
}

} // namespace hk::keeper
