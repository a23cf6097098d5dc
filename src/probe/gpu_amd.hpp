#pragma once
#include "probe/gpu_frame.hpp"
#include "probe/process_owner.hpp"

#include <filesystem>

namespace hk::probe {

/// The AMD GPUs of this machine from the files of the amdgpu driver, no library. Graphics parts of
/// a CPU (less than 2 GiB of memory of their own) are not listed: nobody means them by "a GPU".
GpuFrame read_amd_gpus(const std::filesystem::path& root, ProcessOwners& owners);

/// True when the amdgpu driver shows any card at all.
bool has_amd_gpus(const std::filesystem::path& root);

} // namespace hk::probe
