#include "sched/ledger.hpp"

#include <algorithm>

namespace hk::sched {

Shape shape_of(const TaskSpec& spec, const Target& target, BatchId batch) {
    return Shape{.target = target,
                 .cores = spec.cores,
                 .memory = spec.memory.value_or(Bytes{0}),
                 .gpu_count = spec.gpu_count,
                 .container = spec.container.has_value(),
                 .strategy = spec.strategy,
                 .limited = spec.max_running > 0 ? batch : BatchId{}};
}

void Ledger::set_capacity(const NodeInventory& inventory) {
    cores_ = inventory.cores;
    memory_ = inventory.memory;
    cores_held_ = 0;
    memory_held_ = {};
    gpus_.clear();
    for (const Gpu& gpu : inventory.gpus) gpus_.push_back({gpu.id, gpu.uuid, gpu.healthy, {}});
    numa_.clear();
    for (const NumaNode& node : inventory.numa)
        numa_.push_back({.id = node.id, .cores = static_cast<int>(node.cpus.size()), .memory = node.memory});
    for (const auto& [attempt, holding] : holdings_) {
        add(holding, 1);
        take_gpus(attempt, holding);
    }
}

/// Numbers go by place in the machine, so they may mean other GPUs than when they were given out:
/// where the uuid is known, it decides.
void Ledger::take_gpus(AttemptId attempt, const Holding& holding) {
    for (const HeldGpu& held : holding.gpus)
        for (GpuSlot& slot : gpus_)
            if (held.uuid.empty() || slot.uuid.empty() ? held.id == slot.id : held.uuid == slot.uuid)
                slot.holder = attempt;
}

bool Ledger::set_gpu_health(const std::vector<Gpu>& gpus) {
    bool better = false;
    for (const Gpu& gpu : gpus) {
        const auto slot = std::ranges::find(gpus_, gpu.id, &GpuSlot::id);
        if (slot == gpus_.end() || slot->uuid != gpu.uuid) continue; // another list: a hello follows
        better = better || (gpu.healthy && !slot->healthy);
        slot->healthy = gpu.healthy;
    }
    return better;
}

const Ledger::GpuSlot* Ledger::gpu(int id) const {
    const auto found = std::ranges::find(gpus_, id, &GpuSlot::id);
    return found == gpus_.end() ? nullptr : &*found;
}

const Ledger::NumaSlot* Ledger::numa(int id) const {
    const auto found = std::ranges::find(numa_, id, &NumaSlot::id);
    return found == numa_.end() ? nullptr : &*found;
}

Ledger::NumaSlot* Ledger::numa_slot(int id) {
    const auto found = std::ranges::find(numa_, id, &NumaSlot::id);
    return found == numa_.end() ? nullptr : &*found;
}

std::vector<int> Ledger::free_gpus() const {
    std::vector<int> free;
    for (const GpuSlot& slot : gpus_)
        if (slot.healthy && !slot.holder) free.push_back(slot.id);
    return free;
}

void Ledger::add(const Holding& holding, int sign) {
    cores_held_ += sign * holding.cores;
    memory_held_ += Bytes{sign * holding.memory.value};
    NumaSlot* slot = holding.numa ? numa_slot(*holding.numa) : nullptr;
    if (slot == nullptr) return;
    slot->cores_held += sign * holding.cores;
    slot->memory_held += Bytes{sign * holding.memory.value};
}

void Ledger::hold(AttemptId attempt, const Shape& shape, const Placement& placement) {
    release(attempt);
    Holding holding{shape.cores, shape.memory, {}, placement.numa};
    for (const int id : placement.gpus) {
        const GpuSlot* slot = gpu(id);
        holding.gpus.push_back({id, slot == nullptr ? "" : slot->uuid});
    }
    add(holding, 1);
    take_gpus(attempt, holding);
    holdings_.emplace(attempt, std::move(holding));
}

void Ledger::release(AttemptId attempt) {
    const auto found = holdings_.find(attempt);
    if (found == holdings_.end()) return;
    add(found->second, -1);
    for (GpuSlot& slot : gpus_)
        if (slot.holder == attempt) slot.holder.reset();
    holdings_.erase(found);
}

} // namespace hk::sched
