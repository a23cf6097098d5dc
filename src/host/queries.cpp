#include "host/queries.hpp"

namespace hk::host {
namespace {

/// Questions that wait for the database; more are refused.
constexpr std::size_t most_waiting = 512;

Error no_task(TaskId id) { return {Errc::not_found, "there is no task " + to_string(id), {}}; }

bool all_over(const store::StateCounts& counts) {
    for (const auto& [state, count] : counts)
        if (count > 0 && !is_final(state)) return false;
    return true;
}

} // namespace

Queries::Queries(net::Loop& loop, Engine& engine, store::Reader reader, LogPaths logs)
    : engine_(engine)
    , reader_(std::make_shared<store::Reader>(std::move(reader)))
    , logs_(std::move(logs))
    , pool_(loop, 1, most_waiting) {}

net::Task<Result<store::TaskRecord>> Queries::record(TaskId id) {
    co_await engine_.settle();
    auto read = [reader = reader_, id] { return reader->task(id); };
    auto reading = pool_.run(std::move(read));
    auto found = co_await std::move(reading);
    if (!found && found.error().code == Errc::not_found) co_return fail(no_task(id));
    co_return found;
}

net::Task<Result<proto::TaskView>> Queries::task(TaskId id) {
    const auto live = engine_.state().tasks.find(id);
    if (live != engine_.state().tasks.end()) co_return view(live->second);
    auto found = co_await record(id);
    if (!found) co_return fail(found.error());
    co_return TaskViews(engine_, sweeps_, logs_).of(*found);
}

net::Task<Result<>> Queries::exists(TaskId id) {
    if (engine_.find(id) != nullptr) co_return Result<>{};
    auto found = co_await record(id);
    if (!found) co_return fail(found.error());
    co_return Result<>{};
}

net::Task<Result<proto::TaskList>> Queries::list(store::TaskQuery query) {
    co_await engine_.settle();
    auto read = [reader = reader_, query = std::move(query)] { return reader->list_tasks(query); };
    auto reading = pool_.run(std::move(read));
    auto page = co_await std::move(reading);
    if (!page) co_return fail(page.error());
    proto::TaskList list{.total = page->total};
    if (page->next) list.next = to_string(*page->next);
    TaskViews views(engine_, sweeps_, logs_);
    for (const auto& each : page->tasks) list.tasks.push_back(views.of(each));
    co_return list;
}

net::Task<Result<proto::TaskHistory>> Queries::history(TaskId id) {
    auto known = co_await exists(id);
    if (!known) co_return fail(known.error());
    co_await engine_.settle();
    auto read = [reader = reader_, id]() -> Result<proto::TaskHistory> {
        HK_TRY(const auto attempts, reader->attempts(id));
        HK_TRY(const auto events, reader->events(id));
        proto::TaskHistory history;
        for (const auto& attempt : attempts) history.attempts.push_back(view_of(attempt));
        for (const auto& event : events) history.events.push_back(view_of(event));
        return history;
    };
    auto reading = pool_.run(std::move(read));
    co_return co_await std::move(reading);
}

net::Task<Result<proto::BatchView>> Queries::batch(BatchId id) {
    co_await engine_.settle();
    auto read = [reader = reader_, id] { return reader->batch(id); };
    auto reading = pool_.run(std::move(read));
    auto found = co_await std::move(reading);
    if (!found && found.error().code == Errc::not_found)
        co_return fail(Errc::not_found, "there is no batch " + to_string(id));
    if (!found) co_return fail(found.error());
    proto::BatchView view{.batch_id = id,
                          .command = found->batch.spec->command,
                          .submitted_by = found->batch.spec->submitted_by,
                          .submitted_at = found->batch.submitted_at,
                          .total = found->batch.total,
                          .finished = all_over(found->counts)};
    for (const auto& [state, count] : found->counts) view.counts.emplace(to_string(state), count);
    co_return view;
}

net::Task<Result<store::StateCounts>> Queries::counts() {
    co_await engine_.settle();
    auto read = [reader = reader_] { return reader->counts(); };
    auto reading = pool_.run(std::move(read));
    co_return co_await std::move(reading);
}

proto::TaskView Queries::view(const sched::Task& task) { return TaskViews(engine_, sweeps_, logs_).of(task); }

std::vector<proto::TaskView> Queries::views(const std::vector<const sched::Task*>& tasks) {
    TaskViews views(engine_, sweeps_, logs_);
    std::vector<proto::TaskView> out;
    for (const sched::Task* task : tasks) out.push_back(views.of(*task));
    return out;
}

} // namespace hk::host
