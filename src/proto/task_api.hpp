#pragma once
#include "base/result.hpp"
#include "base/time.hpp"
#include "base/units.hpp"
#include "model/task.hpp"
#include "proto/log_times.hpp"

#include <array>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// Bodies of the task routes. Field names are those that users of the original program know; what is ours is added.
namespace hk::proto {

inline constexpr std::size_t most_targets = 10'000;

/// POST /api/tasks
struct SubmitRequest {
    std::string command;
    std::vector<std::string> arguments;
    std::map<std::string, std::string> env_vars;
    int required_cores = 1;
    std::optional<std::vector<std::vector<int>>> required_gpus;
    int gpu_count = 0;
    std::optional<Bytes> required_memory_bytes;
    std::optional<std::vector<std::string>> targets;
    std::optional<std::string> container_name;
    std::optional<bool> privileged;
    std::optional<std::vector<std::string>> additional_mounts;
    int priority = 0;
    std::optional<Strategy> strategy;
    bool no_queue = false;
    int count = 1;
    std::string submitted_by;
    std::string working_directory;
    bool sweep = false;
    int max_running = 0;
    std::optional<int> max_fails;
    static const std::string_view schema_name;
};

struct FailedTarget {
    std::string target;
    std::string reason;
    static const std::string_view schema_name;
};

/// 202
struct SubmitReply {
    std::string message;
    std::vector<TaskId> task_ids;
    std::optional<BatchId> batch_id;
    std::vector<FailedTarget> failed_targets;
    static const std::string_view schema_name;
};

/// A task as every route and event shows it.
struct TaskView {
    TaskId task_id;
    BatchId batch_id;
    std::string command;
    std::vector<std::string> arguments;
    std::map<std::string, std::string> env_vars;
    int required_cores = 0;
    std::optional<Bytes> required_memory_bytes;
    std::vector<int> required_gpus;
    int gpu_count = 0;
    std::optional<std::string> container_name;
    std::string environment_version;
    bool privileged = false;
    std::vector<std::string> additional_mounts;
    std::string working_directory;
    int priority = 0;
    std::optional<Strategy> strategy;
    std::string submitted_by;
    TaskState status = TaskState::pending;
    std::string target;
    std::optional<std::string> assigned_node;
    std::optional<int> target_numa_node_id;
    int attempt = 0;
    std::string stdout_path;
    std::string stderr_path;
    std::optional<int> exit_code;
    std::optional<int> signal;
    std::optional<EndReason> end_reason;
    std::string error_message;
    std::string progress;
    std::string waiting_reason;
    std::vector<std::string> warnings;
    bool kill_requested = false;
    Time submitted_at{};
    std::optional<Time> started_at;
    std::optional<Time> completed_at;
    std::optional<Bytes> peak_memory_bytes;
    std::optional<Duration> cpu_time_us;
    static const std::string_view schema_name;
};

/// GET /api/tasks
struct TaskList {
    std::vector<TaskView> tasks;
    std::int64_t total = 0;
    std::optional<std::string> next;
    static const std::string_view schema_name;
};

struct AttemptView {
    int number = 1;
    std::string node;
    TaskState status = TaskState::assigning;
    std::optional<int> numa;
    std::vector<int> gpus;
    Time assigned_at{};
    std::optional<Time> started_at;
    std::optional<Time> completed_at;
    std::optional<int> exit_code;
    std::optional<EndReason> end_reason;
    std::string message;
    static const std::string_view schema_name;
};

struct EventView {
    Time at{};
    std::string kind;
    std::string node;
    std::string detail;
    static const std::string_view schema_name;
};

/// GET /api/tasks/{id}/history
struct TaskHistory {
    std::vector<AttemptView> attempts;
    std::vector<EventView> events;
    static const std::string_view schema_name;
};

/// GET /api/tasks/{id}/stdout/times
struct LogTimes {
    std::vector<LogMark> marks;
    static const std::string_view schema_name;
};

/// Why a task waits, node by node.
struct NodeVerdict {
    std::string node;
    bool fits = false;
    std::string reason;
    static const std::string_view schema_name;
};

/// GET /api/tasks/{id}/explain
struct Explanation {
    TaskId task_id;
    TaskState status = TaskState::pending;
    std::string summary;
    std::int64_t ahead = 0;
    std::vector<NodeVerdict> nodes;
    static const std::string_view schema_name;
};

/// GET /api/batches/{id}
struct BatchView {
    BatchId batch_id;
    std::string command;
    std::string submitted_by;
    Time submitted_at{};
    std::int64_t total = 0;
    std::map<std::string, std::int64_t> counts;
    bool finished = false;
    static const std::string_view schema_name;
};

struct MessageReply {
    std::string message;
    static const std::string_view schema_name;
};

/// POST /api/tasks/{kill,pause,resume,retry}: several tasks at once.
struct TaskSelection {
    std::vector<TaskId> task_ids;
    static const std::string_view schema_name;
};
struct SelectionReply {
    std::vector<TaskId> done;
    std::vector<FailedTarget> refused;
    static const std::string_view schema_name;
};

Result<SubmitRequest> parse_submit_request(std::string_view body);
Result<TaskSelection> parse_task_selection(std::string_view body);
std::string to_json(const SubmitRequest& request);
std::string to_json(const SubmitReply& reply);
std::string to_json(const TaskView& task);
std::string to_json(const TaskList& list);
std::string to_json(const TaskHistory& history);
std::string to_json(const LogTimes& times);
std::string to_json(const Explanation& explanation);
std::string to_json(const BatchView& batch);
std::string to_json(const MessageReply& reply);
std::string to_json(const TaskSelection& selection);
std::string to_json(const SelectionReply& reply);
Result<SubmitReply> parse_submit_reply(std::string_view body);
Result<TaskView> parse_task_view(std::string_view body);
Result<TaskList> parse_task_list(std::string_view body);
Result<LogTimes> parse_log_times(std::string_view body);
Result<Explanation> parse_explanation(std::string_view body);
Result<BatchView> parse_batch_view(std::string_view body);
Result<MessageReply> parse_message_reply(std::string_view body);
Result<SelectionReply> parse_selection_reply(std::string_view body);

} // namespace hk::proto
