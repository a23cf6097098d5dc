#pragma once
#include "base/result.hpp"
#include "store/database.hpp"
#include "store/records.hpp"

#include <string>
#include <string_view>
#include <unordered_map>

/// Records to columns and back; used by writes.cpp and reader.cpp only.
namespace hk::store {

/// "" for no node; what `to_string` gives otherwise, also where only GPUs or a NUMA node are named.
Result<Target> target_from(std::string_view text);
/// "0,1"
std::string gpus_text(const std::vector<int>& gpus);
std::string outcome_text(const std::optional<Outcome>& outcome);
std::string warnings_text(const std::vector<std::string>& warnings);
std::string spec_text(const TaskSpec& spec);
std::string inventory_text(const NodeInventory& inventory);

/// The first columns of a query that reads tasks, in the order that `read_task` expects.
inline constexpr std::string_view task_columns =
    "t.id, t.batch, t.number, t.target, t.state, t.attempt, t.kill_requested, t.node, t.numa, "
    "t.gpus, t.started_at, t.completed_at, t.environment_version, t.warnings, t.outcome";
/// Without the spec and the time of submission.
Result<TaskRecord> read_task(const Statement& row);

inline constexpr std::string_view batch_columns = "b.id, b.submitted_at, b.total, b.spec";
inline constexpr std::string_view attempt_columns =
    "a.task, a.number, a.node, a.numa, a.gpus, a.state, a.assigned_at, a.started_at, a.outcome";
Result<AttemptRecord> read_attempt(const Statement& row);
inline constexpr std::string_view node_columns = "name, inventory, drained, first_seen, last_seen, removed";
Result<NodeRecord> read_node(const Statement& row);
inline constexpr std::string_view event_columns = "task, at, kind, node, detail";
EventRecord read_event(const Statement& row);

Result<TaskState> state_from(std::string_view text);

/// Parses specs, and equal ones once: batches of single tasks are often the same command.
class SpecCache {
public:
    Result<std::shared_ptr<const TaskSpec>> parse(std::string_view text);
    Result<BatchRecord> read_batch(const Statement& row);

private:
    std::unordered_map<std::string, std::shared_ptr<const TaskSpec>> specs_;
};

} // namespace hk::store
