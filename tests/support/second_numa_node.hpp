#pragma once
#include "base/file.hpp"
#include "model/node.hpp"

#include <cstdio>
#include <optional>

namespace hk::test {

/// NUMA node 1 of this machine, where it has one whose CPUs are in one piece.
inline std::optional<NumaNode> second_numa_node() {
    const auto text = read_file("/sys/devices/system/node/node1/cpulist");
    int first = 0;
    int last = 0;
    const int found = text ? std::sscanf(text->c_str(), "%d-%d", &first, &last) : 0;
    if (found < 1) return std::nullopt;
    NumaNode node{.id = 1, .cpus = {}, .memory = Bytes{1 << 30}};
    for (int cpu = first; cpu <= (found == 2 ? last : first); ++cpu) node.cpus.push_back(cpu);
    return node;
}

/// What a task says of its binding.
inline constexpr char show_binding[] = "cat /sys/devices/system/node/node1/cpulist; "
                                       "grep Cpus_allowed_list: /proc/self/status | cut -f2; "
                                       "grep -q bind:1 /proc/self/numa_maps && echo bound";

/// Its CPUs are those of node 1, and so is its memory.
inline bool is_bound_to_second(const std::string& output) {
    const auto end = output.find('\n');
    const std::string cpus = output.substr(0, end == output.npos ? 0 : end + 1);
    return !cpus.empty() && output == cpus + cpus + "bound\n";
}

} // namespace hk::test
