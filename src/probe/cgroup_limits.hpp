#pragma once
#include "base/time.hpp"
#include "base/units.hpp"

#include <filesystem>
#include <optional>

namespace hk::probe {

/// One limit of a cgroup and the folder of the group that sets it: the tightest from our group up
/// to the top.
template <class Value>
struct CgroupLimit {
    Value value{};
    std::filesystem::path folder;
    bool unified = true; ///< cgroup v2; otherwise v1
};

/// What the control groups of this process allow it, in version 1, 2 or both mounted together.
/// Inside a container these are the size of the node.
struct CgroupLimits {
    std::optional<CgroupLimit<double>> cpus; ///< CPU quota, in CPUs
    std::optional<CgroupLimit<Bytes>> memory;
    std::filesystem::path cpu_time_v1; ///< the cpuacct folder that belongs to `cpus` where that is version 1
};

/// Reads ROOT/proc/self/{cgroup,mountinfo} and the folders they lead to.
CgroupLimits read_cgroup_limits(const std::filesystem::path& root);

/// CPU time used so far by the group that sets the quota.
std::optional<Duration> read_cpu_time(const CgroupLimits& limits);
/// Memory in use by the group that sets the limit, without the page cache that the kernel would
/// give back first.
std::optional<Bytes> read_memory_used(const CgroupLimit<Bytes>& limit);

} // namespace hk::probe
