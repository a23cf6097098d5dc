#pragma once
#include "host/engine.hpp"
#include "host/usage.hpp"
#include "proto/node_api.hpp"

/// Nodes and the cluster as the API shows them.
namespace hk::host {

proto::NodeView view_of(const sched::State& state, const sched::Node& node, const NodeUsage* usage);
proto::HealthNode health_of(const sched::State& state, const sched::Node& node, const NodeUsage* usage);

struct ClusterDefaults {
    std::string version;
    std::string container;
    Strategy strategy = Strategy::best_fit;
};
proto::ClusterView cluster_of(const sched::State& state, const std::map<TaskState, std::int64_t>& counts,
                              const ClusterDefaults& defaults, Time now);

} // namespace hk::host
