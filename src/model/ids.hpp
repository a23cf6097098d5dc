#pragma once
#include "base/id.hpp"
#include "base/result.hpp"

#include <string>
#include <string_view>

namespace hk {

/// A task: one command on one node. Small integers that the Host counts up; JSON carries them as strings.
using TaskId = Id<struct TaskTag>;
/// All tasks of one submission; equal to the id of the first of them.
using BatchId = Id<struct BatchTag>;
/// A runner's name, unique in the cluster.
using NodeName = Id<struct NodeTag, std::string>;

/// One try at running a task, on one node, at most once. Written "12.1": task 12, first attempt.
/// It names the spool record, the container, the systemd unit and the cgroup of the attempt.
struct AttemptId {
    TaskId task;
    int number = 1;
    friend bool operator==(const AttemptId&, const AttemptId&) = default;
    friend auto operator<=>(const AttemptId&, const AttemptId&) = default;
};

std::string to_string(TaskId id);
std::string to_string(BatchId id);
std::string to_string(AttemptId id);
/// Decimal digits only, 1 .. 2^53.
Result<TaskId> parse_task_id(std::string_view text);
Result<AttemptId> parse_attempt_id(std::string_view text);

/// A node name: 1 to 63 of a-z A-Z 0-9 . _ - and not starting with a dot or a dash.
Result<NodeName> parse_node_name(std::string_view text);
/// An environment name: 2 to 63 of a-z 0-9 . _ - starting with a letter or digit (what Docker and a file name both
/// take).
Result<std::string> parse_environment_name(std::string_view text);

/// An environment and the version of it that a task insists on: "my-env" or "my-env:1764300000".
struct EnvironmentChoice {
    std::string name;
    std::string version; ///< unix seconds, as in the name of its file; empty: the newest one
    friend bool operator==(const EnvironmentChoice&, const EnvironmentChoice&) = default;
};
Result<EnvironmentChoice> parse_environment_choice(std::string_view text);
std::string to_string(const EnvironmentChoice& choice);

} // namespace hk

template <>
struct std::hash<hk::AttemptId> {
    std::size_t operator()(const hk::AttemptId& id) const noexcept {
        return std::hash<std::int64_t>{}(id.task.value * 1024 + id.number);
    }
};
