#pragma once
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

/// What hakuriver.host and hakuriver.runner take on their command line.
struct DaemonOptions {
    std::optional<std::filesystem::path> config;
    std::optional<std::string> name; ///< runner only
    bool help = false;
    bool version = false;
};

/// The options, or one sentence about what is wrong with them in `problem`.
struct ParsedDaemonOptions {
    DaemonOptions options;
    std::string problem;
};
ParsedDaemonOptions parse_daemon_options(int argc, char** argv, bool takes_name);

int host_main(int argc, char** argv);
int runner_main(int argc, char** argv);

/// Exit code of a wrong command line.
inline constexpr int wrong_usage = 2;
