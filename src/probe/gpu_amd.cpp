#include "probe/gpu_amd.hpp"

#include "probe/text.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdio>

namespace hk::probe {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view amd_vendor = "0x1002";
constexpr std::int64_t least_memory = std::int64_t{2} << 30;

std::optional<std::int64_t> parse_hex(std::string_view text) {
    text = trim(text);
    if (text.starts_with("0x")) text.remove_prefix(2);
    std::int64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, 16);
    if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
    return value;
}

/// A reading divided down to the unit of our field; -1 when it is absent or absurd.
int scaled(std::optional<std::int64_t> value, std::int64_t divisor) {
    if (!value || *value < 0 || *value / divisor > 1'000'000'000) return -1;
    return static_cast<int>(*value / divisor);
}

double mebibytes(std::optional<std::int64_t> bytes) {
    return bytes && *bytes >= 0 ? static_cast<double>(*bytes) / (1024.0 * 1024.0) : -1;
}

/// The folders of amdgpu's cards: /sys/class/drm/cardN/device, outputs such as card0-DP-1 left out
/// by the number.
std::vector<fs::path> find_cards(const fs::path& root) {
    std::vector<fs::path> cards;
    for (const auto& [number, card] : numbered_entries(root / "sys/class/drm", "card")) {
        const fs::path device = card / "device";
        const auto uevent = read_text(device / "uevent");
        const bool ours = uevent && value_of(*uevent, "DRIVER=") == "amdgpu";
        if (ours && read_line(device / "vendor") == amd_vendor && cards.size() < most_gpus) cards.push_back(device);
    }
    return cards;
}

/// "744c, C8, AMD Radeon RX 7900 XTX" of libdrm's table, by device and revision.
std::string name_in_table(const fs::path& root, std::int64_t device, std::int64_t revision) {
    const auto table = read_text(root / "usr/share/libdrm/amdgpu.ids", 1 << 20);
    if (!table) return {};
    for (const auto line : split_lines(*table)) {
        const auto first = line.find(',');
        const auto second = first == line.npos ? line.npos : line.find(',', first + 1);
        if (second == line.npos) continue;
        if (parse_hex(line.substr(0, first)) == device &&
            parse_hex(line.substr(first + 1, second - first - 1)) == revision)
            return clean_text(trim(line.substr(second + 1)), 96);
    }
    return {};
}

std::string name_of(const fs::path& root, const fs::path& device) {
    if (std::string name = read_line(device / "product_name"); !name.empty()) return name;
    const std::string id = read_line(device / "device");
    std::string name;
    if (const auto number = parse_hex(id))
        name = name_in_table(root, *number, parse_hex(read_line(device / "revision")).value_or(0));
    return name.empty() ? "AMD GPU " + id : name;
}

std::string driver_version(const fs::path& root) {
    const std::string module = read_line(root / "sys/module/amdgpu/version"); // only AMD's own packages have one
    return module.empty() ? "amdgpu of Linux " + read_line(root / "proc/sys/kernel/osrelease") : module;
}

void read_identity(Gpu& gpu, const fs::path& root, const fs::path& device) {
    const auto uevent = read_text(device / "uevent").value_or("");
    gpu.vendor = "amd";
    gpu.pci_bus_id = clean_text(value_of(uevent, "PCI_SLOT_NAME=").value_or(""), 32);
    const std::string unique = read_line(device / "unique_id");
    gpu.uuid = unique.empty() || unique == "0" ? "PCI-" + gpu.pci_bus_id : "GPU-" + unique;
    gpu.name = name_of(root, device);
    gpu.driver_version = driver_version(root);
}

/// Temperature, power, clocks and fan; the units are those of the kernel's hwmon interface.
void read_hwmon(Gpu& gpu, const fs::path& device) {
    const auto folders = numbered_entries(device / "hwmon", "hwmon");
    if (folders.empty()) return;
    const fs::path& hwmon = folders.front().second;
    gpu.temperature = scaled(read_number(hwmon / "temp1_input"), 1000);
    const auto average = read_number(hwmon / "power1_average");
    gpu.power_usage_mw = scaled(average ? average : read_number(hwmon / "power1_input"), 1000);
    gpu.power_limit_mw = scaled(read_number(hwmon / "power1_cap"), 1000);
    gpu.graphics_clock_mhz = scaled(read_number(hwmon / "freq1_input"), 1'000'000);
    gpu.memory_clock_mhz = scaled(read_number(hwmon / "freq2_input"), 1'000'000);
    const auto duty = read_number(hwmon / "pwm1");
    const auto most = read_number(hwmon / "pwm1_max").value_or(255);
    if (duty && *duty >= 0 && most > 0)
        gpu.fan_speed = static_cast<int>(std::min<std::int64_t>(100, *duty * 100 / most));
}

void read_load(Gpu& gpu, const fs::path& device) {
    // Asking a GPU that sleeps would wake it, every few seconds, for ever.
    if (read_line(device / "power/runtime_status") == "suspended") {
        gpu.utilization = gpu.memory_utilization = 0;
        return;
    }
    gpu.utilization = scaled(read_number(device / "gpu_busy_percent"), 1);
    gpu.memory_utilization = scaled(read_number(device / "mem_busy_percent"), 1);
    const auto used = read_number(device / "mem_info_vram_used");
    gpu.memory_used_mib = mebibytes(used);
    if (used && gpu.memory_total_mib >= 0)
        gpu.memory_free_mib = std::max(0.0, gpu.memory_total_mib - gpu.memory_used_mib);
    read_hwmon(gpu, device);
}

/// The compute driver's own id of the card at this PCI address; its process files are named by it.
std::optional<std::int64_t> compute_id(const fs::path& root, std::string_view pci) {
    unsigned domain = 0, bus = 0, slot = 0, function = 0;
    if (std::sscanf(std::string(pci).c_str(), "%x:%x:%x.%x", &domain, &bus, &slot, &function) != 4) return std::nullopt;
    const std::int64_t location = bus << 8 | slot << 3 | function;
    for (const auto& [number, node] : numbered_entries(root / "sys/class/kfd/kfd/topology/nodes", "")) {
        const auto text = read_text(node / "properties");
        const auto at = text ? value_of(*text, "location_id ") : std::nullopt;
        const auto in = text ? value_of(*text, "domain ") : std::nullopt;
        if (!at || parse_number(*at) != location || parse_number(in.value_or("0")) != domain) continue;
        return read_number(node / "gpu_id");
    }
    return std::nullopt;
}

void read_processes(Gpu& gpu, const fs::path& root, ProcessOwners& owners) {
    const auto id = compute_id(root, gpu.pci_bus_id);
    if (!id || *id == 0) return;
    const std::string file = "vram_" + std::to_string(*id);
    for (const auto& [number, folder] : numbered_entries(root / "sys/class/kfd/kfd/proc", "")) {
        const auto used = read_number(folder / file);
        if (!used || *used <= 0 || gpu.processes.size() >= most_gpu_processes) continue;
        gpu.processes.push_back(owners.describe(number, Bytes{*used}));
    }
}

} // namespace

bool has_amd_gpus(const fs::path& root) { return !find_cards(root).empty(); }

GpuFrame read_amd_gpus(const fs::path& root, ProcessOwners& owners) {
    GpuFrame frame;
    for (const fs::path& device : find_cards(root)) {
        const auto memory = read_number(device / "mem_info_vram_total");
        if (!memory || *memory < least_memory) continue;
        Gpu gpu;
        gpu.id = static_cast<int>(frame.gpus.size());
        gpu.memory_total_mib = mebibytes(memory);
        read_identity(gpu, root, device);
        read_load(gpu, device);
        read_processes(gpu, root, owners);
        frame.gpus.push_back(std::move(gpu));
    }
    return frame;
}

} // namespace hk::probe
