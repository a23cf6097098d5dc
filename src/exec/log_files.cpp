#include "exec/log_files.hpp"

namespace hk::exec {

LogFiles log_files(const std::filesystem::path& shared_dir, TaskId task) {
    const std::string id = to_string(task);
    return {shared_dir / "task_outputs" / (id + ".out"), shared_dir / "task_errors" / (id + ".err")};
}

std::filesystem::path shared_data(const std::filesystem::path& shared_dir) { return shared_dir / "shared_data"; }

} // namespace hk::exec
