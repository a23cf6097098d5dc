#include "exec/gpu_devices.hpp"

#include "base/file.hpp"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <set>
#include <sstream>

namespace hk::exec {
namespace {

namespace fs = std::filesystem;

constexpr int nvidia_major = 195;
constexpr int drm_major = 226;

/// NVML writes 00000000:3B:00.0 where the kernel writes 0000:3b:00.0.
std::string kernel_address(std::string id) {
    std::ranges::transform(id, id.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    return id.size() > 12 ? id.substr(id.size() - 12) : id;
}

/// "Device Minor: 	 0" in the driver's own description of the GPU.
std::optional<std::string> nvidia_file(const fs::path& root, const Gpu& gpu) {
    const auto text = read_file(root / "proc/driver/nvidia/gpus" / kernel_address(gpu.pci_bus_id) / "information");
    const std::string key = "Device Minor:";
    const auto at = text ? text->find(key) : std::string::npos;
    if (at == std::string::npos) return std::nullopt;
    const auto begin = text->find_first_not_of(" \t", at + key.size());
    int minor = 0;
    if (begin == text->npos ||
        std::from_chars(text->data() + begin, text->data() + text->size(), minor).ec != std::errc{})
        return std::nullopt;
    return "/dev/nvidia" + std::to_string(minor);
}

std::optional<std::string> amd_file(const fs::path& root, const Gpu& gpu) {
    std::error_code error;
    for (const auto& entry :
         fs::directory_iterator(root / "sys/bus/pci/devices" / kernel_address(gpu.pci_bus_id) / "drm", error)) {
        const std::string name = entry.path().filename().string();
        if (name.starts_with("renderD")) return "/dev/dri/" + name;
    }
    return std::nullopt;
}

struct Driver {
    int major = 0;
    std::string name;
};

/// The "Character devices:" part of /proc/devices. The same driver may stand there under several
/// names.
std::vector<Driver> character_drivers(const fs::path& root) {
    std::vector<Driver> drivers;
    const auto text = read_file(root / "proc/devices");
    std::istringstream lines(text ? *text : "");
    for (std::string line; std::getline(lines, line) && !line.starts_with("Block");) {
        std::istringstream words(line);
        Driver driver;
        if (words >> driver.major >> driver.name && driver.name.find('/') == std::string::npos)
            drivers.push_back(driver);
    }
    return drivers;
}

std::vector<std::string> names_of_others(const fs::path& root, const std::set<int>& gpu_majors) {
    std::set<std::string> names{"block-*"};
    for (const auto& driver : character_drivers(root))
        if (!gpu_majors.contains(driver.major)) names.insert("char-" + driver.name);
    return {names.begin(), names.end()};
}

} // namespace

std::optional<DeviceRules> device_rules(const fs::path& root, const std::vector<Gpu>& gpus,
                                        const std::vector<int>& placed) {
    if (gpus.empty()) return std::nullopt;
    std::set<int> majors;
    std::set<std::string> files;
    for (const Gpu& gpu : gpus) {
        const bool nvidia = gpu.vendor == "nvidia";
        majors.insert(nvidia ? nvidia_major : drm_major);
        if (std::ranges::find(placed, gpu.id) == placed.end()) continue;
        const auto file = nvidia ? nvidia_file(root, gpu) : amd_file(root, gpu);
        if (!file) return std::nullopt;
        files.insert(*file);
        if (nvidia) files.insert("/dev/nvidiactl");
    }
    auto drivers = names_of_others(root, majors);
    if (drivers.size() < 2) return std::nullopt; // nobody said which drivers there are
    return DeviceRules{{files.begin(), files.end()}, std::move(drivers)};
}

} // namespace hk::exec
