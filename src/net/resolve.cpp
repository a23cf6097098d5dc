#include "net/resolve.hpp"

#include <arpa/inet.h>
#include <netdb.h>
#include <sys/un.h>

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/this_coro.hpp>

#include <algorithm>
#include <cstring>

namespace hk::net::detail {
namespace asio = boost::asio;
namespace {

Endpoint endpoint_of(const void* address, std::size_t size) {
    Endpoint endpoint;
    std::memcpy(&endpoint.address, address, size);
    endpoint.size = static_cast<socklen_t>(size);
    return endpoint;
}

Endpoint unix_endpoint(const std::string& path) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path.copy(address.sun_path, sizeof address.sun_path - 1);
    return endpoint_of(&address, sizeof address);
}

std::unexpected<Error> not_resolved(const Address& address, std::string_view why) {
    return fail(Errc::unavailable,
                "the host name of " + to_text(address) + " could not be resolved: " + std::string(why));
}

/// Outlives a caller that gives up: the resolver's thread cannot be stopped.
struct Lookup {
    explicit Lookup(const asio::any_io_executor& executor)
        : resolver(executor) {}
    asio::ip::tcp::resolver resolver;
    Signal finished;
    bool done = false;
    std::string problem;
    std::vector<Endpoint> found;
};

void start(const std::shared_ptr<Lookup>& lookup, const Address& address) {
    lookup->resolver.async_resolve(
        address.host, std::to_string(address.port), asio::ip::resolver_base::numeric_service,
        [lookup](const boost::system::error_code& error, const asio::ip::tcp::resolver::results_type& results) {
            lookup->done = true;
            if (error) lookup->problem = error.message();
            for (const auto& entry : results) {
                const auto endpoint = entry.endpoint();
                lookup->found.push_back(endpoint_of(endpoint.data(), endpoint.size()));
            }
            lookup->finished.notify_all();
        });
}

} // namespace

std::vector<Endpoint> literal_endpoints(const Address& address) {
    if (address.kind == Address::Kind::unix_socket) return {unix_endpoint(address.path)};
    sockaddr_in v4{};
    v4.sin_family = AF_INET;
    v4.sin_port = htons(address.port);
    if (inet_pton(AF_INET, address.host.c_str(), &v4.sin_addr) == 1) return {endpoint_of(&v4, sizeof v4)};
    sockaddr_in6 v6{};
    v6.sin6_family = AF_INET6;
    v6.sin6_port = htons(address.port);
    if (inet_pton(AF_INET6, address.host.c_str(), &v6.sin6_addr) == 1) return {endpoint_of(&v6, sizeof v6)};
    return {};
}

Task<Result<std::vector<Endpoint>>> resolve(Address address, Duration limit) {
    auto literal = literal_endpoints(address);
    if (!literal.empty()) co_return literal;
    const auto lookup = std::make_shared<Lookup>(co_await asio::this_coro::executor);
    start(lookup, address);
    while (!lookup->done) {
        if (!co_await lookup->finished.wait(limit)) co_return not_resolved(address, "no answer in time");
    }
    if (lookup->found.empty()) co_return not_resolved(address, lookup->problem);
    co_return std::move(lookup->found);
}

Result<std::vector<Endpoint>> resolve_for_listening(const Address& address) {
    auto literal = literal_endpoints(address);
    if (!literal.empty()) return literal;
    addrinfo hints{};
    hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV;
    hints.ai_socktype = SOCK_STREAM;
    const bool every = address.host.empty() || address.host == "*";
    if (every) hints.ai_family = AF_INET;
    addrinfo* list = nullptr;
    const auto port = std::to_string(address.port);
    const int error = ::getaddrinfo(every ? nullptr : address.host.c_str(), port.c_str(), &hints, &list);
    if (error != 0) return not_resolved(address, gai_strerror(error));
    std::vector<Endpoint> found;
    for (const auto* entry = list; entry; entry = entry->ai_next) {
        found.push_back(endpoint_of(entry->ai_addr, entry->ai_addrlen));
    }
    freeaddrinfo(list);
    // One socket is opened: for a name with both kinds of addresses, IPv4 is what people expect.
    std::ranges::partition(found, [](const Endpoint& e) { return e.family() == AF_INET; });
    return found;
}

} // namespace hk::net::detail
