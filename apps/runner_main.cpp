#include "base/log.hpp"
#include "config/load.hpp"
#include "daemon.hpp"
#include "runner/run.hpp"

#include <cstdio>

namespace {

constexpr const char* help = R"(usage: hakuriver.runner [--config FILE] [--name NAME]

Runs a node's runner: connects to the Host and runs what it is given. Stopping it leaves its tasks running.

  -c, --config FILE  read FILE instead of ~/.hakuriver/config.toml (or /etc/hakuriver/config.toml)
  --name NAME    the node's name in the cluster; default: runner.name, else the host name
  --version      print the version
)";

int complain(const std::string& problem, int code) {
    std::fprintf(stderr, "hakuriver.runner: %s\n", problem.c_str());
    return code;
}

} // namespace

int runner_main(int argc, char** argv) {
    const auto [options, problem] = parse_daemon_options(argc, argv, true);
    if (!problem.empty()) return complain(problem, wrong_usage);
    if (options.help) return std::fputs(help, stdout) < 0;
    if (options.version) return std::puts("hakuriver " HK_VERSION) < 0;
    auto config = hk::config::load_runner(options.config, hk::config::read_surroundings());
    if (!config) return complain(config.error().message, wrong_usage);
    if (options.name) {
        const auto name = hk::parse_node_name(*options.name);
        if (!name) return complain("--name: " + name.error().message, wrong_usage);
        config->name = *name;
    }
    hk::log::configure(config->common.log_level, config->common.log_format);
    return hk::runner::run(*config, HK_VERSION);
}
