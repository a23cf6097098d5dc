#include "host/links.hpp"

#include "base/log.hpp"

#include <variant>

namespace hk::host {
namespace {

/// A runner that connects says hello at once.
constexpr Duration hello_limit = std::chrono::seconds(10);
/// Orders for one runner that it has not taken yet. A node that comes back gets all that it shall start at once.
constexpr std::size_t most_waiting = 256 << 20;

proto::Orders to_wire(const sched::NodeOrders& orders, Sweeps& sweeps) {
    proto::Orders wire;
    for (const auto& start : orders.start)
        wire.start.push_back({.attempt = start.attempt,
                              .spec = sweeps.spec_of(start.batch->spec, start.index),
                              .placement = start.placement,
                              .environment_version = start.environment_version});
    for (const auto& stop : orders.stop) wire.stop.push_back({stop.attempt, stop.grace});
    wire.pause = orders.pause;
    wire.resume = orders.resume;
    wire.forget = orders.forget;
    return wire;
}

Error wrong_protocol(int theirs) {
    return {Errc::unsupported,
            "this Host speaks version " + std::to_string(proto::link_protocol) +
                " of the runners' protocol and the runner " + std::to_string(theirs) +
                "; install the same release on both",
            {}};
}

} // namespace

Links::Links(net::Loop& loop, Engine& engine, Usage& usage, Duration heartbeat)
    : loop_(loop)
    , engine_(engine)
    , usage_(usage)
    , heartbeat_(heartbeat) {}

net::Task<void> Links::serve(net::Exchange& exchange) {
    const net::WebSocketLimits limits{.backlog_bytes = most_waiting, .idle_time = 3 * heartbeat_};
    auto upgraded = co_await exchange.upgrade(limits);
    if (!upgraded) co_return;
    net::WebSocket socket = std::move(*upgraded);
    const sched::SessionId session{++last_session_};
    auto node = co_await greet(session, socket);
    if (!node) {
        log::warn("a runner was not taken in", {{"peer", socket.peer()}, {"why", node.error().message}});
        (void)socket.send_text(proto::to_json(proto::Rejected{node.error().message}));
        co_await socket.close();
        co_return;
    }
    log::info("node connected", {{"node", node->value}, {"peer", socket.peer()}});
    auto made = std::make_unique<Connection>(loop_, *node, std::move(socket));
    Connection& connection = *made;
    open_.emplace(session, std::move(made));
    connection.talking.spawn(talk(session, *node, connection.socket));
    co_await connection.talking.join();
    open_.erase(session);
    log::info("node disconnected", {{"node", node->value}});
    (void)engine_.tell(sched::NodeGone{session, *node});
}

net::Task<Result<NodeName>> Links::greet(sched::SessionId session, net::WebSocket& socket) {
    auto reading = socket.read();
    auto text = co_await net::with_deadline(hello_limit, "the runner did not say hello", std::move(reading));
    if (!text) co_return fail(text.error());
    auto message = proto::parse_runner_message(*text);
    if (!message) co_return fail(message.error());
    auto* hello = std::get_if<proto::Hello>(&*message);
    if (hello == nullptr) co_return fail(Errc::invalid, "the first message of a runner must be its hello");
    if (hello->protocol != proto::link_protocol) co_return fail(wrong_protocol(hello->protocol));
    const NodeName name = hello->name;
    const sched::Event event(sched::NodeHello{session, name, std::move(hello->inventory), std::move(hello->attempts)});
    if (auto taken = engine_.tell(event); !taken) co_return fail(taken.error());
    const auto heartbeat = std::chrono::duration_cast<std::chrono::milliseconds>(heartbeat_);
    (void)socket.send_text(proto::to_json(proto::Welcome{.heartbeat_ms = static_cast<int>(heartbeat.count())}));
    co_return name;
}

net::Task<void> Links::talk(sched::SessionId session, NodeName node, net::WebSocket& socket) {
    for (;;) {
        auto text = co_await socket.read();
        if (!text || !receive(session, node, *text)) co_return;
    }
}

bool Links::receive(sched::SessionId session, const NodeName& node, std::string_view text) {
    auto message = proto::parse_runner_message(text);
    if (!message) {
        log::warn("a runner said something that makes no sense; its connection is cut",
                  {{"node", node.value}, {"why", message.error().message}});
        return false;
    }
    if (auto* heartbeat = std::get_if<proto::Heartbeat>(&*message)) {
        (void)engine_.tell(sched::NodeHeartbeat{session, node, heartbeat->usage.gpus});
        const NodeUsage* before = usage_.of(node);
        const bool same = before != nullptr && before->environments == heartbeat->usage.environments;
        usage_.set(node, std::move(heartbeat->usage));
        on_usage(node);
        if (!same) on_environments();
    } else if (auto* reports = std::get_if<proto::Reports>(&*message)) {
        (void)engine_.tell(sched::NodeReports{session, node, std::move(reports->attempts)});
    } else if (std::holds_alternative<proto::Hello>(*message)) {
        return false; // one hello per connection
    }
    return true;
}

Links::Connection* Links::connection_of(const NodeName& node) {
    const auto found = engine_.state().nodes.find(node);
    if (found == engine_.state().nodes.end() || !found->second.session) return nullptr;
    const auto connection = open_.find(*found->second.session);
    return connection == open_.end() ? nullptr : connection->second.get();
}

void Links::order(const NodeName& node, const sched::NodeOrders& orders) {
    Connection* connection = connection_of(node);
    if (connection == nullptr) return;
    for (const proto::Orders& part : proto::split(to_wire(orders, sweeps_)))
        (void)connection->socket.send_text(proto::to_json(part));
}

bool Links::open_terminal(const NodeName& node, const proto::OpenTerminal& open) {
    Connection* connection = connection_of(node);
    return connection != nullptr && connection->socket.send_text(proto::to_json(open));
}

void Links::drop(sched::SessionId session) {
    const auto connection = open_.find(session);
    if (connection != open_.end()) connection->second->talking.cancel();
}

} // namespace hk::host
