#pragma once
#include "base/result.hpp"

#include <cstdint>
#include <string>

/// The part of NVIDIA's management library that we call, declared by ourselves: its header is not
/// free to ship and a node without NVIDIA must run the same executable. The layouts are those of
/// the published interface.
namespace hk::probe::nvml {

using Device = void*;

enum Code : int {
    success = 0,
    uninitialized = 1,
    not_supported = 3,
    no_permission = 4,
    not_found = 6,
    insufficient_size = 7,
    driver_not_loaded = 9,
    gpu_is_lost = 15,
    reset_required = 16,
    library_mismatch = 18, ///< the driver was replaced under the library that is loaded
};

constexpr unsigned short_text = 96;

struct Pci {
    char legacy_id[16];
    unsigned domain, bus, device, device_id, subsystem_id;
    char id[32];
};
struct Rates {
    unsigned gpu, memory;
};
struct Memory {
    unsigned long long total, free, used;
};
struct MemoryV2 {
    unsigned version;
    unsigned long long total, reserved, free, used;
};
struct TemperatureV1 {
    unsigned version, sensor;
    int degrees;
};
constexpr unsigned versioned(std::size_t size, unsigned version) { return static_cast<unsigned>(size) | version << 24; }

/// Entry points; null where the installed library is too old or too new to have one. `list_*` fill
/// an array of process records whose size depends on the driver (see measure_stride).
struct Api {
    int (*init)() = nullptr;
    int (*shutdown)() = nullptr;
    const char* (*error_string)(int) = nullptr;
    int (*driver_version)(char*, unsigned) = nullptr;
    int (*count)(unsigned*) = nullptr;
    int (*by_index)(unsigned, Device*) = nullptr;
    int (*name)(Device, char*, unsigned) = nullptr;
    int (*uuid)(Device, char*, unsigned) = nullptr;
    int (*pci)(Device, Pci*) = nullptr;
    int (*rates)(Device, Rates*) = nullptr;
    int (*memory)(Device, Memory*) = nullptr;
    int (*memory_v2)(Device, MemoryV2*) = nullptr;
    int (*temperature)(Device, int, unsigned*) = nullptr;
    int (*temperature_v)(Device, TemperatureV1*) = nullptr;
    int (*power)(Device, unsigned*) = nullptr;
    int (*power_limit)(Device, unsigned*) = nullptr;
    int (*fan)(Device, unsigned*) = nullptr;
    int (*clock)(Device, int, unsigned*) = nullptr;
    int (*list_compute)(Device, unsigned*, void*) = nullptr;
    int (*list_graphics)(Device, unsigned*, void*) = nullptr;
    int (*list_mps)(Device, unsigned*, void*) = nullptr;
    int (*mig_mode)(Device, unsigned*, unsigned*) = nullptr;
    int (*mig_count)(Device, unsigned*) = nullptr;
    int (*mig_by_index)(Device, unsigned, Device*) = nullptr;
};

/// Loads the library, which stays loaded until the process ends. Fails with not_found where it is
/// not installed, with unsupported where it lacks what every version has.
Result<Api> load(const std::string& library);

/// The bytes of one process record, measured: drivers have changed it between 16, 24 and 32 without
/// renaming the function. `written` is how many bytes of a buffer were touched for `count` records.
/// 0: none of the known sizes.
std::size_t measure_stride(std::size_t written, std::size_t count);

} // namespace hk::probe::nvml
