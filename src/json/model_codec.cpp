#include "json/model_codec.hpp"

namespace hk {
// The described members; the names are the JSON keys.
BOOST_DESCRIBE_STRUCT(NumaNode, (), (id, cpus, memory))
BOOST_DESCRIBE_STRUCT(GpuProcess, (), (pid, user, command, memory, task))
BOOST_DESCRIBE_STRUCT(Gpu, (),
                      (id, uuid, name, vendor, driver_version, pci_bus_id, healthy, problem, utilization,
                       memory_utilization, graphics_clock_mhz, memory_clock_mhz, memory_total_mib, memory_used_mib,
                       memory_free_mib, temperature, fan_speed, power_usage_mw, power_limit_mw, mig_parent, processes))
BOOST_DESCRIBE_STRUCT(ExecutorOffer, (), (kind, available, problem, warnings, may_return))
BOOST_DESCRIBE_STRUCT(NodeInventory, (), (cores, memory, numa, gpus, executors, version, boot_id, state_id, address))
BOOST_DESCRIBE_STRUCT(NodeUsage, (),
                      (cpu_percent, memory_percent, memory_used, memory_total, average_temperature, maximum_temperature,
                       gpus, environments))
BOOST_DESCRIBE_STRUCT(TaskSpec, (),
                      (command, arguments, env, cores, memory, gpu_count, container, container_version, privileged,
                       mounts, priority, strategy, submitted_by, working_directory, sweep, max_running, max_fails,
                       indexes))
BOOST_DESCRIBE_STRUCT(AttemptReport, (), (attempt, phase, started_at, progress, warnings, refused, outcome))
BOOST_DESCRIBE_STRUCT(Placement, (), (node, numa, gpus))
BOOST_DESCRIBE_STRUCT(Outcome, (), (reason, exit_code, signal, started_at, finished_at, peak_memory, cpu_time, message))
} // namespace hk

