#pragma once
#include "exec/exec_settings.hpp"
#include "model/ids.hpp"

#include <filesystem>

namespace hk::exec {

/// Where a task's output goes, as HakuRiver names it. Only names: nothing here touches the shared storage, which may
/// hang; whoever starts the task opens the files and makes missing folders.
struct LogFiles {
    std::filesystem::path output; ///< SHARED/task_outputs/ID.out
    std::filesystem::path errors; ///< SHARED/task_errors/ID.err
};
LogFiles log_files(const std::filesystem::path& shared_dir, TaskId task);

/// Where tasks start when they do not say: SHARED/shared_data.
std::filesystem::path shared_data(const std::filesystem::path& shared_dir);

} // namespace hk::exec
