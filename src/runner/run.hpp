#pragma once
#include "config/settings.hpp"

#include <string>

namespace hk::runner {

/// Runs a runner until SIGTERM or SIGINT; its tasks go on without it. Returns the exit code: 0 after an orderly end,
/// 1 when it could not start, with one sentence in the log.
int run(const config::RunnerConfig& config, std::string version);

} // namespace hk::runner
