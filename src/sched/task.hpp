#pragma once
#include "model/attempt_report.hpp"
#include "model/task.hpp"

#include <compare>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace hk::sched {

/// One submission: what its tasks have in common. Shared by them, never changed.
struct Batch {
    BatchId id;
    std::shared_ptr<const TaskSpec> spec;
    Time submitted_at{};
    std::int64_t total = 0;
};

/// The place of a waiting task in the queue: priority, then its turn among users, then age.
struct OrderKey {
    int priority_rank = 0; ///< minus the priority, so that smaller goes first
    std::int64_t turn = 0; ///< see Queue::next_turn
    TaskId id;
    friend auto operator<=>(const OrderKey&, const OrderKey&) = default;
};

struct Waiting {
    OrderKey order;
    bool held = false; ///< paused before it started: it is not in the queue, and keeps its place for later
};

enum class Stage {
    assigning, ///< resources are reserved and the node was told, but the program does not run yet
    running,
    paused,
    lost, ///< the node has been silent for too long; the truth comes when it returns
};

struct Placed {
    Placement placement;
    Stage stage = Stage::assigning;
    Time assigned_at{};
    std::optional<Time> started_at;
};

struct Ended {
    std::optional<Placement> placement; ///< absent when it never left the queue
    Time assigned_at{};
    Outcome outcome;
};

using Phase = std::variant<Waiting, Placed, Ended>;

/// A task that is not over, or the last word on one that is.
struct Task {
    TaskId id;
    std::shared_ptr<const Batch> batch;
    Target target;
    std::int64_t index = 0; ///< position in the batch
    int attempt = 0;        ///< number of the current attempt; 0 before the first
    bool kill_requested = false;
    std::string environment_version; ///< as it was when the attempt was assigned
    std::string progress;            ///< what the node is doing for it before it runs
    std::vector<std::string> warnings;
    Phase phase;

    const TaskSpec& spec() const { return *batch->spec; }
    AttemptId attempt_id() const { return {id, attempt}; }
};

TaskState state_of(const Task& task);
/// Null unless the task has a place on a node now.
const Placed* placed(const Task& task);
Placed* placed(Task& task);

} // namespace hk::sched
