#include "host/node_view.hpp"

#include <algorithm>

namespace hk::host {
namespace {

const char* status_of(const sched::Node& node) { return node.online() ? "online" : "offline"; }

bool same_gpus(const std::vector<Gpu>& a, const std::vector<Gpu>& b) {
    return std::ranges::equal(
        a, b, [](const Gpu& one, const Gpu& other) { return one.id == other.id && one.uuid == other.uuid; });
}

/// The last reading of the GPUs that the runner said hello with, else what it said then; with who
/// holds them. Others are shown when they can be given out, which is at the next hello.
std::vector<proto::GpuView> gpus_of(const sched::State& state, const sched::Node& node, const NodeUsage* usage) {
    const bool known = usage != nullptr && same_gpus(usage->gpus, node.inventory.gpus);
    const auto& gpus = known ? usage->gpus : node.inventory.gpus;
    std::vector<proto::GpuView> views;
    for (const Gpu& gpu : gpus) {
        views.push_back(proto::view_of(gpu));
        const auto* slot = node.ledger.gpu(gpu.id);
        if (slot == nullptr || !slot->holder) continue;
        views.back().task_id = slot->holder->task;
        const auto task = state.tasks.find(slot->holder->task);
        if (task != state.tasks.end()) views.back().task_user = task->second.spec().submitted_by;
    }
    return views;
}

int cores_available(const sched::Node& node) { return node.online() ? std::max(0, node.ledger.cores_free()) : 0; }

std::map<std::string, proto::NumaView> numa_of(const sched::Node& node) {
    std::map<std::string, proto::NumaView> views;
    for (const NumaNode& each : node.inventory.numa) {
        proto::NumaView& view = views[std::to_string(each.id)] = proto::view_of(each);
        const auto* slot = node.ledger.numa(each.id);
        if (slot == nullptr) continue;
        view.cores_in_use = slot->cores_held;
        view.memory_reserved_bytes = slot->memory_held;
        // Tasks that are bound to no NUMA node may run on its cores as well.
        view.available_cores = std::clamp(slot->cores - slot->cores_held, 0, cores_available(node));
    }
    return views;
}

std::vector<proto::ExecutorView> executors_of(const sched::Node& node) {
    std::vector<proto::ExecutorView> views;
    views.reserve(node.inventory.executors.size());
    for (const ExecutorOffer& offer : node.inventory.executors)
        views.push_back({std::string(to_string(offer.kind)), offer.available, offer.problem, offer.warnings});
    return views;
}

template <class View>
void put_usage(View& view, const NodeUsage& usage) {
    view.cpu_percent = usage.cpu_percent;
    view.memory_percent = usage.memory_percent;
    view.memory_used_bytes = usage.memory_used;
    view.current_avg_temp = usage.average_temperature;
    view.current_max_temp = usage.maximum_temperature;
}

std::optional<Time> seen(const sched::Node& node) {
    return node.last_seen == Time{} ? std::nullopt : std::optional(node.last_seen);
}

} // namespace

proto::NodeView view_of(const sched::State& state, const sched::Node& node, const NodeUsage* usage) {
    const sched::Ledger& ledger = node.ledger;
    proto::NodeView view{.hostname = node.name.value,
                         .url = node.inventory.address,
                         .status = status_of(node),
                         .drained = node.drained,
                         .version = node.inventory.version,
                         .total_cores = node.inventory.cores,
                         .cores_in_use = ledger.cores_held(),
                         .available_cores = cores_available(node),
                         .memory_total_bytes = node.inventory.memory,
                         .memory_reserved_bytes = ledger.memory_held(),
                         .last_heartbeat = seen(node),
                         .numa_topology = numa_of(node),
                         .gpu_info = gpus_of(state, node, usage),
                         .executors = executors_of(node)};
    if (usage != nullptr && node.online()) put_usage(view, *usage);
    for (const auto& [attempt, holding] : ledger.holdings()) view.tasks.push_back(attempt.task);
    return view;
}

proto::HealthNode health_of(const sched::State& state, const sched::Node& node, const NodeUsage* usage) {
    proto::HealthNode view{.hostname = node.name.value,
                           .status = status_of(node),
                           .last_heartbeat = seen(node),
                           .memory_total_bytes = node.inventory.memory,
                           .total_cores = node.inventory.cores,
                           .numa_topology = numa_of(node),
                           .gpu_info = gpus_of(state, node, usage)};
    if (usage != nullptr && node.online()) put_usage(view, *usage);
    return view;
}

proto::ClusterView cluster_of(const sched::State& state, const std::map<TaskState, std::int64_t>& counts,
                              const ClusterDefaults& defaults, Time now) {
    proto::ClusterView view{.version = defaults.version,
                            .now = now,
                            .nodes_total = static_cast<int>(state.nodes.size()),
                            .default_container = defaults.container,
                            .default_strategy = std::string(to_string(defaults.strategy))};
    for (const auto& [name, node] : state.nodes) {
        if (!node.online()) continue;
        ++view.nodes_online;
        view.cores_total += node.ledger.cores();
        view.cores_in_use += node.ledger.cores_held();
        view.memory_total_bytes += node.ledger.memory();
        view.memory_reserved_bytes += node.ledger.memory_held();
        view.gpus_total += static_cast<int>(node.ledger.gpus().size());
        view.gpus_in_use += static_cast<int>(
            std::ranges::count_if(node.ledger.gpus(), [](const auto& slot) { return slot.holder.has_value(); }));
    }
    for (const auto& [task_state, count] : counts) view.tasks.emplace(to_string(task_state), count);
    return view;
}

} // namespace hk::host
