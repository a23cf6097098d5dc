#include "sched/context.hpp"

namespace hk::sched {

void Context::save_attempt(const Task& task) {
    AttemptSnapshot snapshot{.id = task.attempt_id(), .state = state_of(task)};
    if (const Placed* at = placed(task)) {
        snapshot.placement = at->placement;
        snapshot.assigned_at = at->assigned_at;
        snapshot.started_at = at->started_at;
    } else if (const auto* ended = std::get_if<Ended>(&task.phase); ended != nullptr && ended->placement) {
        snapshot.placement = *ended->placement;
        snapshot.assigned_at = ended->assigned_at;
        snapshot.started_at = ended->outcome.started_at;
        snapshot.outcome = ended->outcome;
    } else {
        return; // no attempt was made
    }
    effects.attempts.push_back(std::move(snapshot));
}

void Context::record(const Task& task, std::string kind, std::string detail) {
    TaskEvent event{.task = task.id, .at = now.wall, .kind = std::move(kind), .detail = std::move(detail)};
    if (const Placed* at = placed(task)) event.node = at->placement.node.value;
    if (const auto* ended = std::get_if<Ended>(&task.phase); ended != nullptr && ended->placement)
        event.node = ended->placement->node.value;
    effects.events.push_back(std::move(event));
}

} // namespace hk::sched
