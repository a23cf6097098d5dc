#include "host/health.hpp"

#include "host/node_view.hpp"

#include <algorithm>
#include <ranges>

namespace hk::host {
namespace {

/// A mean that knows how many values it saw.
struct Mean {
    double sum = 0;
    double weight = 0;
    void add(double value, double by = 1) {
        sum += value * by;
        weight += by;
    }
    double value(double when_none) const { return weight > 0 ? sum / weight : when_none; }
};

void raise(std::optional<double>& highest, const std::optional<double>& value) {
    if (value) highest = std::max(highest.value_or(*value), *value);
}

proto::HealthAggregate summarise(const std::vector<proto::HealthNode>& nodes, Time now) {
    proto::HealthAggregate all{.totalNodes = static_cast<int>(nodes.size()), .lastUpdated = now};
    Mean cpu;
    Mean gpu;
    for (const proto::HealthNode& node : nodes) {
        if (node.status != "online") continue;
        ++all.onlineNodes;
        all.totalCores += node.total_cores;
        all.totalMemBytes += node.memory_total_bytes;
        all.usedMemBytes += node.memory_used_bytes;
        cpu.add(node.cpu_percent, node.total_cores);
        raise(all.maxAvgCpuTemp, node.current_avg_temp);
        raise(all.maxMaxCpuTemp, node.current_max_temp);
        for (const auto& each : node.gpu_info)
            if (each.gpu_utilization >= 0) gpu.add(each.gpu_utilization);
    }
    all.avgCpuPercent = cpu.value(0);
    all.avgGpuPercent = gpu.value(-1);
    if (all.totalMemBytes.value > 0)
        all.avgMemPercent =
            100.0 * static_cast<double>(all.usedMemBytes.value) / static_cast<double>(all.totalMemBytes.value);
    return all;
}

/// The last of them, with the means of what wavers and the highest temperatures.
template <class Samples>
proto::HealthAggregate mean_of(const Samples& samples) {
    proto::HealthAggregate all = samples.back();
    Mean cpu;
    Mean memory;
    Mean gpu;
    for (const proto::HealthAggregate& each : samples) {
        cpu.add(each.avgCpuPercent);
        memory.add(each.avgMemPercent);
        if (each.avgGpuPercent >= 0) gpu.add(each.avgGpuPercent);
        raise(all.maxAvgCpuTemp, each.maxAvgCpuTemp);
        raise(all.maxMaxCpuTemp, each.maxMaxCpuTemp);
    }
    all.avgCpuPercent = cpu.value(0);
    all.avgMemPercent = memory.value(0);
    all.avgGpuPercent = gpu.value(-1);
    return all;
}

} // namespace

void Health::sample(Time now) {
    std::vector<proto::HealthNode> nodes;
    const sched::State& state = engine_.state();
    for (const auto& [name, node] : state.nodes) nodes.push_back(health_of(state, node, usage_.of(name)));
    aggregate_.push_back(summarise(nodes, now));
    nodes_.push_back(std::move(nodes));
    if (--until_step_ == 0) {
        until_step_ = hour_step;
        hour_.push_back(
            mean_of(aggregate_ | std::views::drop(static_cast<std::ptrdiff_t>(aggregate_.size() - hour_step))));
        if (hour_.size() > hour_samples) hour_.pop_front();
    }
    if (nodes_.size() <= samples) return;
    nodes_.pop_front();
    aggregate_.pop_front();
}

proto::Health Health::history(const std::optional<NodeName>& wanted) const {
    proto::Health all{.aggregate = {aggregate_.begin(), aggregate_.end()}};
    for (std::vector<proto::HealthNode> nodes : nodes_) {
        if (wanted) std::erase_if(nodes, [&](const auto& node) { return node.hostname != wanted->value; });
        all.nodes.push_back(std::move(nodes));
    }
    return all;
}

} // namespace hk::host
