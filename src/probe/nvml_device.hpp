#pragma once
#include "model/node.hpp"
#include "probe/nvml_api.hpp"
#include "probe/process_owner.hpp"

namespace hk::probe {

/// One handle of NVML (a GPU or a MIG device) turned into the fields of a Gpu. What a device does
/// not support stays -1.
class NvmlDevice {
public:
    NvmlDevice(const nvml::Api& api, nvml::Device device)
        : api_(api)
        , device_(device) {}

    void read_identity(Gpu& gpu);
    void read_load(Gpu& gpu);
    void read_processes(Gpu& gpu, ProcessOwners& owners);

    /// The failure that means the device or the driver is not usable; success when nothing of the
    /// kind was seen.
    int worst() const { return worst_; }

private:
    using ListFunction = int (*)(nvml::Device, unsigned*, void*);
    bool good(int code);
    int read_unsigned(int (*function)(nvml::Device, unsigned*));
    int read_clock(int kind);
    int read_temperature();
    void read_memory(Gpu& gpu);
    void add_processes(Gpu& gpu, ListFunction list, ProcessOwners& owners);

    const nvml::Api& api_;
    nvml::Device device_;
    int worst_ = nvml::success;
};

} // namespace hk::probe
