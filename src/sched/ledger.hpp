#pragma once
#include "model/node.hpp"
#include "model/task.hpp"

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace hk::sched {

/// What a task needs of a node, whatever command it runs. Tasks of one shape are interchangeable
/// for placement.
struct Shape {
    Target target;
    int cores = 0;
    Bytes memory;
    int gpu_count = 0; ///< any so many; 0 when the target names them
    bool container = false;
    std::optional<Strategy> strategy;
    BatchId limited; ///< its batch, where that limits how many of its tasks may run; else zero
    friend auto operator<=>(const Shape&, const Shape&) = default;
    friend bool operator==(const Shape&, const Shape&) = default;

    int gpus_wanted() const { return gpu_count + static_cast<int>(target.gpus.size()); }
};
Shape shape_of(const TaskSpec& spec, const Target& target, BatchId batch = {});

/// Who holds what of one node. Cores, memory, GPUs and the shares of NUMA nodes are only ever given
/// out here, so the node cannot be oversold. Cores and memory of zero hold nothing.
class Ledger {
public:
    struct GpuSlot {
        int id = 0;
        std::string uuid; ///< empty: not known
        bool healthy = true;
        std::optional<AttemptId> holder;
    };
    struct NumaSlot {
        int id = 0;
        int cores = 0;
        Bytes memory; ///< zero: the machine does not say, so it is not limited
        int cores_held = 0;
        Bytes memory_held;
    };
    /// A GPU as it was when it was given out.
    struct HeldGpu {
        int id = 0;
        std::string uuid;
    };
    struct Holding {
        int cores = 0;
        Bytes memory;
        std::vector<HeldGpu> gpus;
        std::optional<int> numa;
    };

    /// Takes over a (new) inventory; holdings stay, also when they are more than the node has now.
    void set_capacity(const NodeInventory& inventory);
    /// Whether anything became healthy again.
    bool set_gpu_health(const std::vector<Gpu>& gpus);

    int cores() const { return cores_; }
    int cores_held() const { return cores_held_; }
    int cores_free() const { return cores_ - cores_held_; }
    Bytes memory() const { return memory_; }
    Bytes memory_held() const { return memory_held_; }
    Bytes memory_free() const { return memory_ - memory_held_; }
    const std::vector<GpuSlot>& gpus() const { return gpus_; }
    const std::vector<NumaSlot>& numa() const { return numa_; }
    const GpuSlot* gpu(int id) const;
    const NumaSlot* numa(int id) const;
    /// Ids of GPUs that are healthy and nobody's, in order.
    std::vector<int> free_gpus() const;
    const std::map<AttemptId, Holding>& holdings() const { return holdings_; }

    /// Gives `shape` a place at `placement` to `attempt`. What was checked by fit() stays true
    /// afterwards.
    void hold(AttemptId attempt, const Shape& shape, const Placement& placement);
    /// Ignores an attempt that holds nothing.
    void release(AttemptId attempt);

private:
    NumaSlot* numa_slot(int id);
    void add(const Holding& holding, int sign);
    void take_gpus(AttemptId attempt, const Holding& holding);

    int cores_ = 0;
    Bytes memory_;
    int cores_held_ = 0;
    Bytes memory_held_;
    std::vector<GpuSlot> gpus_;
    std::vector<NumaSlot> numa_;
    std::map<AttemptId, Holding> holdings_;
};

} // namespace hk::sched
