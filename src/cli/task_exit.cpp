#include "cli/task_exit.hpp"

#include <algorithm>

namespace hk::cli {
namespace {

constexpr int killed_exit = 137; ///< 128 + SIGKILL

/// What a process can return. A code that is none of these becomes the highest.
int as_exit_code(int code) { return code < 0 || code > 255 ? 255 : code; }

int code_of(const proto::TaskView& task, int otherwise) {
    if (task.exit_code) return as_exit_code(*task.exit_code);
    if (task.signal) return as_exit_code(128 + *task.signal);
    return otherwise;
}

TaskExit failed_exit(const proto::TaskView& task) {
    const EndReason reason = task.end_reason.value_or(EndReason::exited);
    switch (reason) {
    case EndReason::exited: return {std::max(1, code_of(task, infrastructure_exit)), "task"};
    case EndReason::killed: return {code_of(task, killed_exit), "killed"};
    case EndReason::oom: return {killed_exit, "oom"};
    case EndReason::interrupted: return {infrastructure_exit, "infra"};
    case EndReason::not_started: break;
    }
    // 126 and 127 say that the command could not be run; anything else was not the command's doing.
    const bool of_command = task.exit_code == 126 || task.exit_code == 127;
    return of_command ? TaskExit{*task.exit_code, "task"} : TaskExit{infrastructure_exit, "infra"};
}

} // namespace

bool is_over(TaskState state) { return is_final(state) || state == TaskState::lost; }

TaskExit exit_of(const proto::TaskView& task) {
    switch (task.status) {
    case TaskState::completed: return {0, "task"};
    case TaskState::failed: return failed_exit(task);
    case TaskState::killed: return {std::max(1, code_of(task, killed_exit)), "killed"};
    case TaskState::killed_oom: return {killed_exit, "oom"};
    case TaskState::lost:
    case TaskState::pending:
    case TaskState::assigning:
    case TaskState::running:
    case TaskState::paused: break;
    }
    return {infrastructure_exit, task.status == TaskState::lost ? "lost" : "infra"};
}

std::string remark_of(const proto::TaskView& task) {
    if (task.status == TaskState::killed_oom) {
        std::string text = "killed: out of memory";
        if (task.required_memory_bytes) text += " (limit " + format_size(*task.required_memory_bytes) + ")";
        return text;
    }
    if (task.status == TaskState::lost) {
        const std::string node = task.assigned_node.value_or("its node");
        return "lost: " + node + " is silent; when it comes back the truth replaces this";
    }
    if (!task.error_message.empty()) return std::string(to_string(task.status)) + ": " + task.error_message;
    if (task.status == TaskState::failed && task.exit_code)
        return "failed with exit code " + std::to_string(*task.exit_code);
    return {};
}

} // namespace hk::cli
