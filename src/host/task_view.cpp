#include "host/task_view.hpp"

#include "host/records.hpp"

namespace hk::host {
namespace {

void put_spec(proto::TaskView& view, const TaskSpec& spec) {
    view.command = spec.command;
    view.env_vars = spec.env;
    view.required_cores = spec.cores;
    view.required_memory_bytes = spec.memory;
    view.gpu_count = spec.gpu_count;
    if (spec.container) view.container_name = to_string(EnvironmentChoice{*spec.container, spec.container_version});
    view.privileged = spec.privileged;
    for (const Mount& mount : spec.mounts) view.additional_mounts.push_back(to_string(mount));
    view.working_directory = spec.working_directory;
    view.priority = spec.priority;
    view.strategy = spec.strategy;
    view.submitted_by = spec.submitted_by;
}

void put_outcome(proto::TaskView& view, const Outcome& outcome) {
    view.exit_code = outcome.exit_code;
    view.signal = outcome.signal;
    view.end_reason = outcome.reason;
    view.error_message = outcome.message;
    view.peak_memory_bytes = outcome.peak_memory;
    view.cpu_time_us = outcome.cpu_time;
}

} // namespace

std::filesystem::path LogPaths::out(TaskId id) const { return shared_dir / "task_outputs" / (to_string(id) + ".out"); }
std::filesystem::path LogPaths::err(TaskId id) const { return shared_dir / "task_errors" / (to_string(id) + ".err"); }
std::filesystem::path LogPaths::times(const std::filesystem::path& output) const {
    return shared_dir / proto::log_times_folder / output.filename();
}

proto::TaskView TaskViews::from_record(const store::TaskRecord& record) {
    proto::TaskView view{.task_id = record.id, .batch_id = record.batch};
    put_spec(view, *record.spec);
    view.arguments = sweeps_.arguments(record.spec, record.index);
    view.required_gpus = record.placement ? record.placement->gpus : record.target.gpus;
    view.environment_version = record.environment_version;
    view.status = record.state;
    view.target = to_string(record.target);
    if (record.placement) view.assigned_node = record.placement->node.value;
    view.target_numa_node_id = record.target.numa;
    view.attempt = record.attempt;
    view.stdout_path = logs_.out(record.id).string();
    view.stderr_path = logs_.err(record.id).string();
    view.warnings = record.warnings;
    view.kill_requested = record.kill_requested;
    view.submitted_at = record.submitted_at;
    view.started_at = record.started_at;
    view.completed_at = record.completed_at;
    if (record.outcome) put_outcome(view, *record.outcome);
    return view;
}

proto::TaskView TaskViews::of(const sched::Task& task) {
    proto::TaskView view = from_record(record_of(task));
    view.progress = task.progress;
    view.waiting_reason = reasons_.of(task);
    return view;
}

proto::TaskView TaskViews::of(const store::TaskRecord& record) {
    const sched::Task* live = engine_.find(record.id);
    return live != nullptr ? of(*live) : from_record(record);
}

proto::AttemptView view_of(const store::AttemptRecord& attempt) {
    proto::AttemptView view{.number = attempt.id.number,
                            .node = attempt.placement.node.value,
                            .status = attempt.state,
                            .numa = attempt.placement.numa,
                            .gpus = attempt.placement.gpus,
                            .assigned_at = attempt.assigned_at,
                            .started_at = attempt.started_at};
    if (attempt.outcome) {
        view.completed_at = attempt.outcome->finished_at;
        view.exit_code = attempt.outcome->exit_code;
        view.end_reason = attempt.outcome->reason;
        view.message = attempt.outcome->message;
    }
    return view;
}

proto::EventView view_of(const store::EventRecord& event) {
    return {.at = event.at, .kind = event.kind, .node = event.node, .detail = event.detail};
}

} // namespace hk::host
