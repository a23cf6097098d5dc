#pragma once
#include "sched/effects.hpp"
#include "sched/state.hpp"

#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace hk::sched {

/// A submission may not create more tasks than this.
inline constexpr std::int64_t most_tasks = 1'000'000;
/// One step creates no more tasks than this, and others get their turn before the next ones are created.
inline constexpr std::int64_t most_at_once = 1000;

struct Submit {
    std::shared_ptr<const TaskSpec> spec;
    std::vector<Target> targets; ///< empty: one task, the scheduler picks
    std::int64_t count = 1;      ///< tasks for each target
    bool no_queue = false;       ///< refuse what cannot start now
    std::int64_t at_once = most_at_once;
};
/// The next tasks of a submission that is larger than one step. Their ids are reserved.
struct SubmitMore {
    std::shared_ptr<const Batch> batch; ///< with the number of tasks that it will have
    std::vector<Target> targets;
    std::int64_t count = 1;   ///< tasks for each target
    std::int64_t created = 0; ///< of the batch, so far
    std::int64_t at_once = most_at_once;
};
struct Kill {
    TaskId task;
};
struct Pause {
    TaskId task;
};
struct Resume {
    TaskId task;
};

/// A runner connected and said what it is and has.
struct NodeHello {
    SessionId session;
    NodeName name;
    NodeInventory inventory;
    std::vector<AttemptReport> attempts;
};
struct NodeHeartbeat {
    SessionId session;
    NodeName name;
    std::vector<Gpu> gpus; ///< only their health is looked at
};
struct NodeReports {
    SessionId session;
    NodeName name;
    std::vector<AttemptReport> attempts;
};
/// The connection ended. Silence counts from the last message.
struct NodeGone {
    SessionId session;
    NodeName name;
};
struct Drain {
    NodeName name;
    bool drained = true;
};
struct RemoveNode {
    NodeName name;
};
/// The current version of every environment.
struct Environments {
    std::map<std::string, std::string> versions;
};
/// The tasks of a submission that could not be saved: they end at once, without a word to any node.
struct Withdraw {
    std::vector<TaskId> tasks;
};
/// Time passes; once a second is enough.
struct Tick {};

using Event = std::variant<Submit, SubmitMore, Kill, Pause, Resume, NodeHello, NodeHeartbeat, NodeReports, NodeGone,
                           Drain, RemoveNode, Environments, Withdraw, Tick>;

struct RefusedTarget {
    Target target;
    Error error;
};
struct Submitted {
    BatchId batch;
    std::vector<TaskId> tasks;
    std::vector<RefusedTarget> refused;
    std::optional<SubmitMore> more; ///< the event that goes on with it
};

struct Step {
    Effects effects;
    std::optional<Error> refused; ///< the event changed nothing
    Submitted submitted;          ///< of Submit and SubmitMore
};

/// The heart of the Host: what happened goes in, what is to be done comes out, and `state` has moved on. Pure but for
/// `state`: no clock, file, socket, thread or random number. Never throws.
Step step(State& state, const Event& event, Now now);

} // namespace hk::sched
