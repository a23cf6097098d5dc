#include "sched/batch_limits.hpp"

#include "sched/lifecycle.hpp"

namespace hk::sched {
namespace {

bool has_limits(const TaskSpec& spec) { return spec.max_running > 0 || spec.max_fails; }

/// The ids of a batch follow each other.
void give_up(Context& context, const Batch& batch) {
    for (std::int64_t id = batch.id.value; id < batch.id.value + batch.total; ++id) {
        const auto found = context.state.tasks.find(TaskId{id});
        if (found == context.state.tasks.end()) continue;
        if (std::holds_alternative<Waiting>(found->second.phase))
            finish(context, found->second,
                   outcome_without_node(EndReason::killed, context.now.wall,
                                        "not started: too many tasks of its batch failed"));
        else (void)kill(context, TaskId{id});
    }
}

} // namespace

void note_task(State& state, const Task& task) {
    if (has_limits(task.spec())) ++state.tallies[task.batch->id].left;
}

void note_coming(Context& context, const Batch& batch, std::int64_t coming) {
    if (!has_limits(*batch.spec)) return;
    Tally& tally = context.state.tallies[batch.id];
    tally.coming = coming;
    if (tally.given_up) give_up(context, batch);
}

void note_start(State& state, const Task& task) {
    if (!has_limits(task.spec())) return;
    Tally& tally = state.tallies[task.batch->id];
    tally.most = task.spec().max_running;
    ++tally.running;
}

void note_end(Context& context, const Task& task, bool had_place) {
    if (!has_limits(task.spec())) return;
    Tally& tally = context.state.tallies[task.batch->id];
    if (had_place) --tally.running;
    const TaskState state = state_of(task);
    if (state == TaskState::failed || state == TaskState::killed_oom) ++tally.failed;
    const auto& most = task.spec().max_fails;
    const bool too_many = most && tally.failed > *most && !std::exchange(tally.given_up, true);
    if (--tally.left == 0 && tally.coming == 0) context.state.tallies.erase(task.batch->id);
    else if (too_many) give_up(context, *task.batch);
}

bool at_limit(const State& state, const Shape& shape) {
    if (shape.limited == BatchId{}) return false;
    const auto tally = state.tallies.find(shape.limited);
    return tally != state.tallies.end() && tally->second.most > 0 && tally->second.running >= tally->second.most;
}

} // namespace hk::sched
