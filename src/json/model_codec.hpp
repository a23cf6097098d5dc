#pragma once
#include "model/attempt_report.hpp"
#include "model/node.hpp"
#include "model/task.hpp"
#include "json/mapper.hpp"

/// How the model's value types look in JSON: ids as decimal strings, times as ISO 8601 text, sizes as bytes,
/// enums by name. Used by the wire, the API and the store alike.
namespace hk::json {

template <>
struct Codec<TaskId> {
    static Value encode(TaskId id);
    static Result<TaskId> decode(const Value& value);
    static Value schema();
};
template <>
struct Codec<BatchId> {
    static Value encode(BatchId id);
    static Result<BatchId> decode(const Value& value);
    static Value schema();
};
template <>
struct Codec<AttemptId> {
    static Value encode(AttemptId id);
    static Result<AttemptId> decode(const Value& value);
    static Value schema();
};
template <>
struct Codec<NodeName> {
    static Value encode(const NodeName& name);
    static Result<NodeName> decode(const Value& value);
    static Value schema();
};
template <>
struct Codec<Bytes> {
    static Value encode(Bytes size);
    static Result<Bytes> decode(const Value& value);
    static Value schema();
};
template <>
struct Codec<Time> {
    static Value encode(Time time);
    static Result<Time> decode(const Value& value);
    static Value schema();
};
template <>
struct Codec<Duration> { ///< whole microseconds
    static Value encode(Duration duration);
    static Result<Duration> decode(const Value& value);
    static Value schema();
};
template <>
struct Codec<TaskState> {
    static Value encode(TaskState state);
    static Result<TaskState> decode(const Value& value);
    static Value schema();
};
template <>
struct Codec<EndReason> {
    static Value encode(EndReason reason);
    static Result<EndReason> decode(const Value& value);
    static Value schema();
};
template <>
struct Codec<ExecutorKind> {
    static Value encode(ExecutorKind kind);
    static Result<ExecutorKind> decode(const Value& value);
    static Value schema();
};
template <>
struct Codec<Strategy> {
    static Value encode(Strategy strategy);
    static Result<Strategy> decode(const Value& value);
    static Value schema();
};
template <>
struct Codec<AttemptPhase> {
    static Value encode(AttemptPhase phase);
    static Result<AttemptPhase> decode(const Value& value);
    static Value schema();
};
template <>
struct Codec<Mount> { ///< "HOST:CONTAINER[:ro]"
    static Value encode(const Mount& mount);
    static Result<Mount> decode(const Value& value);
    static Value schema();
};

/// The structs; compiled once in model_codec.cpp, so that users pay nothing for the templates.
/// Decoding ignores unknown fields: a newer peer may send more.
Value to_value(const TaskSpec& spec);
Value to_value(const Placement& placement);
Value to_value(const Outcome& outcome);
Value to_value(const NodeInventory& inventory);
Value to_value(const NodeUsage& usage);
Value to_value(const AttemptReport& report);
Value to_value(const Gpu& gpu);
Value to_value(const Assignment& assignment);
Result<TaskSpec> to_task_spec(const Value& value);
Result<Placement> to_placement(const Value& value);
Result<Outcome> to_outcome(const Value& value);
Result<AttemptReport> to_report(const Value& value);
Result<NodeInventory> to_inventory(const Value& value);
Result<NodeUsage> to_usage(const Value& value);
Result<Assignment> to_assignment(const Value& value);

template <>
struct Codec<TaskSpec> {
    static Value encode(const TaskSpec& value) { return to_value(value); }
    static Result<TaskSpec> decode(const Value& value) { return to_task_spec(value); }
};
template <>
struct Codec<Placement> {
    static Value encode(const Placement& value) { return to_value(value); }
    static Result<Placement> decode(const Value& value) { return to_placement(value); }
};
template <>
struct Codec<Outcome> {
    static Value encode(const Outcome& value) { return to_value(value); }
    static Result<Outcome> decode(const Value& value) { return to_outcome(value); }
};
template <>
struct Codec<AttemptReport> {
    static Value encode(const AttemptReport& value) { return to_value(value); }
    static Result<AttemptReport> decode(const Value& value) { return to_report(value); }
};
template <>
struct Codec<NodeInventory> {
    static Value encode(const NodeInventory& value) { return to_value(value); }
    static Result<NodeInventory> decode(const Value& value) { return to_inventory(value); }
};
template <>
struct Codec<NodeUsage> {
    static Value encode(const NodeUsage& value) { return to_value(value); }
    static Result<NodeUsage> decode(const Value& value) { return to_usage(value); }
};
template <>
struct Codec<Assignment> {
    static Value encode(const Assignment& value) { return to_value(value); }
    static Result<Assignment> decode(const Value& value) { return to_assignment(value); }
};

} // namespace hk::json
