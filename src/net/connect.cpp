#include "net/fd_stream.hpp"
#include "net/resolve.hpp"
#include "net/wait.hpp"

#include <boost/asio/this_coro.hpp>

#include <cerrno>

namespace hk::net {
namespace {
namespace asio = boost::asio;
using detail::Deadline;
using detail::Endpoint;
using detail::SocketPtr;

std::unexpected<Error> unreachable(const Address& address, int error) {
    return fail(Errc::unavailable, system_error("cannot connect to " + to_text(address), error).message);
}

std::unexpected<Error> too_slow(const Address& address) {
    return fail(Errc::timeout, to_text(address) + " did not answer in time");
}

/// 0, or the error. A unix socket whose queue is full says EAGAIN: there is nothing to wait for but
/// time.
Task<int> connect_socket(SocketPtr socket, Endpoint endpoint, Deadline deadline) {
    constexpr Duration full_queue_pause = std::chrono::milliseconds{5};
    while (::connect(socket->fd(), endpoint.get(), endpoint.size) != 0) {
        if (errno == EINTR) continue;
        if (errno == EAGAIN && !deadline.over()) {
            co_await sleep_for(full_queue_pause);
            continue;
        }
        if (errno != EINPROGRESS) co_return errno;
        if (!co_await socket->writable(deadline.left())) co_return ETIMEDOUT;
        int error = 0;
        socklen_t size = sizeof error;
        if (::getsockopt(socket->fd(), SOL_SOCKET, SO_ERROR, &error, &size) != 0) co_return errno;
        co_return error;
    }
    co_return 0;
}

/// The stream, or null and the error.
Task<StreamPtr> try_endpoint(Endpoint endpoint, Duration limit, int& error) {
    const auto executor = co_await asio::this_coro::executor;
    const int fd = ::socket(endpoint.family(), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    error = errno;
    if (fd < 0) co_return nullptr;
    const auto socket = std::make_shared<detail::Socket>(executor, fd);
    error = co_await connect_socket(socket, endpoint, Deadline(limit));
    if (error == 0) {
        detail::set_options(fd);
        co_return detail::make_stream(socket);
    }
    socket->close();
    co_return nullptr;
}

/// What is left, shared among the addresses that are left: one that swallows packets does not use
/// up all of it.
Duration share(const Deadline& deadline, std::size_t addresses_left) {
    const auto left = deadline.left();
    return left == no_limit ? left : left / static_cast<int>(addresses_left);
}

} // namespace

Task<Result<StreamPtr>> connect(Address address, Duration limit) {
    const Deadline deadline(limit);
    const auto endpoints = co_await detail::resolve(address, limit);
    if (!endpoints) co_return fail(endpoints.error());
    int last_error = 0;
    for (std::size_t i = 0; i < endpoints->size(); ++i) {
        const auto time = share(deadline, endpoints->size() - i);
        auto stream = co_await try_endpoint((*endpoints)[i], time, last_error);
        if (stream) co_return Result<StreamPtr>(std::move(stream));
    }
    if (last_error == ETIMEDOUT) co_return too_slow(address);
    co_return unreachable(address, last_error);
}

} // namespace hk::net
