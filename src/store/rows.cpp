#include "store/rows.hpp"

#include "json/json.hpp"
#include "json/model_codec.hpp"

#include <charconv>

namespace hk::store {
namespace {

std::unexpected<Error> damaged(std::string_view what, std::string_view text) {
    return fail(Errc::corrupt, "the database holds \"" + std::string(text.substr(0, 80)) + "\" where " +
                                   std::string(what) + " should be");
}

Result<std::vector<int>> gpus_from(std::string_view text) {
    std::vector<int> gpus;
    const char* at = text.data();
    const char* const end = at + text.size();
    while (at < end) {
        int gpu = 0;
        const auto [rest, error] = std::from_chars(at, end, gpu);
        if (error != std::errc{} || (rest != end && *rest != ',')) return damaged("a list of GPUs", text);
        gpus.push_back(gpu);
        at = rest == end ? end : rest + 1;
    }
    return gpus;
}

Result<std::optional<Outcome>> outcome_from(const Statement& row, int column) {
    if (row.is_null(column)) return std::optional<Outcome>();
    HK_TRY(const auto value, json::parse(row.text(column)));
    HK_TRY(auto outcome, json::to_outcome(value));
    return std::optional(std::move(outcome));
}

Result<std::vector<std::string>> warnings_from(const Statement& row, int column) {
    if (row.is_null(column)) return std::vector<std::string>();
    HK_TRY(const auto value, json::parse(row.text(column)));
    return json::decode<std::vector<std::string>>(value, json::Unknown::ignore);
}

std::optional<Time> time_from(const Statement& row, int column) {
    const auto micros = row.optional_integer(column);
    return micros ? std::optional(from_micros(*micros)) : std::nullopt;
}

int small(const Statement& row, int column) { return static_cast<int>(row.integer(column)); }

/// Columns node, numa, gpus from `column` on.
Result<Placement> placement_from(const Statement& row, int column) {
    Placement placement{.node = NodeName(std::string(row.text(column))), .numa = {}, .gpus = {}};
    if (!row.is_null(column + 1)) placement.numa = small(row, column + 1);
    HK_TRY(placement.gpus, gpus_from(row.text(column + 2)));
    return placement;
}

} // namespace

Result<Target> target_from(std::string_view text) {
    if (!text.empty() && !text.starts_with(':')) return parse_target(text);
    // The grammar of users wants a node name; the store also keeps targets that leave it open.
    Target target;
    if (text.empty()) return target;
    HK_TRY(target, parse_target("x" + std::string(text)));
    target.node = NodeName();
    return target;
}

std::string gpus_text(const std::vector<int>& gpus) {
    std::string text;
    for (const int gpu : gpus) text += (text.empty() ? "" : ",") + std::to_string(gpu);
    return text;
}

std::string outcome_text(const std::optional<Outcome>& outcome) {
    return outcome ? json::serialize(json::to_value(*outcome)) : std::string();
}

std::string warnings_text(const std::vector<std::string>& warnings) {
    return warnings.empty() ? std::string() : json::serialize(json::encode(warnings));
}

std::string spec_text(const TaskSpec& spec) { return json::serialize(json::to_value(spec)); }

std::string inventory_text(const NodeInventory& inventory) { return json::serialize(json::to_value(inventory)); }

Result<TaskState> state_from(std::string_view text) {
    if (const auto state = parse_task_state(text)) return *state;
    return damaged("a task state", text);
}

Result<TaskRecord> read_task(const Statement& row) {
    TaskRecord task;
    task.id = TaskId(row.integer(0));
    task.batch = BatchId(row.integer(1));
    task.index = small(row, 2);
    HK_TRY(task.target, target_from(row.text(3)));
    HK_TRY(task.state, state_from(row.text(4)));
    task.attempt = small(row, 5);
    task.kill_requested = row.integer(6) != 0;
    if (!row.is_null(7)) {
        HK_TRY(task.placement, placement_from(row, 7));
    }
    task.started_at = time_from(row, 10);
    task.completed_at = time_from(row, 11);
    task.environment_version = row.text(12);
    HK_TRY(task.warnings, warnings_from(row, 13));
    HK_TRY(task.outcome, outcome_from(row, 14));
    return task;
}

Result<AttemptRecord> read_attempt(const Statement& row) {
    AttemptRecord attempt;
    attempt.id = AttemptId{TaskId(row.integer(0)), small(row, 1)};
    HK_TRY(attempt.placement, placement_from(row, 2));
    HK_TRY(attempt.state, state_from(row.text(5)));
    attempt.assigned_at = from_micros(row.integer(6));
    attempt.started_at = time_from(row, 7);
    HK_TRY(attempt.outcome, outcome_from(row, 8));
    return attempt;
}

Result<NodeRecord> read_node(const Statement& row) {
    NodeRecord node;
    node.name = NodeName(std::string(row.text(0)));
    HK_TRY(const auto value, json::parse(row.text(1)));
    HK_TRY(node.inventory, json::to_inventory(value));
    node.drained = row.integer(2) != 0;
    node.first_seen = from_micros(row.integer(3));
    node.last_seen = from_micros(row.integer(4));
    node.removed = row.integer(5) != 0;
    return node;
}

EventRecord read_event(const Statement& row) {
    return EventRecord{.task = TaskId(row.integer(0)),
                       .at = from_micros(row.integer(1)),
                       .kind = std::string(row.text(2)),
                       .node = std::string(row.text(3)),
                       .detail = std::string(row.text(4))};
}

Result<std::shared_ptr<const TaskSpec>> SpecCache::parse(std::string_view text) {
    std::string key(text);
    if (const auto found = specs_.find(key); found != specs_.end()) return found->second;
    HK_TRY(const auto value, json::parse(text));
    HK_TRY(auto spec, json::to_task_spec(value));
    auto shared = std::make_shared<const TaskSpec>(std::move(spec));
    specs_.emplace(std::move(key), shared);
    return shared;
}

Result<BatchRecord> SpecCache::read_batch(const Statement& row) {
    BatchRecord batch{
        .id = BatchId(row.integer(0)), .submitted_at = from_micros(row.integer(1)), .total = row.integer(2)};
    HK_TRY(batch.spec, parse(row.text(3)));
    return batch;
}

} // namespace hk::store
