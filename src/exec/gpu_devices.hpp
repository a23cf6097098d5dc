#pragma once
#include "model/node.hpp"

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace hk::exec {

/// Which device files a task may open, so that it sees its own GPUs and no others.
struct DeviceRules {
    std::vector<std::string> files;   ///< of the task's GPUs
    std::vector<std::string> drivers; ///< every driver that is none of a GPU: "char-pts", "block-*"
    friend bool operator==(const DeviceRules&, const DeviceRules&) = default;
};

/// Empty on a node without GPUs, and where a GPU's device file is not known: then nothing is taken
/// away. `placed` are indexes of `gpus`; `root` stands before /proc and /sys.
std::optional<DeviceRules> device_rules(const std::filesystem::path& root, const std::vector<Gpu>& gpus,
                                        const std::vector<int>& placed);

} // namespace hk::exec
