#include "hakurun/run_main.hpp"

#include "base/file.hpp"
#include "hakurun/child.hpp"
#include "hakurun/options.hpp"
#include "hakurun/order.hpp"
#include "hakurun/quote.hpp"
#include "hakurun/run.hpp"
#include "hakurun/target.hpp"
#include "span/sweep.hpp"

#include <unistd.h>

#include <cerrno>
#include <cstdio>

namespace hk::hakurun {
namespace {

constexpr int usage_error = 2;
/// The largest file that span:file: reads.
constexpr std::size_t max_list_file = 64 << 20;

int complain(const std::string& message, int code) {
    std::fprintf(stderr, "hakurun: %s\n", message.c_str());
    return code;
}

Result<span::Sweep> sweep_of(const Options& options) {
    const auto read = [](const std::string& path) { return read_file(path, max_list_file); };
    HK_TRY(auto sweep, span::parse_sweep(options.command, read));
    if (sweep.size() > max_unasked && !options.yes) {
        return fail(Errc::too_large,
                    std::to_string(sweep.size()) + " combinations; add --yes if that is what you want");
    }
    return sweep;
}

int print_commands(const Options& options, const span::Sweep& sweep) {
    const Order order(sweep.size(), options.shuffle_seed);
    for (std::uint64_t i = 0; i < sweep.size(); ++i) {
        const auto line = shell_line(sweep.at(order.at(i))) + "\n";
        if (std::fwrite(line.data(), 1, line.size(), stdout) != line.size())
            return complain("cannot write the list", 1);
    }
    return std::fflush(stdout) == 0 ? 0 : complain("cannot write the list", 1);
}

/// Becomes the one command: its terminal, its signals and its exit code are then the real ones.
int become(const Command& command) {
    std::vector<char*> argv;
    for (const auto& word : command.argv) argv.push_back(const_cast<char*>(word.c_str()));
    argv.push_back(nullptr);
    execv(command.path.c_str(), argv.data());
    if (errno == ENOEXEC) {
        argv.front() = const_cast<char*>(command.path.c_str());
        argv.insert(argv.begin(), const_cast<char*>("sh"));
        execv("/bin/sh", argv.data());
    }
    return complain(system_error("cannot run " + command.path, errno).message, errno == ENOENT ? 127 : 126);
}

int run(const Options& options) {
    const auto sweep = sweep_of(options);
    if (!sweep) return complain(sweep.error().message, usage_error);
    if (options.dry_run) return print_commands(options, *sweep);
    if (options.shuffle_seed && !options.quiet) {
        std::fprintf(stderr, "hakurun: --shuffle %llu\n", static_cast<unsigned long long>(*options.shuffle_seed));
    }
    Target target(*sweep, options.python);
    const auto first = target.command(sweep->at(0));
    // With a target that varies, the others may well exist.
    if (!first && !sweep->varies(0)) return complain(first.error().message, exit_code_of(first.error()));
    const bool alone = sweep->size() == 1 && !options.label && options.output_dir.empty();
    if (alone && first) return become(*first);
    return run_all(options, *sweep, std::move(target));
}

} // namespace

int run_main(int argc, char** argv) {
    const auto options = parse_options({argv + (argc > 0 ? 1 : 0), argv + argc});
    if (!options) return complain(options.error().message, usage_error);
    if (options->help) {
        std::fputs(std::string(help_text()).c_str(), stdout);
        return 0;
    }
    if (options->version) {
        std::puts("hakurun " HK_VERSION);
        return 0;
    }
    return run(*options);
}

} // namespace hk::hakurun
