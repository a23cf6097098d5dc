#include "store/schema.hpp"
#include "store/task_list.hpp"
#include "store/tests/store_support.hpp"

#include <sqlite3.h>

/// What a page costs, counted in steps of SQLite's machine instead of in time: a plan that walks
/// the table or sorts shows here at once.
namespace {

using namespace hk;
using namespace hk::store;
using namespace hk::store::test;

constexpr std::int64_t batches = 2'000;
constexpr std::int64_t per_batch = 10;
constexpr std::int64_t users = 20;

/// 20,000 tasks: one in a hundred failed, the rest completed, on ten nodes, by twenty users.
void fill(Database& database) {
    std::vector<Write> writes;
    for (std::int64_t b = 0; b < batches; ++b) {
        const std::int64_t first = 1 + b * per_batch;
        const auto spec = spec_of("run" + std::to_string(b) + ".py", "user" + std::to_string(b % users));
        writes.emplace_back(SaveBatch{batch_of(first, per_batch, spec)});
        for (std::int64_t id = first; id < first + per_batch; ++id) {
            TaskRecord task = task_of(id, first, id % 100 == 0 ? TaskState::failed : TaskState::completed);
            task.placement = Placement{.node = NodeName("node" + std::to_string(id % 10)), .numa = {}, .gpus = {}};
            writes.emplace_back(SaveTask{std::move(task)});
        }
    }
    const Transaction transaction = value(Transaction::begin(database));
    REQUIRE(hk::store::apply(database, writes));
    REQUIRE(database.execute("COMMIT"));
}

/// A counter of all statements of the connection since the last call.
int counted(Database& database, int what) {
    int sum = 0;
    for (auto* each = sqlite3_next_stmt(database.handle(), nullptr); each != nullptr;
         each = sqlite3_next_stmt(database.handle(), each))
        sum += sqlite3_stmt_status(each, what, 1);
    return sum;
}

struct Case {
    const char* name;
    TaskQuery query;
    int most_steps;
};

} // namespace

TEST_CASE("a page costs what it shows, not what the table holds") {
    const TempFolder folder(quick_parent());
    Database database = value(open_for_writing(folder.file()));
    fill(database);
    constexpr int per_page = 1'500;  // twenty rows found, read and sorted out
    constexpr int per_user = 2'000;  // the batches of one user, for the total
    constexpr int per_node = 15'000; // the rows of one node, for the total
    constexpr int every_batch = 20'000;
    const Case cases[] = {
        {"newest", {}, per_page},
        {"half way", {.after = TaskId(10'000)}, per_page},
        {"the end", {.after = TaskId(5)}, per_page},
        {"failed", {.states = {TaskState::failed}}, per_page},
        {"two states", {.states = {TaskState::failed, TaskState::completed}}, 2 * per_page},
        {"none", {.states = {TaskState::running}}, per_page},
        {"node", {.node = "node7"}, per_page + per_node},
        {"node and state", {.states = {TaskState::failed}, .node = "node0"}, 3 * per_page},
        {"batch", {.batch = BatchId(5'001)}, per_page},
        {"batch and node", {.node = "node7", .batch = BatchId(5'001)}, per_page + per_node},
        {"user", {.user = "user7"}, per_page + per_user},
        {"user, from the middle", {.after = TaskId(10'000), .user = "user7"}, per_page + per_user},
        {"user without tasks", {.user = "nobody"}, per_page},
        {"user and a state without tasks", {.states = {TaskState::running}, .user = "user7"}, per_page + 2 * per_user},
        {"user and container", {.container = "NULL", .user = "user7"}, per_page + 2 * per_user},
        {"search of one old batch", {.search = "run3.py"}, every_batch},
        {"search that finds nothing", {.search = "zzz"}, every_batch},
    };
    for (Case each : cases) {
        CAPTURE(each.name);
        each.query.limit = 20;
        (void)counted(database, SQLITE_STMTSTATUS_VM_STEP);
        (void)counted(database, SQLITE_STMTSTATUS_SORT);
        (void)value(list_tasks(database, each.query));
        CHECK(counted(database, SQLITE_STMTSTATUS_VM_STEP) <= each.most_steps);
        CHECK(counted(database, SQLITE_STMTSTATUS_SORT) == 0);
    }
}
