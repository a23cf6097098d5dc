// Prints what the prober sees: probe_dump [ROOT] [--gpu-library PATH]. It is also the GPU reader of
// the tests.
#include "probe/prober.hpp"

#include <cstdio>
#include <cstring>
#include <string>

namespace {

using namespace hk;

void print_gpu(const Gpu& gpu) {
    std::printf("gpu %d %s %s \"%s\" %s driver %s%s%s\n", gpu.id, gpu.vendor.c_str(), gpu.uuid.c_str(),
                gpu.name.c_str(), gpu.pci_bus_id.c_str(), gpu.driver_version.c_str(),
                gpu.mig_parent.empty() ? "" : " part of ", gpu.mig_parent.c_str());
    std::printf("  %s%s load %d%% memory %.0f of %.0f MiB (%d%%) %d MHz %d MHz %d C fan %d%% %d of %d mW\n",
                gpu.healthy ? "healthy" : "NOT HEALTHY: ", gpu.problem.c_str(), gpu.utilization, gpu.memory_used_mib,
                gpu.memory_total_mib, gpu.memory_utilization, gpu.graphics_clock_mhz, gpu.memory_clock_mhz,
                gpu.temperature, gpu.fan_speed, gpu.power_usage_mw, gpu.power_limit_mw);
    for (const GpuProcess& process : gpu.processes)
        std::printf("  pid %d %s: %s (%s)\n", process.pid, process.user.c_str(), process.command.c_str(),
                    format_size(process.memory).c_str());
}

void print_inventory(const NodeInventory& inventory) {
    std::printf("cores %d memory %s boot %s\n", inventory.cores, format_size(inventory.memory).c_str(),
                inventory.boot_id.c_str());
    for (const NumaNode& node : inventory.numa) {
        std::printf("numa %d memory %s cpus", node.id, format_size(node.memory).c_str());
        for (const int cpu : node.cpus) std::printf(" %d", cpu);
        std::printf("\n");
    }
    for (const Gpu& gpu : inventory.gpus) print_gpu(gpu);
}

void print_usage(const NodeUsage& usage) {
    std::printf("cpu %.1f%% memory %.1f%% (%s of %s)\n", usage.cpu_percent, usage.memory_percent,
                format_size(usage.memory_used).c_str(), format_size(usage.memory_total).c_str());
    if (usage.average_temperature)
        std::printf("temperature average %.1f maximum %.1f\n", *usage.average_temperature, *usage.maximum_temperature);
}

} // namespace

int main(int argc, char** argv) {
    if (const auto code = hk::probe::run_gpu_reader(argc, argv)) return *code;
    hk::probe::ProbeSettings settings;
    for (int i = 1; i < argc; ++i) {
        if (std::strcmp(argv[i], "--gpu-library") == 0 && i + 1 < argc) settings.nvml_library = argv[++i];
        else settings.root = argv[i];
    }
    hk::probe::Prober prober(std::move(settings));
    print_inventory(prober.inventory());
    print_usage(prober.usage());
    return 0;
}
