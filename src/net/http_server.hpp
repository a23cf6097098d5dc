#pragma once
#include "net/exchange.hpp"

namespace hk::net {

/// All limits of the server in one place; every one has a test that reaches it.
struct ServerLimits {
    std::size_t connections = 1024;                  ///< above: the longest idle one is dropped, else 503
    std::size_t header_bytes = 16 * 1024;            ///< request line and headers; above: 431
    std::size_t body_bytes = 4 * 1024 * 1024;        ///< unless the body rule says something else; above: 413
    Duration header_time = std::chrono::seconds{10}; ///< from the first byte of a request to the end of its head
    Duration body_time = std::chrono::seconds{30};   ///< longest silence inside a body
    Duration idle_time = std::chrono::seconds{60};   ///< between two requests of a connection
    Duration write_time = std::chrono::seconds{15};  ///< longest time a peer takes nothing
};

/// How the body of a request is to be received, decided from its head.
struct BodyRule {
    std::optional<std::size_t> limit; ///< empty: ServerLimits::body_bytes
    bool streaming = false;           ///< the handler reads it with read_body_chunk; Request::body stays empty
};

using Handler = std::function<Task<void>(Exchange&)>;
using BodyRules = std::function<BodyRule(const Request& head)>;

struct ServerCounters {
    std::size_t connections = 0; ///< now
    std::size_t exchanges = 0;   ///< handlers running now
    std::uint64_t accepted = 0;
    std::uint64_t refused = 0; ///< 503 because of the connection limit
    std::uint64_t requests = 0;
    std::uint64_t malformed = 0; ///< answered 400, 413, 431 or 501 by the server itself
};

/// HTTP/1.0 and 1.1 on any number of addresses. Owned by the wiring; loop thread only. Destroy it
/// after stop() has resumed, or when the loop does not run any more.
class HttpServer {
public:
    HttpServer(Loop& loop, ServerLimits limits, Handler handler, BodyRules rules = {});
    ~HttpServer();

    /// Starts to accept. Returns the address with the real port.
    Result<Address> listen(const Address& address);
    /// Serves one connection that was accepted elsewhere; tests give it one end of memory_pair.
    void serve(StreamPtr stream);
    /// Stops to accept, closes idle connections, tells handlers through gone(), gives them `limit`
    /// to finish, then ends them.
    Task<void> stop(Duration limit);
    ServerCounters counters() const;

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

} // namespace hk::net
