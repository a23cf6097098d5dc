#include "net/fd_stream.hpp"

#include "net/loop.hpp"
#include "net/wait.hpp"

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include <array>
#include <cerrno>

namespace hk::net {
namespace detail {
namespace asio = boost::asio;

void Socket::close() {
    if (std::exchange(closed_, true)) return;
    boost::system::error_code ignored;
    descriptor_.close(ignored);
    can_read_.notify_all();
    can_write_.notify_all();
}

void Socket::expect_readable() {
    if (std::exchange(expecting_read_, true)) return;
    descriptor_.async_wait(asio::posix::descriptor_base::wait_read,
                           [self = shared_from_this()](const boost::system::error_code&) {
                               self->expecting_read_ = false;
                               self->can_read_.notify_all();
                           });
}

void Socket::expect_writable() {
    if (std::exchange(expecting_write_, true)) return;
    descriptor_.async_wait(asio::posix::descriptor_base::wait_write,
                           [self = shared_from_this()](const boost::system::error_code&) {
                               self->expecting_write_ = false;
                               self->can_write_.notify_all();
                           });
}

Task<bool> Socket::readable(Duration limit) {
    const auto self = shared_from_this();
    if (closed_) co_return true;
    expect_readable();
    co_return co_await can_read_.wait(limit);
}

Task<bool> Socket::writable(Duration limit) {
    const auto self = shared_from_this();
    if (closed_) co_return true;
    expect_writable();
    co_return co_await can_write_.wait(limit);
}

void set_options(int fd) {
    const auto set = [fd](int level, int option, int value) {
        (void)::setsockopt(fd, level, option, &value, sizeof value);
    };
    constexpr int unacknowledged_limit_ms = 15'000;
    set(IPPROTO_TCP, TCP_NODELAY, 1);
    set(SOL_SOCKET, SO_KEEPALIVE, 1);
    set(IPPROTO_TCP, TCP_KEEPIDLE, 15);
    set(IPPROTO_TCP, TCP_KEEPINTVL, 5);
    set(IPPROTO_TCP, TCP_KEEPCNT, 3);
    set(IPPROTO_TCP, TCP_USER_TIMEOUT, unacknowledged_limit_ms);
}

namespace {

struct Peer {
    std::string text;
    bool local = false;
};

Peer describe_ip(const sockaddr_storage& address) {
    std::array<char, INET6_ADDRSTRLEN> text{};
    if (address.ss_family == AF_INET) {
        const auto& v4 = reinterpret_cast<const sockaddr_in&>(address);
        inet_ntop(AF_INET, &v4.sin_addr, text.data(), text.size());
        const auto host = Address::tcp(text.data(), ntohs(v4.sin_port));
        return {to_text(host), is_loopback(host)};
    }
    const auto& v6 = reinterpret_cast<const sockaddr_in6&>(address);
    inet_ntop(AF_INET6, &v6.sin6_addr, text.data(), text.size());
    const auto host = Address::tcp(text.data(), ntohs(v6.sin6_port));
    return {to_text(host), is_loopback(host)};
}

Peer describe_unix(int fd) {
    ucred who{};
    socklen_t size = sizeof who;
    if (::getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &size) != 0) return {"unix", true};
    return {"unix:pid " + std::to_string(who.pid) + " uid " + std::to_string(who.uid), true};
}

Peer describe(int fd) {
    sockaddr_storage address{};
    socklen_t size = sizeof address;
    if (::getpeername(fd, reinterpret_cast<sockaddr*>(&address), &size) != 0) return {"unknown", false};
    return address.ss_family == AF_UNIX ? describe_unix(fd) : describe_ip(address);
}

bool would_block(int error) { return error == EAGAIN || error == EWOULDBLOCK; }

std::unexpected<Error> lost(std::string_view what, int error) {
    return fail(Errc::unavailable, system_error(std::string(what), error).message);
}

std::unexpected<Error> closed_here() { return fail(Errc::unavailable, "the connection is closed"); }

/// What of the parts is still to be sent, as the system call wants it.
class Unsent {
public:
    explicit Unsent(std::span<const std::string_view> parts)
        : parts_(parts) {
        skip_empty();
    }
    bool empty() const { return parts_.empty(); }

    msghdr header() {
        std::size_t count = 0;
        for (std::size_t i = 0; i < parts_.size() && count < pieces_.size(); ++i) {
            auto part = parts_[i];
            if (i == 0) part.remove_prefix(done_);
            if (part.empty()) continue;
            pieces_[count++] = {.iov_base = const_cast<char*>(part.data()), .iov_len = part.size()};
        }
        msghdr message{};
        message.msg_iov = pieces_.data();
        message.msg_iovlen = count;
        return message;
    }
    void advance(std::size_t bytes) {
        done_ += bytes;
        skip_empty();
    }

private:
    void skip_empty() {
        while (!parts_.empty() && done_ >= parts_.front().size()) {
            done_ -= parts_.front().size();
            parts_ = parts_.subspan(1);
        }
    }
    std::span<const std::string_view> parts_;
    std::size_t done_ = 0; ///< of the first part
    std::array<iovec, 16> pieces_{};
};

class FdStream final : public Stream {
public:
    explicit FdStream(SocketPtr socket)
        : socket_(std::move(socket))
        , peer_(describe(socket_->fd())) {}
    ~FdStream() override { socket_->close(); }

    Task<Result<std::size_t>> read_some(std::span<char> into, Duration limit) override {
        const auto socket = socket_;
        if (reads_.over()) co_await yield();
        while (!socket->closed()) {
            const auto got = ::recv(socket->fd(), into.data(), into.size(), 0);
            if (got >= 0) co_return static_cast<std::size_t>(got);
            if (errno == EINTR) continue;
            if (!would_block(errno)) co_return lost("the connection was lost while reading", errno);
            if (!co_await socket->readable(limit)) co_return fail(Errc::timeout, "the peer sent nothing in time");
        }
        co_return closed_here();
    }

    Task<Result<>> write_parts(std::span<const std::string_view> parts, Duration limit) override {
        const auto socket = socket_;
        Unsent unsent(parts);
        if (writes_.over()) co_await yield();
        while (!unsent.empty()) {
            if (socket->closed()) co_return closed_here();
            const auto message = unsent.header();
            const auto sent = ::sendmsg(socket->fd(), &message, MSG_NOSIGNAL);
            if (sent >= 0) {
                unsent.advance(static_cast<std::size_t>(sent));
                continue;
            }
            if (errno == EINTR) continue;
            if (!would_block(errno)) co_return lost("the connection was lost while writing", errno);
            if (!co_await socket->writable(limit)) co_return fail(Errc::timeout, "the peer takes no more data");
        }
        co_return Result<>{};
    }

    void shutdown_write() override {
        if (!socket_->closed()) ::shutdown(socket_->fd(), SHUT_WR);
    }
    void close() override { socket_->close(); }
    std::string peer() const override { return peer_.text; }
    bool peer_is_local() const override { return peer_.local; }

private:
    SocketPtr socket_;
    Peer peer_;
    Turn reads_;
    Turn writes_;
};

} // namespace

StreamPtr make_stream(SocketPtr socket) { return std::make_unique<FdStream>(std::move(socket)); }

} // namespace detail

StreamPtr adopt_socket(Loop& loop, int fd) {
    return detail::make_stream(std::make_shared<detail::Socket>(loop.executor(), fd));
}

} // namespace hk::net
