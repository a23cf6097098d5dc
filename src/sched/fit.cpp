#include "sched/fit.hpp"

#include <algorithm>

namespace hk::sched {
namespace {

std::string list_of(const std::vector<int>& ids) {
    std::string text;
    for (const int id : ids) text += (text.empty() ? "" : ", ") + std::to_string(id);
    return text.empty() ? "none" : text;
}

template <class Slot>
std::vector<int> ids_of(const std::vector<Slot>& slots) {
    std::vector<int> ids;
    for (const auto& slot : slots) ids.push_back(slot.id);
    return ids;
}

void amount(std::vector<Obstacle>& out, ObstacleKind kind, std::int64_t needs, std::int64_t held, std::int64_t total) {
    if (needs <= total - held || needs == 0) return;
    out.push_back({.kind = kind,
                   .permanent = needs > total,
                   .needs = needs,
                   .free = std::max<std::int64_t>(0, total - held),
                   .total = total,
                   .detail = {}});
}

/// An engine and a shared folder come and go; what a machine is does not.
bool may_offer_later(const Node& node, bool container) {
    return std::ranges::any_of(node.inventory.executors, [&](const ExecutorOffer& offer) {
        const bool docker = offer.kind == ExecutorKind::docker;
        return docker == container && (docker || offer.may_return);
    });
}

void check_condition(const Node& node, const Shape& shape, Mono now, std::vector<Obstacle>& out) {
    if (!node.online()) {
        const auto silence = std::chrono::duration_cast<Duration>(now - node.last_heard);
        out.push_back({.kind = ObstacleKind::offline, .detail = format_duration(silence)});
    }
    if (node.drained) out.push_back({.kind = ObstacleKind::drained});
    if (!node.strays.empty())
        out.push_back({.kind = ObstacleKind::strays, .needs = static_cast<std::int64_t>(node.strays.size())});
    if (!node.offers(shape.container))
        out.push_back({.kind = ObstacleKind::no_executor,
                       .permanent = !may_offer_later(node, shape.container),
                       .detail = node.why_not(shape.container)});
}

void check_numa(const Ledger& ledger, const Shape& shape, std::vector<Obstacle>& out) {
    if (!shape.target.numa) return;
    const auto* slot = ledger.numa(*shape.target.numa);
    if (slot == nullptr) {
        out.push_back({.kind = ObstacleKind::numa_unknown,
                       .permanent = true,
                       .needs = *shape.target.numa,
                       .detail = list_of(ids_of(ledger.numa()))});
        return;
    }
    amount(out, ObstacleKind::numa_cores, shape.cores, slot->cores_held, slot->cores);
    if (slot->memory.value > 0)
        amount(out, ObstacleKind::numa_memory, shape.memory.value, slot->memory_held.value, slot->memory.value);
}

void check_named_gpu(const Ledger& ledger, int id, std::vector<Obstacle>& out) {
    const auto* slot = ledger.gpu(id);
    if (slot == nullptr)
        out.push_back({.kind = ObstacleKind::gpu_unknown,
                       .permanent = true,
                       .needs = id,
                       .detail = list_of(ids_of(ledger.gpus()))});
    else if (!slot->healthy) out.push_back({.kind = ObstacleKind::gpu_unhealthy, .needs = id});
    else if (slot->holder)
        out.push_back({.kind = ObstacleKind::gpu_taken, .needs = id, .detail = to_string(slot->holder->task)});
}

void check_gpus(const Ledger& ledger, const Shape& shape, std::vector<Obstacle>& out) {
    for (const int id : shape.target.gpus) check_named_gpu(ledger, id, out);
    const auto total = static_cast<std::int64_t>(ledger.gpus().size());
    const auto free = static_cast<std::int64_t>(ledger.free_gpus().size());
    amount(out, ObstacleKind::gpus, shape.gpu_count, total - free, total);
}

std::string plural(std::int64_t count, std::string_view thing) {
    return std::to_string(count) + " " + std::string(thing) + (count == 1 ? "" : "s");
}

std::string size(std::int64_t bytes) { return format_size(Bytes{bytes}); }

std::string countable(const Obstacle& o, std::string_view thing) {
    if (o.permanent) return "has " + plural(o.total, thing) + ", needs " + std::to_string(o.needs);
    return std::to_string(o.free) + " of " + plural(o.total, thing) + " free, needs " + std::to_string(o.needs);
}

std::string measurable(const Obstacle& o, std::string_view thing) {
    const std::string what = " of " + std::string(thing);
    if (o.permanent) return "has " + size(o.total) + what + ", needs " + size(o.needs);
    return size(o.free) + " of " + size(o.total) + what + " free, needs " + size(o.needs);
}

} // namespace

bool Fit::never() const {
    return std::ranges::any_of(obstacles, [](const auto& obstacle) { return obstacle.permanent; });
}

Fit fit(const Node& node, const Shape& shape, Mono now) {
    Fit result;
    auto& out = result.obstacles;
    check_condition(node, shape, now, out);
    amount(out, ObstacleKind::cores, shape.cores, node.ledger.cores_held(), node.ledger.cores());
    amount(out, ObstacleKind::memory, shape.memory.value, node.ledger.memory_held().value, node.ledger.memory().value);
    check_numa(node.ledger, shape, out);
    check_gpus(node.ledger, shape, out);
    if (out.empty()) result.placement = placement_on(node, shape);
    return result;
}

bool can_start(const Node& node, const Shape& shape) {
    if (!node.online() || node.drained || !node.strays.empty() || !node.offers(shape.container)) return false;
    if (shape.target.numa && node.ledger.numa(*shape.target.numa) == nullptr) return false;
    return shortage(node.ledger, shape) == Shortage{};
}

Placement placement_on(const Node& node, const Shape& shape) {
    Placement placement{node.name, shape.target.numa, shape.target.gpus};
    auto free = node.ledger.free_gpus();
    free.resize(std::min(free.size(), static_cast<std::size_t>(shape.gpu_count)));
    placement.gpus.insert(placement.gpus.end(), free.begin(), free.end());
    return placement;
}

bool Shortage::worse_than(const Shortage& other) const {
    // Whoever frees a NUMA node's cores frees the node's as well, so only the larger of the two counts.
    return std::max(cores, numa_cores) > std::max(other.cores, other.numa_cores) ||
           std::max(memory, numa_memory) > std::max(other.memory, other.numa_memory) || gpus > other.gpus;
}

Shortage shortage(const Ledger& ledger, const Shape& shape) {
    const auto missing = [](std::int64_t needs, std::int64_t free) { return std::max<std::int64_t>(0, needs - free); };
    Shortage result;
    if (shape.cores > 0) result.cores = missing(shape.cores, ledger.cores_free());
    if (shape.memory.value > 0) result.memory = missing(shape.memory.value, ledger.memory_free().value);
    for (const int id : shape.target.gpus) {
        const auto* slot = ledger.gpu(id);
        result.gpus += slot == nullptr || slot->holder || !slot->healthy ? 1 : 0;
    }
    result.gpus += missing(shape.gpu_count, static_cast<std::int64_t>(ledger.free_gpus().size()));
    const auto* numa = shape.target.numa ? ledger.numa(*shape.target.numa) : nullptr;
    if (numa == nullptr) return result;
    if (shape.cores > 0) result.numa_cores = missing(shape.cores, numa->cores - numa->cores_held);
    if (shape.memory.value > 0 && numa->memory.value > 0)
        result.numa_memory = missing(shape.memory.value, (numa->memory - numa->memory_held).value);
    return result;
}

std::string to_string(const Obstacle& o) {
    switch (o.kind) {
    case ObstacleKind::offline: return "offline for " + o.detail;
    case ObstacleKind::drained: return "drained";
    case ObstacleKind::strays: return "still stopping " + plural(o.needs, "task") + " that the Host gave up";
    case ObstacleKind::no_executor: return o.detail;
    case ObstacleKind::cores: return countable(o, "core");
    case ObstacleKind::memory: return measurable(o, "memory");
    case ObstacleKind::gpus: return countable(o, "GPU");
    case ObstacleKind::gpu_taken: return "GPU " + std::to_string(o.needs) + " is used by task " + o.detail;
    case ObstacleKind::gpu_unknown: return "has no GPU " + std::to_string(o.needs) + " (it has: " + o.detail + ")";
    case ObstacleKind::gpu_unhealthy: return "GPU " + std::to_string(o.needs) + " is not healthy";
    case ObstacleKind::numa_unknown:
        return "has no NUMA node " + std::to_string(o.needs) + " (it has: " + o.detail + ")";
    case ObstacleKind::numa_cores: return countable(o, "core") + " on the NUMA node";
    case ObstacleKind::numa_memory: return measurable(o, "memory") + " on the NUMA node";
    case ObstacleKind::held_for: return "held for task " + o.detail + ", which waits longer";
    }
    std::unreachable();
}

std::string to_string(const std::vector<Obstacle>& obstacles) {
    std::string text;
    for (const Obstacle& obstacle : obstacles) text += (text.empty() ? "" : ", ") + to_string(obstacle);
    return text;
}

} // namespace hk::sched