namespace hk::json {
namespace {

/// An Assignment with its spec by value, as it is on the wire.
struct AssignmentParts {
    AttemptId attempt;
    TaskSpec spec;
    Placement placement;
    std::string environment_version;
};
BOOST_DESCRIBE_STRUCT(AssignmentParts, (), (attempt, spec, placement, environment_version))

template <class T, class Parse>
Result<T> decode_text(const Value& value, std::string_view what, Parse parse) {
    const auto* text = value.if_string();
    if (text == nullptr) return fail(Errc::invalid, "expected " + std::string(what) + " as a string");
    return parse(std::string_view(text->data(), text->size()));
}

template <class T, class Parse>
Result<T> decode_name(const Value& value, std::string_view what, Parse parse) {
    return decode_text<T>(value, what, [&](std::string_view text) -> Result<T> {
        if (const auto found = parse(text)) return *found;
        return fail(Errc::invalid, "\"" + std::string(text.substr(0, 40)) + "\" is not " + std::string(what));
    });
}

Result<std::int64_t> decode_integer(const Value& value) {
    if (const auto* number = value.if_int64()) return *number;
    return fail(Errc::invalid, value.is_uint64() ? "the number is too large" : "expected a whole number");
}

Value string_schema(std::string_view description) { return Object{{"type", "string"}, {"description", description}}; }

template <class T>
Result<T> decode_known(const Value& value) {
    T out{};
    Errors errors;
    detail::decode_struct(value, out, "", errors, Unknown::ignore);
    if (!errors.empty()) return fail(field_errors(std::move(errors)));
    return out;
}

} // namespace

Value Codec<TaskId>::encode(TaskId id) { return Value(to_string(id)); }
Result<TaskId> Codec<TaskId>::decode(const Value& value) {
    if (const auto* number = value.if_int64()) return parse_task_id(std::to_string(*number));
    return decode_text<TaskId>(value, "a task id", parse_task_id);
}
Value Codec<TaskId>::schema() { return string_schema("task id in decimal"); }

Value Codec<BatchId>::encode(BatchId id) { return Value(to_string(id)); }
Result<BatchId> Codec<BatchId>::decode(const Value& value) {
    HK_TRY(const TaskId id, Codec<TaskId>::decode(value));
    return BatchId{id.value};
}
Value Codec<BatchId>::schema() { return string_schema("batch id in decimal"); }

Value Codec<AttemptId>::encode(AttemptId id) { return Value(to_string(id)); }
Result<AttemptId> Codec<AttemptId>::decode(const Value& value) {
    return decode_text<AttemptId>(value, "an attempt id", parse_attempt_id);
}
Value Codec<AttemptId>::schema() { return string_schema("task id, a dot, the number of the attempt"); }

Value Codec<NodeName>::encode(const NodeName& name) { return Value(name.value); }
Result<NodeName> Codec<NodeName>::decode(const Value& value) {
    return decode_text<NodeName>(value, "a node name", parse_node_name);
}
Value Codec<NodeName>::schema() { return string_schema("node name"); }

Value Codec<Bytes>::encode(Bytes size) { return Value(size.value); }
Result<Bytes> Codec<Bytes>::decode(const Value& value) {
    HK_TRY(const std::int64_t number, decode_integer(value));
    if (number < 0) return fail(Errc::invalid, "expected a number of bytes, zero or more");
    return Bytes{number};
}
Value Codec<Bytes>::schema() { return Object{{"type", "integer"}, {"minimum", 0}, {"description", "bytes"}}; }

Value Codec<Time>::encode(Time time) { return Value(format_time(time)); }
Result<Time> Codec<Time>::decode(const Value& value) {
    return decode_name<Time>(value, "a time such as 2026-11-22T23:53:02.295584Z", parse_time);
}
Value Codec<Time>::schema() { return Object{{"type", "string"}, {"format", "date-time"}}; }

Value Codec<Duration>::encode(Duration duration) { return Value(duration.count()); }
Result<Duration> Codec<Duration>::decode(const Value& value) {
    HK_TRY(const std::int64_t number, decode_integer(value));
    return Duration{number};
}
Value Codec<Duration>::schema() { return Object{{"type", "integer"}, {"description", "microseconds"}}; }

Value Codec<TaskState>::encode(TaskState state) { return Value(to_string(state)); }
Result<TaskState> Codec<TaskState>::decode(const Value& value) {
    return decode_name<TaskState>(value, "a task state", parse_task_state);
}
Value Codec<TaskState>::schema() {
    Array names;
    for (int i = 0; i <= static_cast<int>(TaskState::killed_oom); ++i)
        names.push_back(Value(to_string(static_cast<TaskState>(i))));
    return Object{{"type", "string"}, {"enum", std::move(names)}};
}

Value Codec<EndReason>::encode(EndReason reason) { return Value(to_string(reason)); }
Result<EndReason> Codec<EndReason>::decode(const Value& value) {
    return decode_name<EndReason>(value, "an end reason", parse_end_reason);
}
Value Codec<EndReason>::schema() {
    return Object{{"type", "string"}, {"enum", Array{"exited", "killed", "oom", "not_started", "interrupted"}}};
}

Value Codec<ExecutorKind>::encode(ExecutorKind kind) { return Value(to_string(kind)); }
Result<ExecutorKind> Codec<ExecutorKind>::decode(const Value& value) {
    return decode_name<ExecutorKind>(value, "an executor", parse_executor_kind);
}
Value Codec<ExecutorKind>::schema() {
    return Object{{"type", "string"}, {"enum", Array{"process", "systemd", "docker"}}};
}

Value Codec<Strategy>::encode(Strategy strategy) { return Value(to_string(strategy)); }
Result<Strategy> Codec<Strategy>::decode(const Value& value) {
    return decode_text<Strategy>(value, "a strategy", parse_strategy);
}
Value Codec<Strategy>::schema() {
    return Object{{"type", "string"}, {"enum", Array{"first-fit", "best-fit", "least-loaded", "round-robin"}}};
}

Value Codec<Mount>::encode(const Mount& mount) { return Value(to_string(mount)); }
Result<Mount> Codec<Mount>::decode(const Value& value) { return decode_text<Mount>(value, "a mount", parse_mount); }
Value Codec<Mount>::schema() { return string_schema("/path/on/node:/path/in/container, optionally :ro"); }

Value Codec<AttemptPhase>::encode(AttemptPhase phase) { return Value(to_string(phase)); }
Result<AttemptPhase> Codec<AttemptPhase>::decode(const Value& value) {
    return decode_name<AttemptPhase>(value, "an attempt phase", parse_attempt_phase);
}
Value Codec<AttemptPhase>::schema() {
    return Object{{"type", "string"}, {"enum", Array{"accepted", "running", "paused", "ended"}}};
}

Value to_value(const TaskSpec& spec) { return detail::encode_struct(spec); }
Value to_value(const Placement& placement) { return detail::encode_struct(placement); }
Value to_value(const Outcome& outcome) { return detail::encode_struct(outcome); }
Value to_value(const NodeInventory& inventory) { return detail::encode_struct(inventory); }
Value to_value(const NodeUsage& usage) { return detail::encode_struct(usage); }
Value to_value(const AttemptReport& report) { return detail::encode_struct(report); }
Value to_value(const Gpu& gpu) { return detail::encode_struct(gpu); }
Value to_value(const Assignment& assignment) {
    return Object{{"attempt", encode(assignment.attempt)},
                  {"spec", to_value(*assignment.spec)},
                  {"placement", to_value(assignment.placement)},
                  {"environment_version", assignment.environment_version}};
}
Result<TaskSpec> to_task_spec(const Value& value) { return decode_known<TaskSpec>(value); }
Result<Placement> to_placement(const Value& value) { return decode_known<Placement>(value); }
Result<Outcome> to_outcome(const Value& value) { return decode_known<Outcome>(value); }
Result<AttemptReport> to_report(const Value& value) { return decode_known<AttemptReport>(value); }
Result<NodeInventory> to_inventory(const Value& value) { return decode_known<NodeInventory>(value); }
Result<NodeUsage> to_usage(const Value& value) { return decode_known<NodeUsage>(value); }

Result<Assignment> to_assignment(const Value& value) {
    AssignmentParts parts;
    Errors errors;
    detail::decode_struct(value, parts, "", errors, Unknown::ignore);
    if (!errors.empty()) return fail(field_errors(std::move(errors)));
    return Assignment{parts.attempt, std::make_shared<const TaskSpec>(std::move(parts.spec)),
                      std::move(parts.placement), std::move(parts.environment_version)};
}

} // namespace hk::json
