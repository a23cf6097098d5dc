#pragma once
#include <filesystem>
#include <optional>
#include <vector>

namespace hk::probe {

struct Temperatures {
    std::optional<double> average; ///< degrees Celsius
    std::optional<double> maximum;
};

/// The temperature sensors of the CPUs: those of their hwmon drivers; where there are none, the
/// kernel's thermal zones of the CPU or the chip it is on; where there are none either, the
/// firmware's. Disks, wireless cards and batteries do not count. With more than 64 sensors the one
/// per package stands for its cores: reading wakes each core.
std::vector<std::filesystem::path> find_cpu_sensors(const std::filesystem::path& root);

/// Reads the sensors found before. One that does not answer, or says less than 0 or more than 150,
/// is left out.
Temperatures read_temperatures(const std::vector<std::filesystem::path>& sensors);

} // namespace hk::probe
