#include "cli/programs.hpp"

#include "cli/commands/batch.hpp"
#include "cli/commands/client.hpp"
#include "cli/commands/commands.hpp"
#include "cli/help.hpp"

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <iostream>
#include <pwd.h>
#include <unistd.h>

namespace hk::cli {
namespace {

constexpr int broken_pipe_exit = 141; ///< what SIGPIPE makes of a process
constexpr int output_failed_exit = 125;

/// Everything or the end: output that cannot be written is no result. Whoever closed the pipe wants
/// no more.
void write_all(int fd, std::string_view text) {
    while (!text.empty()) {
        const ssize_t written = ::write(fd, text.data(), text.size());
        if (written >= 0) {
            text.remove_prefix(static_cast<std::size_t>(written));
            continue;
        }
        if (errno == EINTR) continue;
        if (errno == EPIPE) _exit(broken_pipe_exit);
        if (fd != STDERR_FILENO)
            write_all(STDERR_FILENO, std::string("cannot write the output: ") + std::strerror(errno) + "\n");
        _exit(output_failed_exit);
    }
}

std::string variable(const char* name) {
    const char* value = std::getenv(name);
    return value == nullptr ? std::string() : value;
}

std::string user_name() {
    if (const passwd* entry = getpwuid(geteuid())) return entry->pw_name;
    return variable("USER");
}

std::string read_line() {
    std::string line;
    std::getline(std::cin, line);
    return line;
}

World real_world(std::string program, Pace& pace) {
    World world;
    world.around = read_surroundings();
    world.out = [](std::string_view text) { write_all(STDOUT_FILENO, text); };
    world.err = [](std::string_view text) { write_all(STDERR_FILENO, text); };
    world.locate = [](const CommonOptions& options) { return find_host(options, variable("HAKURIVER_HOST")); };
    world.link = [](const net::Address& address) { return make_net_link(address); };
    world.read_line = read_line;
    world.pace = &pace;
    world.user = user_name; // looked up when it is needed: a directory service may be slow
    world.program = std::move(program);
    return world;
}

std::vector<std::string> words_of(int argc, char** argv) {
    std::vector<std::string> words;
    for (int i = 1; i < argc; ++i) words.emplace_back(argv[i]);
    return words;
}

/// `--version` alone, as every program has it.
bool asks_version(World& world, const std::vector<std::string>& words) {
    if (words.size() != 1 || words.front() != "--version") return false;
    world.out(world.program + " " HK_VERSION "\n");
    return true;
}

int verb_main(std::string program, std::unique_ptr<Verb> verb, int argc, char** argv) {
    SystemPace pace;
    World world = real_world(std::move(program), pace);
    const std::vector<std::string> words = words_of(argc, argv);
    return asks_version(world, words) ? 0 : run_verb(world, *verb, words);
}

int menu_main(std::string program, const Menu& menu, const std::vector<std::string>& words) {
    SystemPace pace;
    World world = real_world(std::move(program), pace);
    return asks_version(world, words) ? 0 : run_menu(world, menu, words);
}

constexpr std::string_view docker_sentence =
    "Environments: containers that are set up by hand on the Host and packaged for all runners.";

Menu docker_menu(std::string_view usage) {
    return {.usage = usage, .sentence = docker_sentence, .commands = environment_commands()};
}
Menu init_menu() {
    return {.usage = "hakuriver.init config|service [OPTIONS]",
            .sentence = "First steps on a machine.",
            .commands = init_commands()};
}

Menu umbrella_menu(std::vector<Command>& commands, std::span<const Program> programs) {
    for (const Command& command : client_commands()) commands.push_back(command);
    commands.push_back({"env", "environments: what hakuriver.docker does", nullptr});
    commands.push_back({"init", "first steps: what hakuriver.init does", nullptr});
    for (const Program& program : programs) commands.push_back({program.name, program.summary, nullptr});
    return {
        .usage = "hakuriver COMMAND [OPTIONS]", .sentence = "A few machines as one computer.", .commands = commands};
}

} // namespace

int client_main(int argc, char** argv) { return verb_main("hakuriver.client", make_client(), argc, argv); }
int docker_shell_main(int argc, char** argv) { return verb_main("hakuriver.docker-shell", make_shell(), argc, argv); }

int docker_main(int argc, char** argv) {
    return menu_main("hakuriver.docker", docker_menu("hakuriver.docker COMMAND [OPTIONS]"), words_of(argc, argv));
}

/// Without a word `hakuriver.init` writes the config, as the original program does.
int init_main(int argc, char** argv) {
    std::vector<std::string> words = words_of(argc, argv);
    if (words.empty()) words.emplace_back("config");
    return menu_main("hakuriver.init", init_menu(), words);
}

int hakuriver_main(int argc, char** argv, std::span<const Program> programs) {
    std::vector<std::string> words = words_of(argc, argv);
    std::string first = words.empty() ? std::string() : words.front();
    const auto program = std::ranges::find(programs, first, &Program::name);
    if (program != programs.end()) return program->main(argc - 1, argv + 1);
    if (first == "client") return client_main(argc - 1, argv + 1);
    if (first == "docker-shell") return docker_shell_main(argc - 1, argv + 1);
    words = command_first(std::move(words));
    first = words.empty() ? std::string() : words.front();
    const std::vector<std::string> rest(words.begin() + (words.empty() ? 0 : 1), words.end());
    if (first == "env" || first == "docker")
        return menu_main("hakuriver env", docker_menu("hakuriver env COMMAND [OPTIONS]"), rest);
    if (first == "batch") return menu_main("hakuriver batch", batch_menu(), rest);
    if (first == "init") return menu_main("hakuriver init", init_menu(), rest);
    std::vector<Command> commands;
    return menu_main("hakuriver", umbrella_menu(commands, programs), words);
}

} // namespace hk::cli
