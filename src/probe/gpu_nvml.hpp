#pragma once
#include "probe/gpu_frame.hpp"
#include "probe/nvml_api.hpp"
#include "probe/process_owner.hpp"

#include <map>

namespace hk::probe {

/// Reads NVIDIA's GPUs. Blocks as long as the driver likes: only in a GPU reader's process.
class NvmlGpus {
public:
    explicit NvmlGpus(nvml::Api api)
        : api_(api) {}

    /// One reading of every GPU, MIG devices behind the whole ones.
    GpuFrame read(ProcessOwners& owners);

    /// True after a reading that showed the driver gone or replaced: only a new process can load
    /// the new library.
    bool needs_restart() const { return needs_restart_; }

private:
    std::string describe(int code) const;
    GpuFrame give_up(int code);
    Gpu lost_gpu(unsigned index, int code) const;
    Gpu read_gpu(unsigned index, nvml::Device device, ProcessOwners& owners);
    void add_mig_devices(GpuFrame& frame, const Gpu& parent, nvml::Device device, ProcessOwners& owners);

    nvml::Api api_;
    bool started_ = false;
    bool needs_restart_ = false;
    std::string driver_;
    std::map<unsigned, Gpu> known_; ///< who is behind each index; no readings
};

} // namespace hk::probe
