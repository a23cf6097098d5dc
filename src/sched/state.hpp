#pragma once
#include "sched/node.hpp"
#include "sched/queue.hpp"
#include "sched/task.hpp"

#include <deque>
#include <map>
#include <string>
#include <unordered_map>
#include <vector>

namespace hk::sched {

struct Settings {
    Strategy strategy = Strategy::best_fit; ///< for tasks that name none
    bool backfill = true;                   ///< whether a task may overtake one that waits, where that costs it nothing
    Duration silence = std::chrono::seconds(30); ///< after which a node's tasks are lost
    Duration kill_grace = std::chrono::seconds(10);
};

/// The first task of a shape that could not be placed, and the node that is kept for it.
struct Blocked {
    OrderKey head;
    std::uint64_t seen_supply = 0; ///< the state of `State::supply` when it was found blocked
    std::optional<NodeName> reserved;
};

/// The tasks of a batch that has limits.
struct Tally {
    int most = 0; ///< that may run at one time; 0: no limit
    int running = 0;
    std::int64_t left = 0;   ///< tasks that are not over; the tally goes with the last of them
    std::int64_t coming = 0; ///< tasks that are not created yet
    std::int64_t failed = 0;
    bool given_up = false; ///< too many failed; the rest was killed
};

/// Everything that the scheduler knows: the nodes, and the tasks that are not over. Changed by step() only.
struct State {
    Settings settings;
    std::map<NodeName, Node> nodes;
    std::unordered_map<TaskId, Task> tasks;
    Queue queue;
    std::map<Shape, Blocked> blocked;
    std::map<BatchId, Tally> tallies;                ///< of batches with limits
    std::map<std::string, std::string> environments; ///< the version that is current, by environment
    std::int64_t next_id = 1;
    std::int64_t placements = 0; ///< counts up; the clock of round-robin
    /// Counts up when something became free or better, which is when a blocked task is worth another look.
    std::uint64_t supply = 1;
};

/// What a Host read from its database when it started.
struct Restored {
    std::vector<Node> nodes; ///< without sessions and ledgers
    std::deque<Task> tasks;  ///< waiting or placed; order keys are made anew
    std::int64_t next_id = 1;
    std::map<BatchId, std::int64_t> failed; ///< tasks that have failed, of batches that are not over
};
State restore(Settings settings, Restored restored, Now now);

} // namespace hk::sched
