#include "sched/state.hpp"

#include "sched/batch_limits.hpp"

#include <algorithm>

namespace hk::sched {
namespace {

void restore_task(State& state, Task task) {
    const Shape shape = shape_of(task);
    note_task(state, task);
    if (const Placed* at = placed(task)) {
        // A node that was removed while its task was alive cannot happen; a database edited by hand can.
        if (const auto node = state.nodes.find(at->placement.node); node != state.nodes.end())
            node->second.ledger.hold(task.attempt_id(), shape, at->placement);
        note_start(state, task);
    } else {
        auto& waiting = std::get<Waiting>(task.phase);
        waiting.order = state.queue.next_key(task.spec(), task.id);
        if (!waiting.held) state.queue.add(shape, waiting.order);
    }
    const TaskId id = task.id;
    state.tasks.emplace(id, std::move(task));
}

} // namespace

State restore(Settings settings, Restored restored, Now now) {
    State state;
    state.settings = settings;
    state.next_id = restored.next_id;
    for (Node& node : restored.nodes) {
        node.last_heard = now.mono; // silence counts from now: nobody could have been heard before
        node.ledger.set_capacity(node.inventory);
        const NodeName name = node.name;
        state.nodes.emplace(name, std::move(node));
    }
    std::ranges::sort(restored.tasks, {}, &Task::id);
    for (const auto& [batch, failed] : restored.failed) state.tallies[batch].failed = failed;
    state.tasks.reserve(restored.tasks.size());
    // Each task's memory is given back as soon as it was taken in: there may be a hundred thousand.
    for (; !restored.tasks.empty(); restored.tasks.pop_front()) restore_task(state, std::move(restored.tasks.front()));
    return state;
}

} // namespace hk::sched
