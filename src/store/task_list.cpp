#include "store/task_list.hpp"

#include "store/rows.hpp"

#include <algorithm>
#include <functional>
#include <limits>
#include <variant>

namespace hk::store {
namespace {

using Value = std::variant<std::int64_t, std::string>;

/// Conditions of a query with their values, in the order of the question marks.
struct Where {
    std::string sql;
    std::vector<Value> values;

    void add(std::string_view condition) {
        sql += sql.empty() ? " WHERE " : " AND ";
        sql += condition;
    }
    void add(std::string_view condition, Value value) {
        add(condition);
        values.push_back(std::move(value));
    }
    void append(const Where& other) {
        if (other.sql.empty()) return;
        add(std::string_view(other.sql).substr(std::string_view(" WHERE ").size()));
        values.insert(values.end(), other.values.begin(), other.values.end());
    }
};

void bind_all(Statement& statement, const std::vector<Value>& values) {
    for (const Value& value : values) std::visit([&](const auto& bound) { statement.bind(bound); }, value);
}

Result<std::int64_t> number(Database& database, const std::string& sql, const Where& where) {
    HK_TRY(auto* query, database.statement(sql + where.sql));
    const Use use(*query);
    bind_all(*use, where.values);
    HK_TRY(const bool row, use->step());
    return row ? use->integer(0) : 0;
}

/// The states that a query asks for, each once; empty when it does not ask for any.
std::vector<TaskState> asked_states(const TaskQuery& query) {
    std::vector<TaskState> states = query.states;
    std::ranges::sort(states);
    const auto doubles = std::ranges::unique(states);
    states.erase(doubles.begin(), doubles.end());
    return states;
}

constexpr TaskState all_states[] = {TaskState::pending, TaskState::assigning, TaskState::running,
                                    TaskState::paused,  TaskState::lost,      TaskState::completed,
                                    TaskState::failed,  TaskState::killed,    TaskState::killed_oom};

void add_states(Where& where, std::string_view column, const std::vector<TaskState>& states) {
    if (states.empty()) return;
    std::string condition(column);
    for (std::size_t i = 0; i < states.size(); ++i) {
        condition += i == 0 ? " IN (?" : ", ?";
        where.values.emplace_back(std::string(to_string(states[i])));
    }
    where.add(condition + ")");
}

/// `%text%` for LIKE with its special characters taken literally (ESCAPE '\').
std::string like_pattern(std::string_view text) {
    std::string pattern = "%";
    for (const char c : text) {
        if (c == '%' || c == '_' || c == '\\') pattern += '\\';
        pattern += c;
    }
    return pattern + "%";
}

/// What the query asks of batches (table b).
Where batch_conditions(const TaskQuery& query) {
    Where where;
    if (query.batch) where.add("b.id = ?", query.batch->value);
    if (!query.user.empty()) where.add("b.submitted_by = ?", query.user);
    if (!query.container.empty()) {
        // "+": the index on users is the more selective of the two.
        const std::string_view condition = query.user.empty() ? "b.container = ?" : "+b.container = ?";
        where.add(condition, query.container == "NULL" ? std::string() : query.container);
    }
    if (!query.search.empty()) where.add("b.line LIKE ? ESCAPE '\\'", like_pattern(query.search));
    return where;
}

using Ids = std::vector<std::int64_t>;

/// The newest ids first, one more than the page holds, added to what is there. `sql` ends before
/// its LIMIT.
Result<> append_ids(Database& database, const std::string& sql, const Where& where, Ids& ids) {
    HK_TRY(auto* query, database.statement(sql + " LIMIT ?"));
    const Use use(*query);
    bind_all(*use, where.values);
    for (;;) {
        HK_TRY(const bool row, use->step());
        if (!row) return {};
        ids.push_back(use->integer(0));
    }
}

/// Without a condition on batches: every state has its ids in order in an index; the newest of all
/// of them are wanted.
Result<Ids> newest_by_index(Database& database, const TaskQuery& query, std::int64_t before) {
    std::vector<TaskState> states = asked_states(query);
    if (states.empty() && query.node.empty()) {
        Where where;
        where.add("id < ?", before);
        Ids ids;
        where.values.emplace_back(std::int64_t{query.limit} + 1);
        HK_CHECK(append_ids(database, "SELECT id FROM task" + where.sql + " ORDER BY id DESC", where, ids));
        return ids;
    }
    if (states.empty()) states.assign(std::begin(all_states), std::end(all_states));
    Ids ids;
    for (const TaskState state : states) {
        Where where;
        if (!query.node.empty()) where.add("node = ?", query.node);
        where.add("state = ?", std::string(to_string(state)));
        where.add("id < ?", before);
        where.values.emplace_back(std::int64_t{query.limit} + 1);
        HK_CHECK(append_ids(database, "SELECT id FROM task" + where.sql + " ORDER BY id DESC", where, ids));
    }
    std::ranges::sort(ids, std::greater<>());
    return ids;
}

/// With one: batches newest first, and the tasks of each newest first; their ids do not interleave.
Result<Ids> newest_by_batch(Database& database, const TaskQuery& query, std::int64_t before) {
    const std::vector<TaskState> states = asked_states(query);
    Where where = batch_conditions(query);
    where.add("b.id < ?", before);
    if (!states.empty()) {
        Where counted;
        add_states(counted, "c.state", states);
        where.add("EXISTS (SELECT 1 FROM task_count c WHERE c.batch = b.id AND " +
                  counted.sql.substr(std::string_view(" WHERE ").size()) + ")");
        where.values.insert(where.values.end(), counted.values.begin(), counted.values.end());
    }
    // One upper bound, not two: SQLite would start from either, and the wrong one is the end of the
    // table.
    where.add("t.id < min(b.id + b.total, ?)", before);
    // "+" keeps the indexes on state and node out of the walk: within a batch, going by id is far
    // cheaper.
    add_states(where, "+t.state", states);
    if (!query.node.empty()) where.add("+t.node = ?", query.node);
    Ids ids;
    where.values.emplace_back(std::int64_t{query.limit} + 1);
    HK_CHECK(append_ids(database,
                        "SELECT t.id FROM batch b CROSS JOIN task t ON t.id >= b.id" + where.sql +
                            " ORDER BY b.id DESC, t.id DESC",
                        where, ids));
    return ids;
}

/// How many tasks match on all pages: from the counts, and from the rows only where a node is asked
/// for.
Result<std::int64_t> total_of(Database& database, const TaskQuery& query) {
    const Where batches = batch_conditions(query);
    Where where;
    if (!query.node.empty()) {
        where.add("t.node = ?", query.node);
        add_states(where, "t.state", asked_states(query));
        where.append(batches);
        return number(database,
                      batches.sql.empty() ? "SELECT count(*) FROM task t"
                                          : "SELECT count(*) FROM task t JOIN batch b ON b.id = t.batch",
                      where);
    }
    if (batches.sql.empty()) {
        where.add("c.batch = ?", std::int64_t{0});
        add_states(where, "c.state", asked_states(query));
        return number(database, "SELECT sum(c.tasks) FROM task_count c", where);
    }
    where = batches;
    if (query.states.empty()) return number(database, "SELECT sum(b.total) FROM batch b", where);
    add_states(where, "c.state", asked_states(query));
    return number(database, "SELECT sum(c.tasks) FROM batch b CROSS JOIN task_count c ON c.batch = b.id", where);
}

Result<> check(const TaskQuery& query) {
    if (query.limit < 1 || query.limit > most_listed_tasks)
        return fail(Errc::invalid, "limit must be 1 to " + std::to_string(most_listed_tasks));
    if (query.search.size() > longest_search)
        return fail(Errc::invalid,
                    "a search of more than " + std::to_string(longest_search) + " bytes is not possible");
    return {};
}

} // namespace

Result<std::vector<TaskRecord>> read_tasks(Database& database, const std::vector<std::int64_t>& ids) {
    constexpr int spec_column = 15; // after task_columns
    HK_TRY(auto* query,
           database.statement("SELECT " + std::string(task_columns) +
                              ", b.spec, b.submitted_at FROM task t JOIN batch b ON b.id = t.batch WHERE t.id = ?"));
    SpecCache specs;
    std::vector<TaskRecord> tasks;
    tasks.reserve(ids.size());
    for (const std::int64_t id : ids) {
        const Use use(*query);
        use->bind(id);
        HK_TRY(const bool there, use->step());
        if (!there) continue;
        HK_TRY(auto task, read_task(*use));
        HK_TRY(task.spec, specs.parse(use->text(spec_column)));
        task.submitted_at = from_micros(use->integer(spec_column + 1));
        tasks.push_back(std::move(task));
    }
    return tasks;
}

Result<TaskPage> list_tasks(Database& database, const TaskQuery& query) {
    HK_CHECK(check(query));
    TaskPage page;
    HK_TRY(page.total, total_of(database, query));
    if (page.total == 0) return page;
    const std::int64_t before = query.after ? query.after->value : std::numeric_limits<std::int64_t>::max();
    HK_TRY(Ids ids, batch_conditions(query).sql.empty() ? newest_by_index(database, query, before)
                                                        : newest_by_batch(database, query, before));
    const auto limit = static_cast<std::size_t>(query.limit);
    if (ids.size() > limit) {
        ids.resize(limit);
        page.next = TaskId(ids.back());
    }
    HK_TRY(page.tasks, read_tasks(database, ids));
    return page;
}

} // namespace hk::store
