#pragma once
#include "sched/node.hpp"
#include "sched/task.hpp"

#include <map>
#include <memory>
#include <string>
#include <vector>

namespace hk::sched {

struct AttemptSnapshot {
    AttemptId id;
    Placement placement;
    TaskState state = TaskState::assigning;
    Time assigned_at{};
    std::optional<Time> started_at;
    std::optional<Outcome> outcome;
};

struct NodeSnapshot {
    NodeName name;
    NodeInventory inventory;
    bool drained = false;
    Time first_seen{};
    Time last_seen{};
};

/// A line of a task's history.
struct TaskEvent {
    TaskId task;
    Time at{};
    std::string kind; ///< "assigned", "running", "paused", "lost", "kill requested", "refused", "ended", ...
    std::string node;
    std::string detail;
};

struct StartOrder {
    AttemptId attempt;
    std::shared_ptr<const Batch> batch;
    std::int64_t index = 0;
    Placement placement;
    std::string environment_version;
};
struct StopOrder {
    AttemptId attempt;
    Duration grace{};
};
/// For one runner; every order is idempotent by attempt id.
struct NodeOrders {
    std::vector<StartOrder> start;
    std::vector<StopOrder> stop;
    std::vector<AttemptId> pause;
    std::vector<AttemptId> resume;
    std::vector<AttemptId> forget;
};

/// What a step wants done. First everything is saved, in one transaction; when that is durable, the orders go out.
struct Effects {
    std::vector<std::shared_ptr<const Batch>> batches;
    std::vector<Task> tasks; ///< as they are now; one that ended carries its last word
    std::vector<AttemptSnapshot> attempts;
    std::vector<NodeSnapshot> nodes;
    std::vector<NodeName> removed_nodes;
    std::vector<TaskEvent> events;
    std::map<NodeName, NodeOrders> orders;
    std::vector<SessionId> dropped; ///< connections to close
    std::vector<NodeName> touched;  ///< nodes whose condition or reservations changed; not to be saved
};

} // namespace hk::sched
