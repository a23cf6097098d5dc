#pragma once
#include "host/engine.hpp"
#include "host/task_view.hpp"
#include "net/pool.hpp"
#include "proto/task_api.hpp"
#include "store/reader.hpp"

namespace hk::host {

/// Answers questions about tasks, those that are over included. The database is read on a thread of its own, so a slow
/// disk delays the asker only. Loop thread only.
class Queries {
public:
    Queries(net::Loop& loop, Engine& engine, store::Reader reader, LogPaths logs);

    net::Task<Result<proto::TaskView>> task(TaskId id);
    net::Task<Result<proto::TaskList>> list(store::TaskQuery query);
    net::Task<Result<proto::TaskHistory>> history(TaskId id);
    net::Task<Result<proto::BatchView>> batch(BatchId id);
    net::Task<Result<store::StateCounts>> counts();
    /// The record itself, for a retry.
    net::Task<Result<store::TaskRecord>> record(TaskId id);
    /// not_found unless the task exists, active or over.
    net::Task<Result<>> exists(TaskId id);

    /// For views of tasks that the engine has.
    proto::TaskView view(const sched::Task& task);
    std::vector<proto::TaskView> views(const std::vector<const sched::Task*>& tasks);
    const LogPaths& logs() const { return logs_; }

private:
    Engine& engine_;
    std::shared_ptr<store::Reader> reader_;
    LogPaths logs_;
    Sweeps sweeps_;
    net::Pool pool_;
};

} // namespace hk::host
