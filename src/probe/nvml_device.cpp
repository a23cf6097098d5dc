#include "probe/nvml_device.hpp"

#include "probe/gpu_frame.hpp"
#include "probe/text.hpp"

#include <algorithm>
#include <array>
#include <cstring>

namespace hk::probe {
namespace {

constexpr int graphics_clock = 0;
constexpr int memory_clock = 2;
constexpr std::size_t largest_record = 32;
constexpr unsigned char untouched = 0xA5;

double mebibytes(unsigned long long bytes) { return static_cast<double>(bytes) / (1024.0 * 1024.0); }

/// How far into the buffer the driver wrote.
std::size_t touched_bytes(const std::vector<unsigned char>& buffer) {
    std::size_t end = buffer.size();
    while (end > 0 && buffer[end - 1] == untouched) --end;
    return end;
}

struct ProcessRecord {
    int pid = 0;
    Bytes memory;
};

/// The start of every version of the record: a 32-bit pid, padding, a 64-bit number of bytes.
ProcessRecord record_at(const unsigned char* place) {
    std::uint32_t pid = 0;
    std::uint64_t used = 0;
    std::memcpy(&pid, place, sizeof pid);
    std::memcpy(&used, place + 8, sizeof used);
    constexpr std::uint64_t most = std::uint64_t{1} << 50; // above it stands "not available"
    return {static_cast<int>(pid), Bytes{used < most ? static_cast<std::int64_t>(used) : 0}};
}

} // namespace

bool NvmlDevice::good(int code) {
    const bool severe = code == nvml::gpu_is_lost || code == nvml::reset_required || code == nvml::uninitialized ||
                        code == nvml::driver_not_loaded || code == nvml::library_mismatch;
    if (severe && worst_ == nvml::success) worst_ = code;
    return code == nvml::success;
}

int NvmlDevice::read_unsigned(int (*function)(nvml::Device, unsigned*)) {
    constexpr unsigned most = 100'000'000;
    unsigned value = 0;
    if (!function || !good(function(device_, &value)) || value > most) return -1;
    return static_cast<int>(value);
}

int NvmlDevice::read_clock(int kind) {
    unsigned value = 0;
    if (!api_.clock || !good(api_.clock(device_, kind, &value)) || value > 1'000'000) return -1;
    return static_cast<int>(value);
}

int NvmlDevice::read_temperature() {
    nvml::TemperatureV1 reading{.version = nvml::versioned(sizeof reading, 1), .sensor = 0, .degrees = 0};
    if (api_.temperature_v && good(api_.temperature_v(device_, &reading))) return std::clamp(reading.degrees, -1, 1000);
    unsigned value = 0;
    if (!api_.temperature || !good(api_.temperature(device_, 0, &value)) || value > 1000) return -1;
    return static_cast<int>(value);
}

void NvmlDevice::read_identity(Gpu& gpu) {
    std::array<char, nvml::short_text> text{};
    if (good(api_.uuid(device_, text.data(), text.size()))) gpu.uuid = clean_text(text.data(), text.size());
    text.fill('\0');
    if (api_.name && good(api_.name(device_, text.data(), text.size())))
        gpu.name = clean_text(text.data(), text.size());
    nvml::Pci pci{};
    if (api_.pci && good(api_.pci(device_, &pci)))
        gpu.pci_bus_id = clean_text(std::string_view(pci.id, ::strnlen(pci.id, sizeof pci.id)), sizeof pci.id);
}

void NvmlDevice::read_memory(Gpu& gpu) {
    nvml::MemoryV2 newer{};
    newer.version = nvml::versioned(sizeof newer, 2);
    nvml::Memory memory{};
    if (api_.memory_v2 && good(api_.memory_v2(device_, &newer))) memory = {newer.total, newer.free, newer.used};
    else if (!api_.memory || !good(api_.memory(device_, &memory))) return;
    gpu.memory_total_mib = mebibytes(memory.total);
    gpu.memory_used_mib = mebibytes(memory.used);
    gpu.memory_free_mib = mebibytes(memory.free);
}

void NvmlDevice::read_load(Gpu& gpu) {
    nvml::Rates rates{};
    if (api_.rates && good(api_.rates(device_, &rates)) && rates.gpu <= 100 && rates.memory <= 100) {
        gpu.utilization = static_cast<int>(rates.gpu);
        gpu.memory_utilization = static_cast<int>(rates.memory);
    }
    read_memory(gpu);
    gpu.temperature = read_temperature();
    gpu.graphics_clock_mhz = read_clock(graphics_clock);
    gpu.memory_clock_mhz = read_clock(memory_clock);
    gpu.fan_speed = read_unsigned(api_.fan);
    gpu.power_usage_mw = read_unsigned(api_.power);
    gpu.power_limit_mw = read_unsigned(api_.power_limit);
}

void NvmlDevice::add_processes(Gpu& gpu, ListFunction list, ProcessOwners& owners) {
    if (!list) return;
    std::vector<unsigned char> buffer(most_gpu_processes * largest_record, untouched);
    unsigned count = most_gpu_processes;
    // More processes than that: the driver fills nothing and the list stays empty.
    if (!good(list(device_, &count, buffer.data()))) return;
    const std::size_t records = std::min<std::size_t>(count, most_gpu_processes);
    const std::size_t stride = nvml::measure_stride(touched_bytes(buffer), records);
    for (std::size_t i = 0; stride > 0 && i < records; ++i) {
        const ProcessRecord record = record_at(buffer.data() + i * stride);
        const auto known = std::ranges::find(gpu.processes, record.pid, &GpuProcess::pid);
        if (known != gpu.processes.end()) known->memory = std::max(known->memory, record.memory);
        else if (record.pid > 0 && gpu.processes.size() < most_gpu_processes)
            gpu.processes.push_back(owners.describe(record.pid, record.memory));
    }
}

void NvmlDevice::read_processes(Gpu& gpu, ProcessOwners& owners) {
    add_processes(gpu, api_.list_compute, owners);
    add_processes(gpu, api_.list_mps, owners);
    add_processes(gpu, api_.list_graphics, owners);
}

} // namespace hk::probe
