#pragma once
#include "config/settings.hpp"
#include "host/engine.hpp"
#include "host/sweeps.hpp"
#include "host/usage.hpp"
#include "net/exchange.hpp"
#include "net/websocket.hpp"
#include "proto/link.hpp"

#include <map>

namespace hk::host {

/// The runners' connections: what they say becomes events, what the scheduler orders is sent to them.
/// Loop thread only; the engine outlives it.
class Links {
public:
    Links(net::Loop& loop, Engine& engine, Usage& usage, Duration heartbeat);

    /// Serves one runner until it leaves. Access was checked.
    net::Task<void> serve(net::Exchange& exchange);
    /// Sends orders to a node's runner; nothing happens when it is not connected.
    void order(const NodeName& node, const sched::NodeOrders& orders);
    /// False when the node's runner is not connected. One of an older release skips it.
    bool open_terminal(const NodeName& node, const proto::OpenTerminal& open);
    /// Ends a connection; its serve() then says goodbye to the scheduler.
    void drop(sched::SessionId session);

    /// A node's usage changed.
    std::function<void(const NodeName&)> on_usage;
    /// A node has other versions of environments than before.
    std::function<void()> on_environments;
    std::size_t count() const { return open_.size(); }

private:
    /// Kept here and not in serve(), which may be cancelled while the conversation goes on.
    struct Connection {
        Connection(net::Loop& loop, NodeName name, net::WebSocket its_socket)
            : node(std::move(name))
            , socket(std::move(its_socket))
            , talking(loop) {}
        NodeName node;
        net::WebSocket socket;
        net::TaskGroup talking; ///< cancelled to end it
    };
    Connection* connection_of(const NodeName& node);
    net::Task<void> talk(sched::SessionId session, NodeName node, net::WebSocket& socket);
    net::Task<Result<NodeName>> greet(sched::SessionId session, net::WebSocket& socket);
    bool receive(sched::SessionId session, const NodeName& node, std::string_view text);

    net::Loop& loop_;
    Engine& engine_;
    Usage& usage_;
    Duration heartbeat_;
    Sweeps sweeps_;
    std::int64_t last_session_ = 0;
    std::map<sched::SessionId, std::unique_ptr<Connection>> open_;
};

} // namespace hk::host
