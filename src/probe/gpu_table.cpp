#include "probe/gpu_table.hpp"

#include <algorithm>

namespace hk::probe {
namespace {

bool same_gpu(const Gpu& a, const Gpu& b) {
    if (!a.uuid.empty() && !b.uuid.empty()) return a.uuid == b.uuid;
    return !a.pci_bus_id.empty() && a.pci_bus_id == b.pci_bus_id && a.mig_parent.empty() && b.mig_parent.empty();
}

/// A lost GPU cannot say who it is: what it said earlier still holds.
void keep_identity(Gpu& gpu, const Gpu& before) {
    const auto fill = [](std::string& now, const std::string& then) {
        if (now.empty()) now = then;
    };
    fill(gpu.uuid, before.uuid);
    fill(gpu.name, before.name);
    fill(gpu.pci_bus_id, before.pci_bus_id);
    fill(gpu.driver_version, before.driver_version);
    if (gpu.memory_total_mib < 0) gpu.memory_total_mib = before.memory_total_mib;
}

/// Nothing that changes is known of a GPU that does not answer.
void forget_readings(Gpu& gpu) {
    const Gpu unknown;
    gpu.utilization = gpu.memory_utilization = unknown.utilization;
    gpu.graphics_clock_mhz = gpu.memory_clock_mhz = unknown.graphics_clock_mhz;
    gpu.memory_used_mib = gpu.memory_free_mib = unknown.memory_used_mib;
    gpu.temperature = gpu.fan_speed = gpu.power_usage_mw = unknown.temperature;
    gpu.processes.clear();
}

void mark_unhealthy(Gpu& gpu, const std::string& problem) {
    if (gpu.healthy || gpu.problem.empty()) gpu.problem = problem;
    gpu.healthy = false;
    forget_readings(gpu);
}

bool comes_before(const Gpu& a, const Gpu& b) {
    if (a.mig_parent.empty() != b.mig_parent.empty()) return a.mig_parent.empty();
    if (a.pci_bus_id.empty() != b.pci_bus_id.empty()) return b.pci_bus_id.empty(); // lost before it said where it is
    if (a.pci_bus_id != b.pci_bus_id) return a.pci_bus_id < b.pci_bus_id;
    return a.id < b.id;
}

} // namespace

void GpuTable::apply(GpuFrame frame) {
    std::vector<Gpu> now = std::move(frame.gpus);
    for (Gpu& before : gpus_) {
        const auto found = std::ranges::find_if(now, [&](const Gpu& gpu) { return same_gpu(gpu, before); });
        if (found != now.end()) {
            keep_identity(*found, before);
            continue;
        }
        // A MIG device that is gone was taken away by an administrator; a GPU that is gone has
        // failed.
        if (!before.mig_parent.empty() && frame.problem.empty()) continue;
        mark_unhealthy(before, frame.problem.empty() ? "the driver no longer lists this GPU" : frame.problem);
        now.push_back(std::move(before));
    }
    std::ranges::sort(now, comes_before);
    for (std::size_t i = 0; i < now.size(); ++i) now[i].id = static_cast<int>(i);
    gpus_ = std::move(now);
}

std::vector<Gpu> GpuTable::gpus_after(const Silence& silence) const {
    std::vector<Gpu> gpus = gpus_;
    for (Gpu& gpu : gpus) {
        if (silence.lasts >= silence.limit) mark_unhealthy(gpu, silence.reason);
        else if (silence.lasts >= stale_after && gpu.healthy)
            gpu.problem = silence.reason + " for " + format_duration(silence.lasts);
    }
    return gpus;
}

} // namespace hk::probe
