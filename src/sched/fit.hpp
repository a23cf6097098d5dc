#pragma once
#include "sched/node.hpp"

#include <optional>
#include <string>
#include <vector>

namespace hk::sched {

enum class ObstacleKind {
    offline,
    drained,
    strays, ///< tasks that the Host gave up are still being stopped there
    no_executor,
    cores,
    memory,
    gpus, ///< too few free ones
    gpu_taken,
    gpu_unknown,
    gpu_unhealthy,
    numa_unknown,
    numa_cores,
    numa_memory,
    held_for, ///< a task that waits longer would be delayed
};

/// One reason why a task cannot start on a node now. `permanent`: nor ever, with what the node has.
struct Obstacle {
    ObstacleKind kind;
    bool permanent = false;
    std::int64_t needs = 0;
    std::int64_t free = 0;
    std::int64_t total = 0;
    std::string detail; ///< which GPUs, which NUMA nodes are valid, since when it is offline
};
/// "1 of 4 GPUs free, needs 2"
std::string to_string(const Obstacle& obstacle);
std::string to_string(const std::vector<Obstacle>& obstacles);

struct Fit {
    std::vector<Obstacle> obstacles; ///< empty when it fits
    Placement placement;             ///< where exactly, when it fits
    bool fits() const { return obstacles.empty(); }
    bool never() const;
};

/// Whether a task of this shape can start on the node now, and why not.
Fit fit(const Node& node, const Shape& shape, Mono now);
/// The same answer without words, for the pass over the queue.
bool can_start(const Node& node, const Shape& shape);
/// Which resources exactly a task takes on a node on which it fits.
Placement placement_on(const Node& node, const Shape& shape);

/// How much of what the shape needs is not free, resource by resource. All zero when the resources are there.
struct Shortage {
    std::int64_t cores = 0;
    std::int64_t memory = 0;
    std::int64_t gpus = 0;
    std::int64_t numa_cores = 0;
    std::int64_t numa_memory = 0;
    friend bool operator==(const Shortage&, const Shortage&) = default;
    bool worse_than(const Shortage& other) const;
};
Shortage shortage(const Ledger& ledger, const Shape& shape);

} // namespace hk::sched
