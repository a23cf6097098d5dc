#include "base/log.hpp"
#include "config/load.hpp"
#include "daemon.hpp"
#include "host/run.hpp"

#include <cstdio>

namespace {

constexpr const char* help = R"(usage: hakuriver.host [--config FILE]

Runs the Host: takes submissions, decides what runs where, serves the API and the dashboard.

  -c, --config FILE  read FILE instead of ~/.hakuriver/config.toml (or /etc/hakuriver/config.toml)
  --version      print the version

A default configuration is written by: hakuriver.init config
)";

int complain(const std::string& problem, int code) {
    std::fprintf(stderr, "hakuriver.host: %s\n", problem.c_str());
    return code;
}

} // namespace

int host_main(int argc, char** argv) {
    const auto [options, problem] = parse_daemon_options(argc, argv, false);
    if (!problem.empty()) return complain(problem, wrong_usage);
    if (options.help) return std::fputs(help, stdout) < 0;
    if (options.version) return std::puts("hakuriver " HK_VERSION) < 0;
    const auto config = hk::config::load_host(options.config, hk::config::read_surroundings());
    if (!config) return complain(config.error().message, wrong_usage);
    hk::log::configure(config->common.log_level, config->common.log_format);
    return hk::host::run(*config, HK_VERSION);
}
