#pragma once
#include "host/engine.hpp"
#include "host/sweeps.hpp"
#include "proto/task_api.hpp"
#include "sched/explain.hpp"
#include "store/records.hpp"

#include <filesystem>

namespace hk::host {

/// Where the output of tasks is. The Host reads these files and never lets anyone else say where they are.
struct LogPaths {
    std::filesystem::path shared_dir;
    std::filesystem::path out(TaskId id) const;
    std::filesystem::path err(TaskId id) const;
    /// Where it is noted when one of these was written.
    std::filesystem::path times(const std::filesystem::path& output) const;
};

/// Makes tasks as the API shows them, from the memory of the engine where it has them and from records elsewhere.
/// Made for one answer, since it remembers reasons. Loop thread only.
class TaskViews {
public:
    TaskViews(const Engine& engine, Sweeps& sweeps, const LogPaths& logs)
        : engine_(engine)
        , sweeps_(sweeps)
        , logs_(logs)
        , reasons_(engine.state(), BootClock::now()) {}
    proto::TaskView of(const sched::Task& task);
    /// A record that was read a moment ago: what the engine knows about the task is newer.
    proto::TaskView of(const store::TaskRecord& record);

private:
    proto::TaskView from_record(const store::TaskRecord& record);

    const Engine& engine_;
    Sweeps& sweeps_;
    const LogPaths& logs_;
    sched::ShortReasons reasons_;
};

proto::AttemptView view_of(const store::AttemptRecord& attempt);
proto::EventView view_of(const store::EventRecord& event);

} // namespace hk::host
