#include "net/http_server.hpp"

#include "base/log.hpp"
#include "net/http1_writer.hpp"
#include "net/listener.hpp"
#include "net/server_connection.hpp"
#include "net/wait.hpp"

namespace hk::net {
namespace {

using detail::ServerConnection;
using detail::ServerCore;

Task<void> serve_connection(ServerCore& core, StreamPtr stream) {
    ServerConnection connection(core, std::move(stream));
    co_await connection.run();
}

Task<void> refuse_connection(StreamPtr stream) {
    auto response = text_response(503, "too many connections\n");
    response.headers.set("Content-Length", std::to_string(response.body.size()));
    response.headers.set("Connection", "close");
    auto text = detail::response_head(response.status, response.headers, true) + response.body;
    (void)co_await stream->write_all(text, std::chrono::seconds{1});
}

} // namespace

struct HttpServer::Impl {
    Impl(Loop& loop, ServerLimits limits, Handler handler, BodyRules rules)
        : core{.loop = loop,
               .limits = limits,
               .handler = std::move(handler),
               .rules = std::move(rules),
               .counters = {},
               .stopping = false,
               .all = {},
               .idle = {}} {}

    ServerCore core;
    std::vector<std::unique_ptr<Listener>> listeners;
    // Last: destroyed first, while what their tasks use is still there.
    TaskGroup connections{core.loop};
    TaskGroup acceptors{core.loop};

    Task<void> accept_all(Listener& listener);
    Task<void> take(StreamPtr stream);
    void drop_idle();
};

/// The connections' group says how many there are; those told to drop end on the next turn.
Task<void> HttpServer::Impl::take(StreamPtr stream) {
    ++core.counters.accepted;
    if (connections.size() >= core.limits.connections) {
        if (core.idle.empty()) {
            ++core.counters.refused;
            co_await refuse_connection(std::move(stream));
            co_return;
        }
        core.idle.front()->drop();
    }
    connections.spawn(serve_connection(core, std::move(stream)));
}

Task<void> HttpServer::Impl::accept_all(Listener& listener) {
    constexpr Duration out_of_descriptors_pause = std::chrono::milliseconds{100};
    while (true) {
        auto stream = co_await listener.accept();
        if (stream) {
            co_await take(std::move(*stream));
            continue;
        }
        if (stream.error().code != Errc::no_capacity) co_return;
        log::warn(stream.error().message, {{"connections", connections.size()}});
        if (!core.idle.empty()) core.idle.front()->drop();
        co_await sleep_for(out_of_descriptors_pause);
    }
}

void HttpServer::Impl::drop_idle() {
    const auto idle = core.idle;
    for (auto* connection : idle) connection->drop();
}

HttpServer::HttpServer(Loop& loop, ServerLimits limits, Handler handler, BodyRules rules)
    : impl_(std::make_unique<Impl>(loop, limits, std::move(handler), std::move(rules))) {}
HttpServer::~HttpServer() = default;

Result<Address> HttpServer::listen(const Address& address) {
    HK_TRY(auto listener, Listener::open(impl_->core.loop, address));
    auto& placed = *impl_->listeners.emplace_back(std::move(listener));
    impl_->acceptors.spawn(impl_->accept_all(placed));
    return placed.address();
}

void HttpServer::serve(StreamPtr stream) {
    ++impl_->core.counters.accepted;
    impl_->connections.spawn(serve_connection(impl_->core, std::move(stream)));
}

Task<void> HttpServer::stop(Duration limit) {
    auto& impl = *impl_;
    impl.core.stopping = true;
    for (auto& listener : impl.listeners) listener->close();
    impl.acceptors.cancel();
    co_await impl.acceptors.join();
    impl.drop_idle();
    for (auto* connection : impl.core.all) connection->announce_stop();
    (void)co_await detail::finished_within(limit, impl.connections.join());
    impl.connections.cancel();
    co_await impl.connections.join();
}

ServerCounters HttpServer::counters() const {
    auto counters = impl_->core.counters;
    counters.connections = impl_->connections.size();
    return counters;
}

} // namespace hk::net
