#include "sched/lifecycle.hpp"

#include "sched/batch_limits.hpp"

#include <utility>

namespace hk::sched {
namespace {

Error unknown(TaskId id) { return {Errc::not_found, "task " + to_string(id) + " does not exist or has ended", {}}; }

Error not_now(const Task& task, std::string_view verb, std::string_view why) {
    return {
        Errc::conflict, "task " + to_string(task.id) + " cannot be " + std::string(verb) + ": " + std::string(why), {}};
}

Node* node_of(Context& context, const Task& task) {
    const Placed* at = placed(task);
    const auto node = at == nullptr ? context.state.nodes.end() : context.state.nodes.find(at->placement.node);
    return node == context.state.nodes.end() ? nullptr : &node->second;
}

void leave_queue(Context& context, const Task& task, const Waiting& waiting) {
    const Shape shape = shape_of(task);
    context.state.queue.remove(shape, waiting.order);
    const auto blocked = context.state.blocked.find(shape);
    if (blocked == context.state.blocked.end() || blocked->second.head != waiting.order) return;
    context.state.blocked.erase(blocked); // what was kept for it is free for others
    context.more_supply();
}

void leave_node(Context& context, const Task& task) {
    Node* node = node_of(context, task);
    if (node == nullptr) return;
    node->ledger.release(task.attempt_id());
    context.touch(node->name);
    context.more_supply();
}

Stage stage_of(AttemptPhase phase) {
    switch (phase) {
    case AttemptPhase::accepted: return Stage::assigning;
    case AttemptPhase::running: return Stage::running;
    case AttemptPhase::paused: return Stage::paused;
    case AttemptPhase::ended: break;
    }
    std::unreachable();
}

void kill_placed(Context& context, Task& task, Node* node) {
    if (!task.kill_requested) {
        task.kill_requested = true;
        context.save(task);
        context.record(task, "kill requested");
    }
    if (node != nullptr && node->online())
        context.orders(node->name).stop.push_back({task.attempt_id(), context.state.settings.kill_grace});
}

/// A task that waits is paused by taking it out of the queue.
std::optional<Error> hold(Context& context, Task& task, Waiting& waiting) {
    if (waiting.held) return not_now(task, "paused", "it is paused already");
    leave_queue(context, task, waiting);
    waiting.held = true;
    context.save(task);
    context.record(task, "paused", "before it started");
    return std::nullopt;
}

std::optional<Error> let_go(Context& context, Task& task, Waiting& waiting) {
    waiting.held = false;
    context.state.queue.add(shape_of(task), waiting.order);
    context.look = true;
    context.save(task);
    context.record(task, "resumed", "before it started");
    return std::nullopt;
}

} // namespace

Outcome outcome_without_node(EndReason reason, Time at, std::string message) {
    return Outcome{.reason = reason, .finished_at = at, .message = std::move(message)};
}

void finish(Context& context, Task& task, Outcome outcome) {
    Ended ended{.outcome = std::move(outcome)};
    const bool had_place = placed(task) != nullptr;
    if (const auto* waiting = std::get_if<Waiting>(&task.phase)) {
        leave_queue(context, task, *waiting);
    } else if (const Placed* at = placed(task)) {
        leave_node(context, task);
        ended.placement = at->placement;
        ended.assigned_at = at->assigned_at;
        if (!ended.outcome.started_at) ended.outcome.started_at = at->started_at;
    }
    task.progress.clear();
    task.phase = std::move(ended);
    const Outcome& last = std::get<Ended>(task.phase).outcome;
    context.save(task);
    context.save_attempt(task);
    context.record(task, "ended", last.message);
    const auto last_word = context.state.tasks.extract(TaskId{task.id});
    note_end(context, last_word.mapped(), had_place);
}

std::optional<Error> kill(Context& context, TaskId id) {
    const auto found = context.state.tasks.find(id);
    if (found == context.state.tasks.end()) return unknown(id);
    Task& task = found->second;
    const Placed* at = placed(task);
    if (at == nullptr) {
        finish(context, task, outcome_without_node(EndReason::killed, context.now.wall, "killed before it started"));
    } else if (at->stage == Stage::lost) {
        task.kill_requested = true;
        finish(context, task,
               outcome_without_node(EndReason::killed, context.now.wall,
                                    "killed while its node was lost; the node stops it when it returns"));
    } else {
        kill_placed(context, task, node_of(context, task));
    }
    return std::nullopt;
}

std::optional<Error> pause(Context& context, TaskId id) {
    const auto found = context.state.tasks.find(id);
    if (found == context.state.tasks.end()) return unknown(id);
    Task& task = found->second;
    if (auto* waiting = std::get_if<Waiting>(&task.phase)) return hold(context, task, *waiting);
    const Placed* at = placed(task);
    if (task.kill_requested) return not_now(task, "paused", "it is being killed");
    if (at->stage == Stage::paused) return not_now(task, "paused", "it is paused already");
    if (at->stage == Stage::assigning) return not_now(task, "paused", "it is just being started");
    Node* node = node_of(context, task);
    if (node == nullptr || !node->online()) return not_now(task, "paused", "its node is offline");
    context.orders(node->name).pause.push_back(task.attempt_id());
    return std::nullopt;
}

std::optional<Error> resume(Context& context, TaskId id) {
    const auto found = context.state.tasks.find(id);
    if (found == context.state.tasks.end()) return unknown(id);
    Task& task = found->second;
    if (auto* waiting = std::get_if<Waiting>(&task.phase); waiting != nullptr && waiting->held)
        return let_go(context, task, *waiting);
    const Placed* at = placed(task);
    if (at == nullptr || at->stage != Stage::paused) return not_now(task, "resumed", "it is not paused");
    Node* node = node_of(context, task);
    if (node == nullptr || !node->online()) return not_now(task, "resumed", "its node is offline");
    context.orders(node->name).resume.push_back(task.attempt_id());
    return std::nullopt;
}

void withdraw(Context& context, TaskId id) {
    const auto found = context.state.tasks.find(id);
    if (found == context.state.tasks.end()) return;
    finish(context, found->second,
           outcome_without_node(EndReason::killed, context.now.wall, "withdrawn: the submission could not be saved"));
}

void apply(Context& context, Task& task, const AttemptReport& report) {
    if (report.phase == AttemptPhase::ended) {
        const NodeName node = placed(task)->placement.node;
        const AttemptId attempt = task.attempt_id();
        if (!report.warnings.empty()) task.warnings = report.warnings;
        finish(context, task,
               report.outcome.value_or(Outcome{.reason = EndReason::interrupted, .finished_at = context.now.wall}));
        context.orders(node).forget.push_back(attempt);
        return;
    }
    Placed& at = *placed(task);
    const Stage stage = stage_of(report.phase);
    const bool moved = at.stage != stage;
    if (!report.refused.empty()) context.record(task, "refused", report.refused);
    if (!moved && task.progress == report.progress && task.warnings == report.warnings) return;
    at.stage = stage;
    if (report.started_at) at.started_at = report.started_at;
    task.progress = report.progress;
    task.warnings = report.warnings;
    context.save(task);
    if (!moved) return;
    context.save_attempt(task);
    context.record(task, std::string(to_string(state_of(task))));
}

} // namespace hk::sched
