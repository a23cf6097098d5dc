#include "probe/nvml_api.hpp"

#include <dlfcn.h>
#include <initializer_list>

namespace hk::probe::nvml {
namespace {

/// Sets the entry point to the first of the names that the library has: newest first.
template <class Function>
void find(void* library, Function& entry, std::initializer_list<const char*> names) {
    for (const char* name : names) {
        entry = reinterpret_cast<Function>(::dlsym(library, name));
        if (entry != nullptr) return;
    }
}

void find_identity(void* library, Api& api) {
    find(library, api.init, {"nvmlInit_v2", "nvmlInit"});
    find(library, api.shutdown, {"nvmlShutdown"});
    find(library, api.error_string, {"nvmlErrorString"});
    find(library, api.driver_version, {"nvmlSystemGetDriverVersion"});
    find(library, api.count, {"nvmlDeviceGetCount_v2", "nvmlDeviceGetCount"});
    find(library, api.by_index, {"nvmlDeviceGetHandleByIndex_v2", "nvmlDeviceGetHandleByIndex"});
    find(library, api.name, {"nvmlDeviceGetName"});
    find(library, api.uuid, {"nvmlDeviceGetUUID"});
    find(library, api.pci, {"nvmlDeviceGetPciInfo_v3"}); // the older ones fill a shorter record
    find(library, api.mig_mode, {"nvmlDeviceGetMigMode"});
    find(library, api.mig_count, {"nvmlDeviceGetMaxMigDeviceCount"});
    find(library, api.mig_by_index, {"nvmlDeviceGetMigDeviceHandleByIndex"});
}

void find_readings(void* library, Api& api) {
    find(library, api.rates, {"nvmlDeviceGetUtilizationRates"});
    find(library, api.memory, {"nvmlDeviceGetMemoryInfo"});
    find(library, api.memory_v2, {"nvmlDeviceGetMemoryInfo_v2"});
    find(library, api.temperature, {"nvmlDeviceGetTemperature"});
    find(library, api.temperature_v, {"nvmlDeviceGetTemperatureV"});
    find(library, api.power, {"nvmlDeviceGetPowerUsage"});
    find(library, api.power_limit, {"nvmlDeviceGetEnforcedPowerLimit"});
    find(library, api.fan, {"nvmlDeviceGetFanSpeed"});
    find(library, api.clock, {"nvmlDeviceGetClockInfo"});
    find(library, api.list_compute,
         {"nvmlDeviceGetComputeRunningProcesses_v3", "nvmlDeviceGetComputeRunningProcesses_v2",
          "nvmlDeviceGetComputeRunningProcesses"});
    find(library, api.list_graphics,
         {"nvmlDeviceGetGraphicsRunningProcesses_v3", "nvmlDeviceGetGraphicsRunningProcesses_v2",
          "nvmlDeviceGetGraphicsRunningProcesses"});
    find(library, api.list_mps,
         {"nvmlDeviceGetMPSComputeRunningProcesses_v3", "nvmlDeviceGetMPSComputeRunningProcesses_v2",
          "nvmlDeviceGetMPSComputeRunningProcesses"});
}

} // namespace

Result<Api> load(const std::string& library) {
    void* handle = ::dlopen(library.c_str(), RTLD_NOW | RTLD_LOCAL);
    if (handle == nullptr) {
        const char* why = ::dlerror();
        return fail(Errc::not_found,
                    std::string("NVIDIA's library cannot be loaded: ") + (why ? why : library.c_str()));
    }
    Api api;
    find_identity(handle, api);
    find_readings(handle, api);
    if (!api.init || !api.count || !api.by_index || !api.uuid)
        return fail(Errc::unsupported, library + " is not NVIDIA's management library");
    return api;
}

std::size_t measure_stride(std::size_t written, std::size_t count) {
    for (const std::size_t size : {std::size_t{16}, std::size_t{24}, std::size_t{32}})
        if (count > 0 && written == size * count) return size;
    return 0;
}

} // namespace hk::probe::nvml
