#pragma once
#include "cli/table.hpp"
#include "proto/node_api.hpp"

/// Nodes, their health and their GPUs as people see them.
namespace hk::cli {

std::string render_node_table(const Terminal& terminal, const std::vector<proto::NodeView>& nodes, Time now);
/// One line per GPU of the cluster: what it does, and who uses it.
std::string render_gpu_table(const Terminal& terminal, const std::vector<proto::NodeView>& nodes);
/// The newest sample of each node (of one node, where `node` is not empty), its GPUs, and the whole
/// cluster.
std::string render_health(const Terminal& terminal, const proto::Health& health, std::string_view node);

} // namespace hk::cli
