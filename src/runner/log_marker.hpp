#pragma once
#include "model/ids.hpp"
#include "net/loop.hpp"
#include "net/pool.hpp"

#include <filesystem>
#include <functional>
#include <memory>
#include <vector>

namespace hk::runner {

/// Notes in the shared folder when the outputs of the tasks here grew (proto/log_times.hpp), so that people can see
/// when each line was written. The node that writes them does, since only there the size of a file on NFS is true at
/// once. It looks every second at first and less often the longer a task runs: a week of output is known to half a
/// minute, in some hundred kilobytes. Off the loop, since storage may hang. Owned by the wiring; loop thread only.
class LogMarker {
public:
    LogMarker(net::Loop& loop, std::filesystem::path shared_dir);
    ~LogMarker();

    /// One look at the outputs of the tasks `running`, which are in order, as of `now`; those that are not named any
    /// more are forgotten.
    net::Task<void> look(std::vector<TaskId> running, Mono now);
    /// `running` says which tasks may write now.
    net::Task<void> keep_looking(std::function<std::vector<TaskId>()> running);

    /// How long an output is not looked at again after it has been watched for so long.
    static Duration pause_after(Duration watched);

private:
    class Outputs;
    std::shared_ptr<Outputs> outputs_; ///< touched by one job of the pool at a time
    net::Pool pool_;
};

} // namespace hk::runner
