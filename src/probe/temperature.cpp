#include "probe/temperature.hpp"

#include "probe/text.hpp"

#include <algorithm>
#include <array>
#include <string>
#include <string_view>

namespace hk::probe {
namespace {

using Paths = std::vector<std::filesystem::path>;

constexpr std::size_t too_many = 64;
constexpr std::size_t most_sensors = 512;
constexpr std::array<std::string_view, 8> cpu_drivers{"coretemp",    "k10temp",     "k8temp",  "zenpower",
                                                      "via_cputemp", "cpu_thermal", "cputemp", "cpu-thermal"};

bool is_input(const std::string& name) { return name.starts_with("temp") && name.ends_with("_input"); }

std::string label_of(const std::filesystem::path& input) {
    std::string name = input.filename().string();
    name.replace(name.size() - 5, 5, "label");
    return read_line(input.parent_path() / name);
}

Paths inputs_in(const std::filesystem::path& folder) {
    Paths inputs;
    std::error_code error;
    std::filesystem::directory_iterator entry(folder, error);
    for (; !error && entry != std::filesystem::directory_iterator(); entry.increment(error))
        if (is_input(entry->path().filename().string()) && inputs.size() < most_sensors)
            inputs.push_back(entry->path());
    std::ranges::sort(inputs);
    return inputs;
}

/// AMD's Tctl is a control value with an offset on some models; where the chip also gives the true
/// one, it is left out.
void drop_control_value(Paths& inputs) {
    const auto labelled = [](std::string_view label) {
        return [label](const auto& input) { return label_of(input) == label; };
    };
    if (std::ranges::any_of(inputs, labelled("Tdie"))) std::erase_if(inputs, labelled("Tctl"));
}

Paths hwmon_sensors(const std::filesystem::path& root) {
    Paths sensors;
    for (const auto& [number, folder] : numbered_entries(root / "sys/class/hwmon", "hwmon")) {
        if (std::ranges::find(cpu_drivers, read_line(folder / "name")) == cpu_drivers.end()) continue;
        Paths inputs = inputs_in(folder);
        if (inputs.empty()) inputs = inputs_in(folder / "device"); // where kernels before 3.x kept them
        drop_control_value(inputs);
        sensors.insert(sensors.end(), inputs.begin(), inputs.end());
    }
    return sensors;
}

template <class Accept>
Paths thermal_zones(const std::filesystem::path& root, Accept accept) {
    Paths sensors;
    for (const auto& [number, folder] : numbered_entries(root / "sys/class/thermal", "thermal_zone"))
        if (accept(read_line(folder / "type"))) sensors.push_back(folder / "temp");
    return sensors;
}

bool is_cpu_zone(const std::string& type) {
    return type == "x86_pkg_temp" || type.starts_with("cpu") || type.starts_with("soc") || type == "TCPU" ||
           type == "B0D4";
}

} // namespace

std::vector<std::filesystem::path> find_cpu_sensors(const std::filesystem::path& root) {
    Paths sensors = hwmon_sensors(root);
    if (sensors.empty()) sensors = thermal_zones(root, is_cpu_zone);
    if (sensors.empty()) sensors = thermal_zones(root, [](const std::string& type) { return type == "acpitz"; });
    if (sensors.size() <= too_many) return sensors;
    Paths packages;
    std::ranges::copy_if(sensors, std::back_inserter(packages), [](const auto& input) {
        return is_input(input.filename().string()) && label_of(input).starts_with("Package");
    });
    if (!packages.empty()) return packages;
    sensors.resize(too_many);
    return sensors;
}

Temperatures read_temperatures(const std::vector<std::filesystem::path>& sensors) {
    constexpr std::int64_t hottest = 150'000; // thousandths of a degree
    Temperatures result;
    double sum = 0;
    int count = 0;
    for (const auto& sensor : sensors) {
        const auto reading = read_number(sensor);
        if (!reading || *reading <= 0 || *reading > hottest) continue;
        const double degrees = static_cast<double>(*reading) / 1000.0;
        sum += degrees;
        ++count;
        result.maximum = std::max(result.maximum.value_or(degrees), degrees);
    }
    if (count > 0) result.average = sum / count;
    return result;
}

} // namespace hk::probe
