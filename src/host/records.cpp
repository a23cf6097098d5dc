#include "host/records.hpp"

#include <unordered_map>

namespace hk::host {
namespace {

void fill(store::TaskRecord& record, const sched::Placed& at) {
    record.placement = at.placement;
    record.started_at = at.started_at;
}

void fill(store::TaskRecord& record, const sched::Ended& ended) {
    record.placement = ended.placement;
    record.started_at = ended.outcome.started_at;
    record.completed_at = ended.outcome.finished_at;
    record.outcome = ended.outcome;
}

void fill(store::TaskRecord&, const sched::Waiting&) {}

store::AttemptRecord record_of(const sched::AttemptSnapshot& attempt) {
    return {.id = attempt.id,
            .placement = attempt.placement,
            .state = attempt.state,
            .assigned_at = attempt.assigned_at,
            .started_at = attempt.started_at,
            .outcome = attempt.outcome};
}

store::NodeRecord record_of(const sched::NodeSnapshot& node) {
    return {.name = node.name,
            .inventory = node.inventory,
            .drained = node.drained,
            .first_seen = node.first_seen,
            .last_seen = node.last_seen};
}

store::EventRecord record_of(const sched::TaskEvent& event) {
    return {event.task, event.at, event.kind, event.node, event.detail};
}

sched::Stage stage_of(TaskState state) {
    if (state == TaskState::running) return sched::Stage::running;
    if (state == TaskState::paused) return sched::Stage::paused;
    if (state == TaskState::lost) return sched::Stage::lost;
    return sched::Stage::assigning;
}

using Batches = std::unordered_map<BatchId, std::shared_ptr<const sched::Batch>>;

sched::Task task_from(store::TaskRecord&& record, const Batches& batches) {
    sched::Task task{.id = record.id,
                     .batch = batches.at(record.batch),
                     .target = std::move(record.target),
                     .index = record.index,
                     .attempt = record.attempt,
                     .kill_requested = record.kill_requested,
                     .environment_version = std::move(record.environment_version),
                     .warnings = std::move(record.warnings)};
    if (record.state != TaskState::pending && record.placement)
        task.phase = sched::Placed{.placement = std::move(*record.placement),
                                   .stage = stage_of(record.state),
                                   .assigned_at = record.submitted_at,
                                   .started_at = record.started_at};
    else task.phase = sched::Waiting{.held = record.state == TaskState::paused};
    return task;
}

} // namespace

store::TaskRecord record_of(const sched::Task& task) {
    store::TaskRecord record{.id = task.id,
                             .batch = task.batch->id,
                             .target = task.target,
                             .state = sched::state_of(task),
                             .attempt = task.attempt,
                             .kill_requested = task.kill_requested,
                             .spec = task.batch->spec,
                             .submitted_at = task.batch->submitted_at,
                             .environment_version = task.environment_version,
                             .warnings = task.warnings,
                             .index = static_cast<int>(task.index)};
    std::visit([&](const auto& phase) { fill(record, phase); }, task.phase);
    return record;
}

store::BatchRecord record_of(const sched::Batch& batch) {
    return {.id = batch.id, .spec = batch.spec, .submitted_at = batch.submitted_at, .total = batch.total};
}

std::vector<store::Write> writes_of(const sched::Effects& effects) {
    std::vector<store::Write> writes;
    writes.reserve(effects.batches.size() + effects.nodes.size() + effects.tasks.size() + effects.attempts.size() +
                   effects.events.size() + effects.removed_nodes.size());
    for (const auto& node : effects.nodes) writes.emplace_back(store::SaveNode{record_of(node)});
    for (const auto& batch : effects.batches) writes.emplace_back(store::SaveBatch{record_of(*batch)});
    for (const auto& task : effects.tasks) writes.emplace_back(store::SaveTask{record_of(task)});
    for (const auto& attempt : effects.attempts) writes.emplace_back(store::SaveAttempt{record_of(attempt)});
    for (const auto& event : effects.events) writes.emplace_back(store::AddEvent{record_of(event)});
    for (const auto& name : effects.removed_nodes) writes.emplace_back(store::RemoveNode{name});
    return writes;
}

sched::Restored restored_from(store::Active active) {
    sched::Restored restored{.next_id = active.next_task.value};
    Batches batches;
    for (const auto& batch : active.batches)
        batches.emplace(batch.id, std::make_shared<const sched::Batch>(
                                      sched::Batch{batch.id, batch.spec, batch.submitted_at, batch.total}));
    for (; !active.tasks.empty(); active.tasks.pop_front())
        restored.tasks.push_back(task_from(std::move(active.tasks.front()), batches));
    std::unordered_map<AttemptId, Time> assigned;
    for (const auto& attempt : active.attempts) assigned.emplace(attempt.id, attempt.assigned_at);
    for (sched::Task& task : restored.tasks)
        if (sched::Placed* at = sched::placed(task))
            if (const auto found = assigned.find(task.attempt_id()); found != assigned.end())
                at->assigned_at = found->second;
    for (const auto& [batch, counts] : active.batch_counts)
        for (const TaskState state : {TaskState::failed, TaskState::killed_oom})
            if (const auto found = counts.find(state); found != counts.end()) restored.failed[batch] += found->second;
    for (const auto& node : active.nodes)
        restored.nodes.push_back(sched::Node{.name = node.name,
                                             .inventory = node.inventory,
                                             .drained = node.drained,
                                             .first_seen = node.first_seen,
                                             .last_seen = node.last_seen});
    return restored;
}

} // namespace hk::host
