#include "host/api/nodes.hpp"

#include "host/api/reply.hpp"
#include "host/node_view.hpp"
#include "proto/task_api.hpp"

namespace hk::host {
namespace {

Error no_node(const NodeName& name) { return {Errc::not_found, "there is no node '" + name.value + "'", {}}; }

net::Task<void> set_drained(net::Exchange& exchange, Api& api, bool drained) {
    const auto name = node_of(exchange.request());
    if (!name) co_return co_await refuse(exchange, name.error());
    const auto told = api.engine.tell(sched::Drain{*name, drained});
    if (!told) co_return co_await refuse(exchange, told.error());
    const proto::MessageReply message{"node " + name->value +
                                      (drained ? " finishes what it has and takes nothing new" : " takes tasks again")};
    co_await reply(exchange, proto::to_json(message));
}

} // namespace

net::Task<void> list_nodes(net::Exchange& exchange, Api& api) {
    proto::NodeList list;
    const sched::State& state = api.engine.state();
    for (const auto& [name, node] : state.nodes) list.nodes.push_back(view_of(state, node, api.usage.of(name)));
    co_await reply(exchange, proto::to_json(list));
}

net::Task<void> get_node(net::Exchange& exchange, Api& api) {
    const auto name = node_of(exchange.request());
    if (!name) co_return co_await refuse(exchange, name.error());
    const auto node = api.engine.state().nodes.find(*name);
    if (node == api.engine.state().nodes.end()) co_return co_await refuse(exchange, no_node(*name));
    co_await reply(exchange, proto::to_json(view_of(api.engine.state(), node->second, api.usage.of(*name))));
}

net::Task<void> drain_node(net::Exchange& exchange, Api& api) { return set_drained(exchange, api, true); }
net::Task<void> undrain_node(net::Exchange& exchange, Api& api) { return set_drained(exchange, api, false); }

net::Task<void> remove_node(net::Exchange& exchange, Api& api) {
    const auto name = node_of(exchange.request());
    if (!name) co_return co_await refuse(exchange, name.error());
    const auto told = api.engine.tell(sched::RemoveNode{*name});
    if (!told) co_return co_await refuse(exchange, told.error());
    api.usage.forget(*name);
    const proto::MessageReply message{"node " + name->value + " is removed"};
    co_await reply(exchange, proto::to_json(message));
}

net::Task<void> get_health(net::Exchange& exchange, Api& api) {
    if (exchange.request().query_value("range") == "hour")
        co_return co_await reply(exchange, proto::to_json(api.health.hour()));
    std::optional<NodeName> node;
    if (const auto wanted = exchange.request().query_value("hostname")) {
        node = NodeName{std::string(*wanted)};
        if (!api.engine.state().nodes.contains(*node)) co_return co_await refuse(exchange, no_node(*node));
    }
    co_await reply(exchange, proto::to_json(api.health.history(node)));
}

} // namespace hk::host
