#pragma once
#include <span>
#include <string_view>

/// The programs of the command line. Each takes argv as main received it and returns the exit code
/// (docs/exit-codes.md). They read the environment and the config file, talk to the Host and write
/// to standard output and standard error.
namespace hk::cli {

int client_main(int argc, char** argv);       ///< hakuriver.client
int docker_main(int argc, char** argv);       ///< hakuriver.docker
int docker_shell_main(int argc, char** argv); ///< hakuriver.docker-shell
int init_main(int argc, char** argv);         ///< hakuriver.init

/// A word after `hakuriver` that starts another program: `host`, `runner`, `hakurun`. It receives
/// argv from that word on.
struct Program {
    std::string_view name;
    std::string_view summary;
    int (*main)(int argc, char** argv);
};

/// hakuriver: one command per word, and the programs given.
int hakuriver_main(int argc, char** argv, std::span<const Program> programs);

} // namespace hk::cli
