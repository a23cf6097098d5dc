#include "sched/task.hpp"

#include <utility>

namespace hk::sched {
namespace {

TaskState state_of(Stage stage) {
    switch (stage) {
    case Stage::assigning: return TaskState::assigning;
    case Stage::running: return TaskState::running;
    case Stage::paused: return TaskState::paused;
    case Stage::lost: return TaskState::lost;
    }
    std::unreachable();
}

} // namespace

TaskState state_of(const Task& task) {
    if (const auto* ended = std::get_if<Ended>(&task.phase)) return final_state(ended->outcome);
    if (const auto* at = placed(task)) return state_of(at->stage);
    const auto* waiting = std::get_if<Waiting>(&task.phase);
    return waiting != nullptr && waiting->held ? TaskState::paused : TaskState::pending;
}

const Placed* placed(const Task& task) { return std::get_if<Placed>(&task.phase); }
Placed* placed(Task& task) { return std::get_if<Placed>(&task.phase); }

} // namespace hk::sched
