#pragma once
#include "base/result.hpp"

#include <cstddef>
#include <filesystem>
#include <span>

namespace hk::exec {

/// The keeper: a static program without libraries that is the parent of tasks outside containers and, with --init, the
/// PID 1 of tasks inside them. See src/keeper/README.md for its arguments.
std::span<const std::byte> keeper_program();

/// STATE_DIR/keeper-HASH, written when it is not there yet; mode 0755, so that any user of a container may run it.
/// Other versions are removed: a keeper that runs from one of them goes on.
Result<std::filesystem::path> install_keeper(const std::filesystem::path& state_dir);

} // namespace hk::exec
