#include "store/schema.hpp"
#include "store/tests/store_support.hpp"

#include <rapidcheck.h>

#include <algorithm>
#include <map>

/// Random histories of a cluster, saved and read back: what comes back is what was saved, and what
/// every list and count says is what a plain filter over the saved records says.
namespace {

using namespace hk;
using namespace hk::store;
using namespace hk::store::test;

std::string any_text() {
    return *rc::gen::element<std::string>("", "a", "train.py", "50%_done\\", "naïve ü 漢字", "it's \"quoted\"",
                                          "-- ;DROP");
}

std::optional<int> maybe_below(int end) {
    if (*rc::gen::arbitrary<bool>()) return std::nullopt;
    return *rc::gen::inRange(0, end);
}

std::optional<Time> any_time() {
    const auto micros = maybe_below(1'000'000'000);
    return micros ? std::optional(from_micros(*micros)) : std::nullopt;
}

Placement any_placement() {
    return {.node = NodeName(*rc::gen::element<std::string>("n1", "n2", "n3")),
            .numa = maybe_below(4),
            .gpus = *rc::gen::container<std::vector<int>>(rc::gen::inRange(0, 8))};
}

Outcome any_outcome() {
    Outcome outcome;
    outcome.reason = *rc::gen::element(EndReason::exited, EndReason::oom, EndReason::interrupted);
    outcome.exit_code = maybe_below(256);
    outcome.started_at = any_time();
    outcome.finished_at = from_micros(*rc::gen::inRange<std::int64_t>(0, 1'000'000));
    outcome.message = any_text();
    return outcome;
}

Target any_target() {
    Target target;
    target.node = NodeName(*rc::gen::element<std::string>("", "n1", "node-2"));
    target.numa = maybe_below(4);
    const int gpus = *rc::gen::inRange(0, 4);
    for (int gpu = 0; gpu < gpus; ++gpu) target.gpus.push_back(gpu);
    return target;
}

TaskState any_state() {
    return *rc::gen::element(TaskState::pending, TaskState::assigning, TaskState::running, TaskState::paused,
                             TaskState::lost, TaskState::completed, TaskState::failed, TaskState::killed,
                             TaskState::killed_oom);
}

/// What was saved, kept the plain way.
struct Model {
    std::map<std::int64_t, BatchRecord> batches;
    std::map<std::int64_t, TaskRecord> tasks;
    std::map<AttemptId, AttemptRecord> attempts;
    std::map<std::string, NodeRecord> nodes;
    std::vector<EventRecord> events;
    std::int64_t next = 1;
};

BatchRecord any_batch(const Model& model) {
    TaskSpec spec;
    spec.command = any_text();
    spec.arguments = {any_text(), any_text()};
    spec.submitted_by = *rc::gen::element<std::string>("", "ann", "bob");
    spec.env["NAME"] = any_text();
    if (*rc::gen::arbitrary<bool>()) spec.container = *rc::gen::element<std::string>("env", "torch");
    return batch_of(model.next, *rc::gen::inRange(1, 6), std::make_shared<const TaskSpec>(std::move(spec)));
}

TaskRecord any_task(const BatchRecord& batch, std::int64_t id) {
    TaskRecord task = task_of(id, batch.id.value, any_state());
    task.target = any_target();
    task.attempt = *rc::gen::inRange(0, 3);
    task.kill_requested = *rc::gen::arbitrary<bool>();
    if (*rc::gen::arbitrary<bool>()) task.placement = any_placement();
    task.started_at = any_time();
    task.completed_at = any_time();
    if (*rc::gen::arbitrary<bool>()) task.outcome = any_outcome();
    task.environment_version = any_text();
    if (*rc::gen::arbitrary<bool>()) task.warnings = {any_text(), any_text()};
    task.spec = batch.spec;
    task.submitted_at = batch.submitted_at;
    return task;
}

void submit(Model& model, std::vector<Write>& writes) {
    const BatchRecord batch = any_batch(model);
    writes.emplace_back(SaveBatch{batch});
    model.batches[batch.id.value] = batch;
    for (std::int64_t id = batch.id.value; id < batch.id.value + batch.total; ++id) {
        const TaskRecord task = any_task(batch, id);
        writes.emplace_back(SaveTask{task});
        model.tasks[id] = task;
    }
    model.next += batch.total;
}

void change_task(Model& model, std::vector<Write>& writes) {
    if (model.tasks.empty()) return;
    const auto id = *rc::gen::inRange<std::int64_t>(1, model.next);
    const TaskRecord task = any_task(model.batches.at(model.tasks.at(id).batch.value), id);
    writes.emplace_back(SaveTask{task});
    model.tasks[id] = task;
}

void save_attempt(Model& model, std::vector<Write>& writes) {
    if (model.tasks.empty()) return;
    AttemptRecord attempt;
    attempt.id = {TaskId(*rc::gen::inRange<std::int64_t>(1, model.next)), *rc::gen::inRange(1, 3)};
    attempt.placement = any_placement();
    attempt.state = any_state();
    attempt.started_at = any_time();
    if (*rc::gen::arbitrary<bool>()) attempt.outcome = any_outcome();
    writes.emplace_back(SaveAttempt{attempt});
    model.attempts[attempt.id] = attempt;
}

void touch_node(Model& model, std::vector<Write>& writes) {
    NodeRecord node;
    node.name = NodeName(*rc::gen::element<std::string>("n1", "n2", "n3"));
    if (*rc::gen::inRange(0, 4) == 0) {
        writes.emplace_back(RemoveNode{node.name});
        if (const auto found = model.nodes.find(node.name.value); found != model.nodes.end())
            found->second.removed = true;
        return;
    }
    node.inventory.cores = *rc::gen::inRange(1, 128);
    node.inventory.gpus.resize(static_cast<std::size_t>(*rc::gen::inRange(0, 3)));
    node.drained = *rc::gen::arbitrary<bool>();
    node.last_seen = from_micros(*rc::gen::inRange<std::int64_t>(0, 1'000'000));
    writes.emplace_back(SaveNode{node});
    model.nodes[node.name.value] = node;
}

void add_event(Model& model, std::vector<Write>& writes) {
    const EventRecord event{.task = TaskId(*rc::gen::inRange<std::int64_t>(1, model.next + 1)),
                            .at = from_micros(5),
                            .kind = "placed",
                            .node = any_text(),
                            .detail = any_text()};
    writes.emplace_back(AddEvent{event});
    model.events.push_back(event);
}

std::vector<Write> any_writes(Model& model) {
    std::vector<Write> writes;
    const int count = *rc::gen::inRange(1, 12);
    for (int i = 0; i < count; ++i) {
        switch (*rc::gen::inRange(0, 6)) {
        case 0: submit(model, writes); break;
        case 1:
        case 2: change_task(model, writes); break;
        case 3: save_attempt(model, writes); break;
        case 4: touch_node(model, writes); break;
        default: add_event(model, writes); break;
        }
    }
    return writes;
}

void check_single_reads(Reader& reader, const Model& model) {
    for (const auto& [id, task] : model.tasks) {
        RC_ASSERT(same(value(reader.task(TaskId(id))), task));
        std::vector<AttemptRecord> attempts;
        for (const auto& [key, attempt] : model.attempts)
            if (key.task.value == id) attempts.push_back(attempt);
        RC_ASSERT(value(reader.attempts(TaskId(id))) == attempts);
        std::vector<EventRecord> events;
        for (const auto& event : model.events)
            if (event.task.value == id) events.push_back(event);
        RC_ASSERT(value(reader.events(TaskId(id))) == events);
    }
    std::vector<NodeRecord> nodes;
    for (const auto& [name, node] : model.nodes) nodes.push_back(node);
    RC_ASSERT(value(reader.nodes()) == nodes);
}

StateCounts counted(const Model& model, std::int64_t batch) {
    StateCounts counts;
    for (const auto& [id, task] : model.tasks)
        if (batch == 0 || task.batch.value == batch) counts[task.state] += 1;
    return counts;
}

void check_counts(Reader& reader, const Model& model) {
    RC_ASSERT(value(reader.counts()) == counted(model, 0));
    for (const auto& [id, batch] : model.batches) {
        const BatchSummary summary = value(reader.batch(BatchId(id)));
        RC_ASSERT(summary.counts == counted(model, id));
        RC_ASSERT(summary.batch.total == batch.total);
        RC_ASSERT(*summary.batch.spec == *batch.spec);
    }
}

void check_active(Reader& reader, const Model& model) {
    const Active active = value(reader.load_active());
    std::vector<TaskRecord> expected;
    std::size_t attempts = 0;
    for (const auto& [id, task] : model.tasks) {
        if (is_final(task.state)) continue;
        expected.push_back(task);
        attempts += model.attempts.count({TaskId(id), task.attempt});
    }
    RC_ASSERT(std::ranges::equal(active.tasks, expected, same));
    RC_ASSERT(active.attempts.size() == attempts);
    for (const auto& attempt : active.attempts) RC_ASSERT(attempt == model.attempts.at(attempt.id));
    RC_ASSERT(active.next_task == TaskId(model.next));
    RC_ASSERT(active.counts == counted(model, 0));
    for (const auto& batch : active.batches)
        if (batch.total > 1) RC_ASSERT(active.batch_counts.at(batch.id) == counted(model, batch.id.value));
    for (const auto& node : active.nodes) RC_ASSERT(!node.removed);
}

bool matches(const TaskQuery& query, const TaskRecord& task) {
    const TaskSpec& spec = *task.spec;
    if (!query.states.empty() && std::ranges::find(query.states, task.state) == query.states.end()) return false;
    if (!query.node.empty() && (!task.placement || task.placement->node.value != query.node)) return false;
    if (query.batch && *query.batch != task.batch) return false;
    if (query.container == "NULL" ? spec.container.has_value()
                                  : !query.container.empty() && spec.container != query.container)
        return false;
    if (!query.user.empty() && spec.submitted_by != query.user) return false;
    const std::string line = spec.command + " " + spec.arguments[0] + " " + spec.arguments[1];
    return line.contains(query.search);
}

TaskQuery any_query(const Model& model) {
    TaskQuery query;
    query.limit = *rc::gen::inRange(1, 8);
    if (*rc::gen::arbitrary<bool>())
        query.states = *rc::gen::container<std::vector<TaskState>>(rc::gen::exec(any_state));
    if (*rc::gen::inRange(0, 3) == 0) query.node = "n1";
    if (*rc::gen::inRange(0, 4) == 0) query.batch = BatchId(*rc::gen::inRange<std::int64_t>(1, model.next + 1));
    if (*rc::gen::inRange(0, 3) == 0) query.container = *rc::gen::element<std::string>("NULL", "env");
    if (*rc::gen::inRange(0, 3) == 0) query.user = "ann";
    if (*rc::gen::inRange(0, 3) == 0)
        query.search = *rc::gen::element<std::string>("%", "_done\\", "rain", "漢", "zzz");
    return query;
}

void check_list(Reader& reader, const Model& model) {
    TaskQuery query = any_query(model);
    std::vector<TaskRecord> expected;
    for (auto task = model.tasks.rbegin(); task != model.tasks.rend(); ++task)
        if (matches(query, task->second)) expected.push_back(task->second);
    std::vector<TaskRecord> listed;
    for (;;) {
        const TaskPage page = value(reader.list_tasks(query));
        RC_ASSERT(page.total == std::ssize(expected));
        RC_ASSERT(std::ssize(page.tasks) <= query.limit);
        listed.insert(listed.end(), page.tasks.begin(), page.tasks.end());
        if (!page.next) break;
        query.after = page.next;
    }
    RC_ASSERT(std::ranges::equal(listed, expected, same));
}

} // namespace

TEST_CASE("what was saved comes back, in every way of reading") {
    const bool held = rc::check([] {
        const TempFolder folder(quick_parent());
        Model model;
        const auto writer = value(Writer::open(folder.file()));
        Reader reader = value(Reader::open(folder.file()));
        const int commits = *rc::gen::inRange(1, 5);
        for (int i = 0; i < commits; ++i) RC_ASSERT(commit(*writer, any_writes(model)).has_value());
        check_single_reads(reader, model);
        check_counts(reader, model);
        check_active(reader, model);
        for (int i = 0; i < 8; ++i) check_list(reader, model);
    });
    CHECK(held);
}
