#include "daemon.hpp"

namespace {

/// "--config=FILE" or "--config FILE"; true when the argument was this option.
bool take_value(std::string_view name, int argc, char** argv, int& at, std::optional<std::string>& out,
                std::string& problem) {
    const std::string_view argument = argv[at];
    if (argument == name) {
        if (at + 1 >= argc) problem = std::string(name) + " needs a value";
        else out = argv[++at];
        return true;
    }
    if (!argument.starts_with(name) || argument.substr(name.size(), 1) != "=") return false;
    out = argument.substr(name.size() + 1);
    return true;
}

} // namespace

ParsedDaemonOptions parse_daemon_options(int argc, char** argv, bool takes_name) {
    ParsedDaemonOptions out;
    std::optional<std::string> config;
    for (int at = 1; at < argc && out.problem.empty(); ++at) {
        const std::string_view argument = argv[at];
        if (argument == "--help" || argument == "-h") out.options.help = true;
        else if (argument == "--version") out.options.version = true;
        else if (!take_value("--config", argc, argv, at, config, out.problem) &&
                 !take_value("-c", argc, argv, at, config, out.problem) &&
                 !(takes_name && take_value("--name", argc, argv, at, out.options.name, out.problem)))
            out.problem = "unknown option '" + std::string(argument) + "'; --help lists the options";
    }
    if (config) out.options.config = *config;
    return out;
}
