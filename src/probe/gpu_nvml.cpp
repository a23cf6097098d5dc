#include "probe/gpu_nvml.hpp"

#include "probe/nvml_device.hpp"

#include <algorithm>
#include <array>

namespace hk::probe {
namespace {

bool needs_new_library(int code) {
    return code == nvml::uninitialized || code == nvml::driver_not_loaded || code == nvml::library_mismatch;
}

} // namespace

std::string NvmlGpus::describe(int code) const {
    if (code == nvml::gpu_is_lost) return "the GPU has fallen off the bus; the machine needs a restart";
    if (code == nvml::reset_required) return "the GPU needs a reset";
    if (code == nvml::driver_not_loaded) return "the NVIDIA driver is not loaded";
    if (code == nvml::library_mismatch) return "the NVIDIA driver was replaced and the machine not restarted since";
    const char* text = api_.error_string ? api_.error_string(code) : nullptr;
    return "NVML says: " + (text ? std::string(text) : "error " + std::to_string(code));
}

GpuFrame NvmlGpus::give_up(int code) {
    needs_restart_ = true;
    return GpuFrame{.gpus = {}, .problem = describe(code)};
}

GpuFrame NvmlGpus::read(ProcessOwners& owners) {
    if (!started_) {
        if (const int code = api_.init(); code != nvml::success) return give_up(code);
        started_ = true;
        std::array<char, nvml::short_text> text{};
        if (api_.driver_version && api_.driver_version(text.data(), text.size()) == nvml::success)
            driver_ = text.data();
    }
    unsigned count = 0;
    if (const int code = api_.count(&count); code != nvml::success) return give_up(code);
    GpuFrame frame;
    std::vector<nvml::Device> devices;
    for (unsigned index = 0; index < std::min<unsigned>(count, most_gpus); ++index) {
        nvml::Device device = nullptr;
        const int code = api_.by_index(index, &device);
        if (needs_new_library(code)) return give_up(code);
        devices.push_back(device);
        frame.gpus.push_back(code == nvml::success ? read_gpu(index, device, owners) : lost_gpu(index, code));
    }
    for (std::size_t i = 0; i < devices.size(); ++i)
        if (const Gpu parent = frame.gpus[i]; parent.healthy) add_mig_devices(frame, parent, devices[i], owners);
    return frame;
}

/// The driver gives no handle of it: what it said about itself earlier tells people which one it
/// is.
Gpu NvmlGpus::lost_gpu(unsigned index, int code) const {
    Gpu gpu;
    if (const auto known = known_.find(index); known != known_.end()) gpu = known->second;
    gpu.id = static_cast<int>(index);
    gpu.vendor = "nvidia";
    gpu.driver_version = driver_;
    gpu.healthy = false;
    gpu.problem = describe(code);
    return gpu;
}

Gpu NvmlGpus::read_gpu(unsigned index, nvml::Device device, ProcessOwners& owners) {
    Gpu gpu;
    gpu.id = static_cast<int>(index);
    gpu.vendor = "nvidia";
    gpu.driver_version = driver_;
    NvmlDevice reader(api_, device);
    reader.read_identity(gpu);
    if (!gpu.uuid.empty()) known_[index] = gpu;
    reader.read_load(gpu);
    reader.read_processes(gpu, owners);
    if (const int code = reader.worst(); code != nvml::success) {
        gpu.healthy = false;
        gpu.problem = describe(code);
        needs_restart_ = needs_restart_ || needs_new_library(code);
    }
    return gpu;
}

void NvmlGpus::add_mig_devices(GpuFrame& frame, const Gpu& parent, nvml::Device device, ProcessOwners& owners) {
    unsigned current = 0, pending = 0, most = 0;
    if (!api_.mig_mode || !api_.mig_count || !api_.mig_by_index) return;
    if (api_.mig_mode(device, &current, &pending) != nvml::success || current != 1) return;
    if (api_.mig_count(device, &most) != nvml::success) return;
    for (unsigned i = 0; i < std::min<unsigned>(most, most_gpus); ++i) {
        nvml::Device part = nullptr;
        if (api_.mig_by_index(device, i, &part) != nvml::success || frame.gpus.size() >= most_gpus) continue;
        Gpu gpu = read_gpu(static_cast<unsigned>(frame.gpus.size()), part, owners);
        gpu.mig_parent = parent.uuid;
        if (gpu.pci_bus_id.empty()) gpu.pci_bus_id = parent.pci_bus_id;
        gpu.temperature = parent.temperature; // one chip, one temperature
        frame.gpus.push_back(std::move(gpu));
    }
}

} // namespace hk::probe
