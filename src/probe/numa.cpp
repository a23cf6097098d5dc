#include "probe/numa.hpp"

#include "probe/memory.hpp"
#include "probe/text.hpp"

#include <algorithm>
#include <iterator>

namespace hk::probe {

std::vector<NumaNode> read_numa_nodes(const std::filesystem::path& root, const std::vector<int>& usable) {
    const auto status = read_text(root / "proc/self/status");
    const auto list = status ? value_of(*status, "Mems_allowed_list:") : std::nullopt;
    const std::vector<int> allowed = list ? parse_cpu_list(*list) : std::vector<int>();
    std::vector<NumaNode> nodes;
    for (const auto& [id, folder] : numbered_entries(root / "sys/devices/system/node", "node")) {
        NumaNode node{.id = id, .cpus = {}, .memory = {}};
        const auto cpus = read_text(folder / "cpulist");
        if (cpus) std::ranges::set_intersection(parse_cpu_list(*cpus), usable, std::back_inserter(node.cpus));
        if (node.cpus.empty()) continue;
        const auto memory = read_text(folder / "meminfo");
        const bool may_use = allowed.empty() || std::ranges::binary_search(allowed, id);
        if (memory && may_use) node.memory = parse_node_memory(*memory).value_or(Bytes{});
        nodes.push_back(std::move(node));
    }
    return nodes;
}

} // namespace hk::probe
