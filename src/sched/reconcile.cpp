#include "sched/reconcile.hpp"

#include "sched/lifecycle.hpp"

#include <set>

namespace hk::sched {
namespace {

/// The task whose current attempt this is and whose place is this node; null when the Host has no use for it.
Task* wanted(Context& context, const Node& node, AttemptId attempt) {
    const auto found = context.state.tasks.find(attempt.task);
    if (found == context.state.tasks.end()) return nullptr;
    Task& task = found->second;
    const Placed* at = placed(task);
    return at != nullptr && task.attempt == attempt.number && at->placement.node == node.name ? &task : nullptr;
}

void take_stray(Context& context, Node& node, const AttemptReport& report) {
    NodeOrders& orders = context.orders(node.name);
    if (report.phase == AttemptPhase::ended) {
        orders.forget.push_back(report.attempt);
        if (node.strays.erase(report.attempt) > 0 && node.strays.empty()) context.more_supply();
    } else if (node.strays.insert(report.attempt).second) {
        orders.stop.push_back({report.attempt, context.state.settings.kill_grace});
    }
    context.touch(node.name);
}

bool never_began(const Placed& at) { return !at.started_at; }

/// The Host wants this attempt and the runner does not know it.
void settle_missing(Context& context, Node& node, Task& task, bool same_records) {
    Placed& at = *placed(task);
    if (!same_records || !never_began(at)) {
        finish(context, task,
               outcome_without_node(EndReason::interrupted, context.now.wall,
                                    "node " + node.name.value + " has no record of it any more"));
    } else if (task.kill_requested) {
        finish(context, task, outcome_without_node(EndReason::killed, context.now.wall, "killed before it started"));
    } else {
        if (at.stage == Stage::lost) {
            at.stage = Stage::assigning;
            context.save(task);
            context.save_attempt(task);
            context.record(task, "assigned", "again: its node returned and had not started it");
        }
        context.orders(node.name).start.push_back(
            {task.attempt_id(), task.batch, task.index, at.placement, task.environment_version});
    }
}

} // namespace

std::vector<AttemptId> attempts_on(const Node& node) {
    std::vector<AttemptId> attempts;
    for (const auto& [attempt, holding] : node.ledger.holdings()) attempts.push_back(attempt);
    return attempts;
}

void take_report(Context& context, Node& node, const AttemptReport& report) {
    if (Task* task = wanted(context, node, report.attempt)) apply(context, *task, report);
    else take_stray(context, node, report);
}

void reconcile(Context& context, Node& node, const std::vector<AttemptReport>& reported, bool same_records) {
    node.strays.clear();
    std::set<AttemptId> known;
    for (const AttemptReport& report : reported) {
        known.insert(report.attempt);
        take_report(context, node, report);
        const Task* task = wanted(context, node, report.attempt);
        if (task != nullptr && task->kill_requested)
            context.orders(node.name).stop.push_back({report.attempt, context.state.settings.kill_grace});
    }
    for (const AttemptId attempt : attempts_on(node)) {
        if (known.contains(attempt)) continue;
        if (Task* task = wanted(context, node, attempt)) settle_missing(context, node, *task, same_records);
    }
}

} // namespace hk::sched
