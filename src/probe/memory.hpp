#pragma once
#include "base/units.hpp"

#include <optional>
#include <string_view>

namespace hk::probe {

/// The two numbers of /proc/meminfo that matter.
struct MemoryReading {
    Bytes total;
    Bytes available; ///< what a new task could have without swapping; estimated on kernels older
                     ///< than 3.14
};

/// Empty when there is no total.
std::optional<MemoryReading> parse_meminfo(std::string_view text);

/// "Node 0 MemTotal:  7301428 kB" of a NUMA node's meminfo.
std::optional<Bytes> parse_node_memory(std::string_view text);

} // namespace hk::probe
