#pragma once
#include "config/settings.hpp"

#include <string>

namespace hk::host {

/// Runs a Host until SIGTERM or SIGINT. Returns the exit code: 0 after an orderly end, 1 when it could not start, with
/// one sentence in the log.
int run(const config::HostConfig& config, const std::string& version);

} // namespace hk::host
