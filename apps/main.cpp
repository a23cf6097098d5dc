// The one executable. It is several programs: the name under which it is called says which, and `hakuriver` itself
// takes the name as its first word.
#include "cli/programs.hpp"
#include "daemon.hpp"
#include "hakurun/run_main.hpp"
#include "probe/prober.hpp"

#include <array>
#include <string_view>

namespace {

using hk::cli::Program;

constexpr std::array programs{
    Program{"hakuriver.host", "", host_main},
    Program{"hakuriver.runner", "", runner_main},
    Program{"hakuriver.client", "", hk::cli::client_main},
    Program{"hakuriver.docker", "", hk::cli::docker_main},
    Program{"hakuriver.docker-shell", "", hk::cli::docker_shell_main},
    Program{"hakuriver.init", "", hk::cli::init_main},
    Program{"hakurun", "", hk::hakurun::run_main},
};

constexpr std::array subcommands{
    Program{"host", "run the Host", host_main},
    Program{"runner", "run a node's runner", runner_main},
    Program{"hakurun", "run a command with every combination of its arguments, here", hk::hakurun::run_main},
};

std::string_view base_name(std::string_view path) {
    const auto slash = path.rfind('/');
    return slash == path.npos ? path : path.substr(slash + 1);
}

} // namespace

int main(int argc, char** argv) {
    if (const auto code = hk::probe::run_gpu_reader(argc, argv)) return *code;
    const std::string_view name = argc > 0 ? base_name(argv[0]) : "";
    for (const Program& program : programs)
        if (program.name == name) return program.main(argc, argv);
    return hk::cli::hakuriver_main(argc, argv, subcommands);
}
