#include "net/listener.hpp"

#include "base/file.hpp"
#include "net/fd_stream.hpp"
#include "net/loop.hpp"
#include "net/resolve.hpp"
#include "net/wait.hpp"

#include <arpa/inet.h>
#include <unistd.h>

#include <cerrno>

namespace hk::net {
using detail::Endpoint;

struct Listener::Impl {
    detail::SocketPtr socket;
    Address address;
    boost::asio::any_io_executor executor;
    detail::Turn turn;
};

namespace {

std::unexpected<Error> cannot_listen(const Address& address, int error) {
    const auto code = error == EADDRINUSE ? Errc::conflict : Errc::io;
    return fail(code, system_error("cannot listen on " + to_text(address), error).message);
}

/// A socket file that a dead process left behind is removed; one that somebody answers on stays.
void remove_dead_socket(const Endpoint& endpoint, const std::string& path) {
    const Fd probe(::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    if (!probe) return;
    const bool refused = ::connect(probe.get(), endpoint.get(), endpoint.size) != 0 && errno == ECONNREFUSED;
    if (refused) ::unlink(path.c_str());
}

std::uint16_t port_of(int fd) {
    Endpoint real;
    real.size = sizeof real.address;
    auto* address = reinterpret_cast<sockaddr*>(&real.address);
    if (::getsockname(fd, address, &real.size) != 0) return 0;
    // The port is at the same place in both families.
    return ntohs(reinterpret_cast<const sockaddr_in&>(real.address).sin_port);
}

Result<Fd> open_socket(const Address& address, const Endpoint& endpoint) {
    Fd fd(::socket(endpoint.family(), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    if (!fd) return cannot_listen(address, errno);
    const int on = 1;
    const bool is_unix = address.kind == Address::Kind::unix_socket;
    if (is_unix) remove_dead_socket(endpoint, address.path);
    else (void)::setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (::bind(fd.get(), endpoint.get(), endpoint.size) != 0) return cannot_listen(address, errno);
    if (::listen(fd.get(), SOMAXCONN) != 0) return cannot_listen(address, errno);
    return fd;
}

/// The peer went away between its SYN and our accept, or its network failed: not our problem.
bool of_the_peer(int error) {
    return error == ECONNABORTED || error == EPROTO || error == EINTR || error == EPERM || error == ENETDOWN ||
           error == EHOSTDOWN || error == EHOSTUNREACH || error == ENETUNREACH || error == EOPNOTSUPP;
}

} // namespace

Result<std::unique_ptr<Listener>> Listener::open(Loop& loop, const Address& address) {
    HK_TRY(const auto endpoints, detail::resolve_for_listening(address));
    HK_TRY(Fd fd, open_socket(address, endpoints.front()));
    auto real = address;
    if (real.kind == Address::Kind::tcp) real.port = port_of(fd.get());
    auto impl = std::make_unique<Impl>();
    impl->executor = loop.executor();
    impl->socket = std::make_shared<detail::Socket>(impl->executor, fd.release());
    impl->address = std::move(real);
    return std::unique_ptr<Listener>(new Listener(std::move(impl)));
}

Listener::Listener(std::unique_ptr<Impl> impl)
    : impl_(std::move(impl)) {}
Listener::~Listener() { close(); }
const Address& Listener::address() const { return impl_->address; }

void Listener::close() {
    if (impl_->socket->closed()) return;
    impl_->socket->close();
    if (impl_->address.kind == Address::Kind::unix_socket) ::unlink(impl_->address.path.c_str());
}

Task<Result<StreamPtr>> Listener::accept() {
    const auto socket = impl_->socket;
    const auto executor = impl_->executor;
    if (impl_->turn.over()) co_await detail::yield();
    while (!socket->closed()) {
        const int fd = ::accept4(socket->fd(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd >= 0) {
            detail::set_options(fd);
            co_return detail::make_stream(std::make_shared<detail::Socket>(executor, fd));
        }
        if (of_the_peer(errno)) continue;
        if (errno != EAGAIN)
            co_return fail(Errc::no_capacity, system_error("cannot accept connections", errno).message);
        (void)co_await socket->readable(no_limit);
    }
    co_return fail(Errc::unavailable, "the listening socket is closed");
}

} // namespace hk::net
