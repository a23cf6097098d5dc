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

struct Submit {
    std::shared_ptr<const TaskSpec> spec;
    std::vector<Target> targets;   ///< empty: one task, the scheduler picks
    std::int64_t count = 1;        ///< tasks for each target
    bool no_queue = false;         ///< refuse what cannot start now
};
struct Kill { TaskId task; };
struct Pause { TaskId task; };
struct Resume { TaskId task; };

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
struct RemoveNode { NodeName name; };
/// The current version of every environment.
struct Environments { std::map<std::string, std::string> versions; };
/// The tasks of a submission that could not be saved: they end at once, without a word to any node.
struct Withdraw { std::vector<TaskId> tasks; };
/// Time passes; once a second is enough.
struct Tick {};

using Event = std::variant<Submit, Kill, Pause, Resume, NodeHello, NodeHeartbeat, NodeReports, NodeGone, Drain,
                           RemoveNode, Environments, Withdraw, Tick>;

struct RefusedTarget {
    Target target;
    Error error;
};
struct Submitted {
    BatchId batch;
    std::vector<TaskId> tasks;
    std::vector<RefusedTarget> refused;
};

struct Step {
    Effects effects;
    std::optional<Error> refused; ///< the event changed nothing
    Submitted submitted;          ///< of Submit
};

/// The heart of the Host: what happened goes in, what is to be done comes out, and `state` has moved on. Pure but for
/// `state`: no clock, file, socket, thread or random number. Never throws.
Step step(State& state, const Event& event, Now now);

} // namespace hk::sched
