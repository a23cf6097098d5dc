#pragma once
#include "proto/task_api.hpp"
#include "json/model_codec.hpp"

/// The JSON keys of the task bodies. Included by task_api.cpp and openapi.cpp only: it is costly to compile.
namespace hk::proto {

BOOST_DESCRIBE_STRUCT(SubmitRequest, (),
                      (command, arguments, env_vars, required_cores, required_gpus, gpu_count, required_memory_bytes,
                       targets, container_name, privileged, additional_mounts, priority, strategy, no_queue, count,
                       submitted_by, working_directory, sweep, max_running, max_fails))
BOOST_DESCRIBE_STRUCT(FailedTarget, (), (target, reason))
BOOST_DESCRIBE_STRUCT(SubmitReply, (), (message, task_ids, batch_id, failed_targets))
BOOST_DESCRIBE_STRUCT(TaskView, (),
                      (task_id, batch_id, command, arguments, env_vars, required_cores, required_memory_bytes,
                       required_gpus, gpu_count, container_name, environment_version, privileged, additional_mounts,
                       working_directory, priority, strategy, submitted_by, status, target, assigned_node,
                       target_numa_node_id, attempt, stdout_path, stderr_path, exit_code, signal, end_reason,
                       error_message, progress, waiting_reason, warnings, kill_requested, submitted_at, started_at,
                       completed_at, peak_memory_bytes, cpu_time_us))
BOOST_DESCRIBE_STRUCT(TaskList, (), (tasks, total, next))
BOOST_DESCRIBE_STRUCT(AttemptView, (),
                      (number, node, status, numa, gpus, assigned_at, started_at, completed_at, exit_code, end_reason,
                       message))
BOOST_DESCRIBE_STRUCT(EventView, (), (at, kind, node, detail))
BOOST_DESCRIBE_STRUCT(TaskHistory, (), (attempts, events))
BOOST_DESCRIBE_STRUCT(LogMark, (), (size, at))
BOOST_DESCRIBE_STRUCT(LogTimes, (), (marks))
BOOST_DESCRIBE_STRUCT(NodeVerdict, (), (node, fits, reason))
BOOST_DESCRIBE_STRUCT(Explanation, (), (task_id, status, summary, ahead, nodes))
BOOST_DESCRIBE_STRUCT(BatchView, (), (batch_id, command, submitted_by, submitted_at, total, counts, finished))
BOOST_DESCRIBE_STRUCT(MessageReply, (), (message))
BOOST_DESCRIBE_STRUCT(TaskSelection, (), (task_ids))
BOOST_DESCRIBE_STRUCT(SelectionReply, (), (done, refused))

} // namespace hk::proto

namespace hk::json {

/// Sentences of the OpenAPI document, and which fields a body must have.
template <>
inline constexpr auto notes_of<proto::SubmitRequest> = std::to_array<Note>({
    {"command", "The program to run, found on the PATH of the environment; no shell is involved.", true},
    {"arguments", "Passed to the program byte for byte."},
    {"env_vars", "Environment variables of the task."},
    {"required_cores", "Cores to reserve and limit to; 0 reserves none and sets no limit."},
    {"required_gpus", "For each target the GPU ids it uses, as an alternative to node::gpu in the target."},
    {"gpu_count", "Any N free GPUs of the node that is chosen."},
    {"required_memory_bytes", "Memory to reserve and limit to."},
    {"targets", "One task each: node, node:numa, node::gpu,gpu or node:numa::gpu. Absent: the scheduler picks."},
    {"container_name", "Environment to run in, its newest version or NAME:VERSION; \"NULL\" runs directly on the node. "
                       "Absent: the Host's default."},
    {"privileged", "Run the container with all privileges, where policy allows it."},
    {"additional_mounts", "/path/on/node:/path/in/container[:ro], instead of the Host's default list."},
    {"priority", "-1000 to 1000; higher runs first."},
    {"strategy", "How to choose among nodes that fit. Absent: the Host's default."},
    {"no_queue", "Refuse the task when it cannot start now."},
    {"count", "How many tasks to create for each target; the index is in HAKURIVER_TASK_INDEX."},
    {"submitted_by", "Name shown as the submitter."},
    {"working_directory", "Absolute path. Absent: the shared data folder."},
    {"sweep", "Expand span:{1..9}, span:[a,b] and the like in the arguments: one task for each combination."},
    {"max_running", "How many tasks of the batch may run at one time; 0: as many as fit."},
    {"max_fails", "When more tasks of the batch than this have failed, the rest is killed."},
});
template <>
inline constexpr auto notes_of<proto::TaskSelection> =
    std::to_array<Note>({{"task_ids", "The tasks to act on.", true}});

} // namespace hk::json
