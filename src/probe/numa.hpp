#pragma once
#include "model/node.hpp"

#include <filesystem>
#include <vector>

namespace hk::probe {

/// The NUMA nodes that a task can be bound to: those with CPUs of `usable`, in ascending order. A
/// node whose memory this process may not use, or that has none, has memory 0. Empty where the
/// kernel does not know NUMA.
std::vector<NumaNode> read_numa_nodes(const std::filesystem::path& root, const std::vector<int>& usable);

} // namespace hk::probe
