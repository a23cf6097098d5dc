#pragma once
#include "proto/task_api.hpp"

#include <optional>
#include <string>
#include <string_view>

/// From the end of a task to the exit code of the command that waited for it (docs/exit-codes.md).
namespace hk::cli {

inline constexpr int infrastructure_exit = 125;
inline constexpr int timeout_exit = 124;
inline constexpr int detached_exit = 130;

/// Whether waiting for this task is over. `lost` is an end for who waits, although the node may
/// come back.
bool is_over(TaskState state);

struct TaskExit {
    int code = 0;
    std::string_view reason = "task"; ///< "task", "infra", "oom", "killed", "lost"
};
/// Only for tasks that are over.
TaskExit exit_of(const proto::TaskView& task);

/// What is worth a line beside the code: "killed: out of memory (limit 4 GB)", "failed with exit
/// code 3". May be empty.
std::string remark_of(const proto::TaskView& task);

} // namespace hk::cli
