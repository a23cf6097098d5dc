#pragma once
#include "base/result.hpp"
#include "store/database.hpp"
#include "store/records.hpp"

#include <array>
#include <cstdint>
#include <deque>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace hk::store {

inline constexpr int most_listed_tasks = 1000;     ///< in one page
inline constexpr int most_listed_events = 1000;    ///< of one task; the oldest are left out
inline constexpr std::size_t longest_search = 200; ///< bytes

using StateCounts = std::map<TaskState, std::int64_t>;

/// Which tasks to list. An empty field does not filter.
struct TaskQuery {
    int limit = 100;             ///< 1 .. most_listed_tasks
    std::optional<TaskId> after; ///< only older (smaller) ids: `next` of the page before
    std::vector<TaskState> states;
    std::string node; ///< where the newest attempt is or was
    std::optional<BatchId> batch;
    std::string container; ///< environment name; "NULL": tasks without one
    std::string user;
    std::string search; ///< part of the command and its arguments, ASCII letters in either case
};

struct TaskPage {
    std::vector<TaskRecord> tasks; ///< newest first
    std::int64_t total = 0;        ///< that match, on all pages
    std::optional<TaskId> next;    ///< absent on the last page
};

struct BatchSummary {
    BatchRecord batch;
    StateCounts counts; ///< only states that occur
};

/// Everything the Host needs to go on where it stopped.
struct Active {
    std::vector<BatchRecord> batches;            ///< those with a task that is not final
    std::deque<TaskRecord> tasks;                ///< not final, oldest first; tasks of a batch share its spec
    std::vector<AttemptRecord> attempts;         ///< the newest attempt of each of these tasks, where there is one
    std::vector<NodeRecord> nodes;               ///< not removed
    TaskId next_task;                            ///< the first id that was never given
    StateCounts counts;                          ///< of all tasks
    std::map<BatchId, StateCounts> batch_counts; ///< of these batches, where they have more than one task
};

/// A connection that only reads. Opened after the Writer of the same file; used from one thread at
/// a time, and never held up by writes. Each call sees one moment. What `Writer` reported as done
/// is visible.
class Reader {
public:
    static Result<Reader> open(const std::filesystem::path& file);

    Result<Active> load_active();
    /// not_found when there is no such task.
    Result<TaskRecord> task(TaskId id);
    Result<BatchSummary> batch(BatchId id);
    Result<TaskPage> list_tasks(const TaskQuery& query);
    Result<std::vector<AttemptRecord>> attempts(TaskId task); ///< oldest first
    Result<std::vector<EventRecord>> events(TaskId task);     ///< oldest first
    Result<StateCounts> counts();                             ///< only states that occur
    Result<std::vector<NodeRecord>> nodes();                  ///< by name, removed ones included
    /// Ids are counted up from here; one that was saved once is never given again.
    Result<TaskId> next_task_id();

private:
    explicit Reader(Database database)
        : database_(std::move(database)) {}
    Database database_;
};

} // namespace hk::store
