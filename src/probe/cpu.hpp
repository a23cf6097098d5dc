#pragma once
#include <filesystem>
#include <optional>
#include <string_view>
#include <vector>

namespace hk::probe {

/// The CPUs that are online and that this process may run on, ascending. Without any file: those
/// the C library counts.
std::vector<int> read_usable_cpus(const std::filesystem::path& root);
/// True when the machine has online CPUs that this process may not use.
bool is_confined(const std::filesystem::path& root, const std::vector<int>& usable);

/// Ticks since boot of some CPUs, as /proc/stat counts them.
struct CpuTicks {
    long long busy = 0;
    long long total = 0;
};

/// The sum over all CPUs, or over those in `cpus` where it is not empty. Waiting for disks counts
/// as idle.
std::optional<CpuTicks> parse_cpu_ticks(std::string_view stat, const std::vector<int>& cpus);

/// 0 to 100; empty when no tick has passed. Counters that step back (they do, after a migration)
/// count as still.
std::optional<double> busy_percent(const CpuTicks& before, const CpuTicks& after);

} // namespace hk::probe
