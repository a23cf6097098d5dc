#include "sched/node_life.hpp"

#include "sched/lifecycle.hpp"
#include "sched/reconcile.hpp"

namespace hk::sched {
namespace {

Error no_node(const NodeName& name) { return {Errc::not_found, "there is no node '" + name.value + "'", {}}; }

/// The node, if this message came over its current connection. A message of an older one says nothing any more.
Node* speaking(Context& context, const NodeName& name, SessionId session) {
    const auto found = context.state.nodes.find(name);
    if (found == context.state.nodes.end() || found->second.session != session) return nullptr;
    Node& node = found->second;
    node.last_heard = context.now.mono;
    node.last_seen = context.now.wall;
    return &node;
}

bool is_another_runner(const Node& node, const NodeHello& event) {
    return node.online() && node.session != event.session && node.inventory.state_id != event.inventory.state_id;
}

void take_in(Context& context, Node& node, const NodeHello& event) {
    if (node.session && node.session != event.session) context.effects.dropped.push_back(*node.session);
    node.session = event.session;
    node.inventory = event.inventory;
    node.silent = false;
    node.last_heard = context.now.mono;
    node.last_seen = context.now.wall;
    node.ledger.set_capacity(node.inventory);
    context.save(node);
    context.more_supply();
}

void lose_task(Context& context, Task& task) {
    if (task.kill_requested) {
        finish(context, task,
               outcome_without_node(EndReason::killed, context.now.wall,
                                    "killed while its node was lost; the node stops it when it returns"));
        return;
    }
    placed(task)->stage = Stage::lost;
    context.save(task);
    context.save_attempt(task);
    context.record(task, "lost", "its node has been silent for too long");
}

void fall_silent(Context& context, Node& node) {
    node.silent = true;
    if (node.session) context.effects.dropped.push_back(*node.session);
    node.session.reset();
    context.touch(node.name);
    for (const AttemptId attempt : attempts_on(node))
        if (const auto task = context.state.tasks.find(attempt.task); task != context.state.tasks.end())
            lose_task(context, task->second);
}

} // namespace

std::optional<Error> hello(Context& context, const NodeHello& event) {
    const auto known = context.state.nodes.find(event.name);
    if (known != context.state.nodes.end() && is_another_runner(known->second, event))
        return Error{Errc::conflict,
                     "another runner is connected under the name '" + event.name.value +
                         "'; start this one with a different --name",
                     {}};
    const bool same_records =
        known != context.state.nodes.end() && known->second.inventory.state_id == event.inventory.state_id;
    Node& node = context.state.nodes[event.name];
    if (known == context.state.nodes.end()) {
        node.name = event.name;
        node.first_seen = context.now.wall;
    }
    take_in(context, node, event);
    reconcile(context, node, event.attempts, same_records);
    return std::nullopt;
}

void heartbeat(Context& context, const NodeHeartbeat& event) {
    Node* node = speaking(context, event.name, event.session);
    if (node != nullptr && node->ledger.set_gpu_health(event.gpus)) context.more_supply();
}

void reports(Context& context, const NodeReports& event) {
    Node* node = speaking(context, event.name, event.session);
    if (node == nullptr) return;
    for (const AttemptReport& report : event.attempts) take_report(context, *node, report);
}

void gone(Context& context, const NodeGone& event) {
    const auto found = context.state.nodes.find(event.name);
    if (found == context.state.nodes.end() || found->second.session != event.session) return;
    found->second.session.reset();
    context.touch(event.name);
}

void tick(Context& context) {
    for (auto& [name, node] : context.state.nodes) {
        const bool overdue = context.now.mono - node.last_heard > context.state.settings.silence;
        if (!node.silent && overdue) fall_silent(context, node);
    }
}

std::optional<Error> drain(Context& context, const Drain& event) {
    const auto found = context.state.nodes.find(event.name);
    if (found == context.state.nodes.end()) return no_node(event.name);
    Node& node = found->second;
    if (node.drained == event.drained) return std::nullopt;
    node.drained = event.drained;
    context.save(node);
    if (!event.drained) context.more_supply();
    return std::nullopt;
}

std::optional<Error> remove(Context& context, const RemoveNode& event) {
    const auto found = context.state.nodes.find(event.name);
    if (found == context.state.nodes.end()) return no_node(event.name);
    if (found->second.session)
        return Error{Errc::conflict, "node '" + event.name.value + "' is connected; stop its runner first", {}};
    if (!found->second.ledger.holdings().empty())
        return Error{Errc::conflict, "node '" + event.name.value + "' still has tasks; kill them first", {}};
    context.state.nodes.erase(found);
    context.effects.removed_nodes.push_back(event.name);
    return std::nullopt;
}

} // namespace hk::sched
