#pragma once
#include "base/time.hpp"
#include "model/node.hpp"
#include "model/task.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

/// The rows of the database as plain values. Text in them is UTF-8.
namespace hk::store {

/// One submission. The specification is stored here once, however many tasks share it.
/// The ids of its tasks are `id` .. `id + total - 1`, so that batches never interleave: the task
/// list relies on it.
struct BatchRecord {
    BatchId id;
    std::shared_ptr<const TaskSpec> spec;
    Time submitted_at{};
    std::int64_t total = 0;
};

/// A task as it stands now. `spec` and `submitted_at` belong to its batch: filled when read,
/// ignored when saved.
struct TaskRecord {
    TaskId id;
    BatchId batch;
    Target target;
    TaskState state = TaskState::pending;
    int attempt = 0; ///< number of the newest attempt; 0: none yet
    bool kill_requested = false;
    std::shared_ptr<const TaskSpec> spec;
    Time submitted_at{};
    std::optional<Placement> placement;
    std::optional<Time> started_at;
    std::optional<Time> completed_at;
    std::optional<Outcome> outcome;
    std::string environment_version;
    std::vector<std::string> warnings;
    int index = 0; ///< 0 .. total - 1 within the batch
};

/// One try at running a task.
struct AttemptRecord {
    AttemptId id;
    Placement placement;
    TaskState state = TaskState::assigning;
    Time assigned_at{};
    std::optional<Time> started_at;
    std::optional<Outcome> outcome;
    friend bool operator==(const AttemptRecord&, const AttemptRecord&) = default;
};

/// A node that has said hello at least once. A removed one stays for the history of its tasks.
struct NodeRecord {
    NodeName name;
    NodeInventory inventory;
    bool drained = false;
    Time first_seen{};
    Time last_seen{};
    bool removed = false;
    friend bool operator==(const NodeRecord&, const NodeRecord&) = default;
};

/// Something worth remembering that happened to a task.
struct EventRecord {
    TaskId task;
    Time at{};
    std::string kind;
    std::string node;
    std::string detail;
    friend bool operator==(const EventRecord&, const EventRecord&) = default;
};

} // namespace hk::store
