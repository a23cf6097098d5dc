#pragma once
#include "base/result.hpp"

#include <cstddef>
#include <filesystem>
#include <span>

/// Programs that tasks need on a node. They travel inside this executable.
namespace hk::exec {

/// The keeper: a static program without libraries that is the parent of tasks outside containers and, with --init, the
/// PID 1 of tasks inside them. See src/keeper/README.md for its arguments.
std::span<const std::byte> keeper_program();

/// STATE_DIR/keeper-HASH, written when it is not there yet; mode 0755, so that any user of a container may run it.
/// Other versions are removed: a keeper that runs from one of them goes on.
Result<std::filesystem::path> install_keeper(const std::filesystem::path& state_dir);

/// STATE_DIR/bin/hakurun, for tasks that sweep parameters on one node (`hakuriver.client ... -- hakurun ...`): static,
/// so that it runs in any container. Written when another one is there, or none; who runs the other one is not
/// disturbed.
Result<std::filesystem::path> install_hakurun(const std::filesystem::path& state_dir);

} // namespace hk::exec
