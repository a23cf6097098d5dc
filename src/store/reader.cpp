#include "store/reader.hpp"

#include "store/rows.hpp"
#include "store/schema.hpp"
#include "store/task_list.hpp"

#include <unordered_map>

namespace hk::store {
namespace {

constexpr std::string_view not_final = "('pending', 'assigning', 'running', 'paused', 'lost')";

std::string select(std::string_view columns, std::string_view rest) {
    std::string sql = "SELECT ";
    sql += columns;
    sql += rest;
    return sql;
}

/// Runs the statement, hands every row to `each` (which gives Result<>), and resets.
template <class Each>
Result<> for_each_row(Statement& statement, const Each& each) {
    const Use use(statement);
    for (;;) {
        HK_TRY(const bool row, use->step());
        if (!row) return {};
        HK_CHECK(each(statement));
    }
}

constexpr BatchId all_batches{};

Result<StateCounts> load_counts(Database& database, BatchId batch) {
    HK_TRY(auto* query, database.statement("SELECT state, tasks FROM task_count WHERE batch = ?"));
    query->bind(batch.value);
    StateCounts counts;
    HK_CHECK(for_each_row(*query, [&](const Statement& row) -> Result<> {
        HK_TRY(const TaskState state, state_from(row.text(0)));
        counts[state] = row.integer(1);
        return {};
    }));
    return counts;
}

Result<> load_batches(Database& database, Active& active) {
    HK_TRY(auto* query, database.statement(select(
                            batch_columns, " FROM batch b WHERE b.id IN (SELECT batch FROM task WHERE state IN " +
                                               std::string(not_final) + ") ORDER BY b.id")));
    SpecCache specs;
    return for_each_row(*query, [&](const Statement& row) -> Result<> {
        HK_TRY(auto batch, specs.read_batch(row));
        active.batches.push_back(std::move(batch));
        return {};
    });
}

Result<> load_batch_counts(Database& database, Active& active) {
    for (const BatchRecord& batch : active.batches) {
        if (batch.total < 2) continue;
        HK_TRY(active.batch_counts[batch.id], load_counts(database, batch.id));
    }
    return {};
}

Result<> load_tasks(Database& database, Active& active) {
    std::unordered_map<BatchId, const BatchRecord*> batches;
    for (const BatchRecord& batch : active.batches) batches.emplace(batch.id, &batch);
    HK_TRY(auto* query, database.statement(select(task_columns, " FROM task t WHERE t.state IN " +
                                                                    std::string(not_final) + " ORDER BY t.id")));
    return for_each_row(*query, [&](const Statement& row) -> Result<> {
        HK_TRY(auto task, read_task(row));
        const BatchRecord& batch = *batches.at(task.batch);
        task.spec = batch.spec;
        task.submitted_at = batch.submitted_at;
        active.tasks.push_back(std::move(task));
        return {};
    });
}

Result<> load_attempts(Database& database, Active& active) {
    HK_TRY(auto* query, database.statement(select(
                            attempt_columns, " FROM task t JOIN attempt a ON a.task = t.id AND a.number = t.attempt "
                                             "WHERE t.state IN " +
                                                 std::string(not_final) + " ORDER BY t.id")));
    return for_each_row(*query, [&](const Statement& row) -> Result<> {
        HK_TRY(auto attempt, read_attempt(row));
        active.attempts.push_back(std::move(attempt));
        return {};
    });
}

Result<std::vector<NodeRecord>> load_nodes(Database& database, std::string_view rest) {
    HK_TRY(auto* query, database.statement(select(node_columns, rest)));
    std::vector<NodeRecord> nodes;
    HK_CHECK(for_each_row(*query, [&](const Statement& row) -> Result<> {
        HK_TRY(auto node, read_node(row));
        nodes.push_back(std::move(node));
        return {};
    }));
    return nodes;
}

Result<TaskId> load_next_task(Database& database) {
    HK_TRY(const auto next, database.number("SELECT value FROM counter WHERE name = 'next_task'"));
    return TaskId(next);
}

std::unexpected<Error> no_such(std::string_view what, const std::string& id) {
    return fail(Errc::not_found, "there is no " + std::string(what) + " " + id);
}

} // namespace

Result<Reader> Reader::open(const std::filesystem::path& file) {
    HK_TRY(Database database, Database::open(file, Database::Mode::read));
    HK_TRY(const auto version, database.number("PRAGMA user_version"));
    if (version != schema_version())
        return fail(Errc::unsupported, "the database " + file.string() + " has another schema than this program");
    return Reader(std::move(database));
}

Result<Active> Reader::load_active() {
    HK_TRY(const Transaction moment, Transaction::begin(database_, Transaction::Kind::read));
    Active active;
    HK_TRY(active.counts, load_counts(database_, all_batches));
    HK_CHECK(load_batches(database_, active));
    HK_CHECK(load_batch_counts(database_, active));
    HK_CHECK(load_tasks(database_, active));
    HK_CHECK(load_attempts(database_, active));
    HK_TRY(active.nodes, load_nodes(database_, " FROM node WHERE removed = 0 ORDER BY name"));
    HK_TRY(active.next_task, load_next_task(database_));
    return active;
}

Result<TaskRecord> Reader::task(TaskId id) {
    HK_TRY(auto tasks, read_tasks(database_, {id.value}));
    if (tasks.empty()) return no_such("task", to_string(id));
    return std::move(tasks.front());
}

Result<BatchSummary> Reader::batch(BatchId id) {
    HK_TRY(const Transaction moment, Transaction::begin(database_, Transaction::Kind::read));
    HK_TRY(auto* query, database_.statement(select(batch_columns, " FROM batch b WHERE b.id = ?")));
    const Use use(*query);
    use->bind(id.value);
    HK_TRY(const bool there, use->step());
    if (!there) return no_such("batch", to_string(id));
    BatchSummary summary;
    HK_TRY(summary.batch, SpecCache().read_batch(*use));
    HK_TRY(summary.counts, load_counts(database_, id));
    return summary;
}

Result<TaskPage> Reader::list_tasks(const TaskQuery& query) {
    HK_TRY(const Transaction moment, Transaction::begin(database_, Transaction::Kind::read));
    return store::list_tasks(database_, query);
}

Result<std::vector<AttemptRecord>> Reader::attempts(TaskId task) {
    HK_TRY(auto* query,
           database_.statement(select(attempt_columns, " FROM attempt a WHERE a.task = ? ORDER BY a.number")));
    query->bind(task.value);
    std::vector<AttemptRecord> attempts;
    HK_CHECK(for_each_row(*query, [&](const Statement& row) -> Result<> {
        HK_TRY(auto attempt, read_attempt(row));
        attempts.push_back(std::move(attempt));
        return {};
    }));
    return attempts;
}

Result<std::vector<EventRecord>> Reader::events(TaskId task) {
    HK_TRY(auto* query,
           database_.statement(select(event_columns, " FROM (SELECT * FROM event WHERE task = ? ORDER BY id DESC "
                                                     "LIMIT ?) ORDER BY id")));
    query->bind(task.value).bind(most_listed_events);
    std::vector<EventRecord> events;
    HK_CHECK(for_each_row(*query, [&](const Statement& row) -> Result<> {
        events.push_back(read_event(row));
        return {};
    }));
    return events;
}

Result<StateCounts> Reader::counts() { return load_counts(database_, all_batches); }

Result<std::vector<NodeRecord>> Reader::nodes() { return load_nodes(database_, " FROM node ORDER BY name"); }

Result<TaskId> Reader::next_task_id() { return load_next_task(database_); }

} // namespace hk::store
