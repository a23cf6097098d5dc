#pragma once
#include "net/address.hpp"
#include "net/task.hpp"

#include <sys/socket.h>

#include <vector>

/// Inside net only: from an address to what the socket calls want.
namespace hk::net::detail {

struct Endpoint {
    sockaddr_storage address{};
    socklen_t size = 0;
    int family() const { return address.ss_family; }
    const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&address); }
};

/// Unix sockets and numeric IP addresses; empty for names.
std::vector<Endpoint> literal_endpoints(const Address& address);
/// The same, and names through the system's resolver on a thread of its own.
Task<Result<std::vector<Endpoint>>> resolve(Address address, Duration limit);
/// The same at once, blocking; "*" and "" are every interface. For listening.
Result<std::vector<Endpoint>> resolve_for_listening(const Address& address);

} // namespace hk::net::detail
