#include "base/file.hpp"
#include "cli/commands/commands.hpp"
#include "config/load.hpp"
#include "config/service_unit.hpp"

#include <array>
#include <cstdlib>
#include <filesystem>
#include <pwd.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

namespace hk::cli {
namespace {

namespace fs = std::filesystem;

std::string variable(const char* name) {
    const char* value = std::getenv(name);
    return value == nullptr ? std::string() : value;
}

class InitConfig : public Verb {
    void declare(Parser& parser) override {
        parser.about({.usage = "hakuriver.init config [--force] [--path PATH]",
                      .sentence = "Writes the default config file, every key explained, to "
                                  "~/.hakuriver/config.toml."});
        parser.flag({.names = "-f,--force", .help = "Replace a file that is there."}, force_);
        parser.option({.names = "--path", .value = "PATH", .help = "Write it there.", .what = Names::file}, path_);
    }
    bool asks_host() const override { return false; }
    Result<int> run(Session& session) override {
        const fs::path path = path_ ? fs::path(*path_) : config::user_file(config::read_surroundings());
        std::error_code failed;
        if (!force_ && fs::exists(fs::symlink_status(path, failed)))
            return fail(Errc::conflict, path.string() + " is there already; --force replaces it");
        if (!path.parent_path().empty()) fs::create_directories(path.parent_path(), failed);
        HK_CHECK(write_file_atomically(path, config::default_file(), 0600));
        session.print(session.quiet() ? path.string() + "\n" : "wrote " + path.string() + "\n");
        session.hint("next: set host_reachable_address and shared_dir in it, the same on every "
                     "machine, then start "
                     "hakuriver.host on one and hakuriver.runner on the others");
        return 0;
    }
    bool force_ = false;
    std::optional<std::string> path_;
};

struct ServiceOptions {
    bool host = false;
    bool runner = false;
    bool all = false;
    bool user = false;
    bool print = false;
    std::optional<std::string> config;
    std::optional<std::string> host_config;   ///< instead of `config`
    std::optional<std::string> runner_config; ///< instead of `config`
    std::optional<std::string> run_as;
    std::optional<std::string> output_dir;
};

/// `hakuriver.host` beside this executable, or this executable with the word `host`.
Result<std::vector<std::string>> program_of(config::Service service) {
    std::error_code failed;
    const fs::path self = fs::read_symlink("/proc/self/exe", failed);
    if (failed) return fail(Errc::io, "/proc/self/exe: " + failed.message());
    const std::string word = service == config::Service::host ? "host" : "runner";
    const fs::path link = self.parent_path() / ("hakuriver." + word);
    if (fs::exists(link, failed)) return std::vector<std::string>{link.string()};
    return std::vector<std::string>{self.string(), word};
}

Result<fs::path> config_for_service(config::Service service, const ServiceOptions& options) {
    const auto& own = service == config::Service::host ? options.host_config : options.runner_config;
    std::optional<fs::path> named;
    if (const auto& file = own ? own : options.config) named = fs::absolute(*file);
    HK_TRY(const auto found, config::find_file(named, config::read_surroundings()));
    if (!found)
        return fail(Errc::not_found, "there is no config file for the service; hakuriver.init config writes one, "
                                     "and --config names another");
    return fs::absolute(*found);
}

/// Who the service runs as: the person who asked, for the Host; root for a runner, which sets
/// limits of tasks.
std::string account_of(config::Service service, const ServiceOptions& options) {
    if (options.run_as) return *options.run_as == "root" ? std::string() : *options.run_as;
    if (service == config::Service::runner) return {};
    if (const std::string behind = variable("SUDO_USER"); !behind.empty() && behind != "root") return behind;
    if (geteuid() == 0) return {};
    const passwd* entry = getpwuid(geteuid());
    return entry == nullptr ? std::string() : entry->pw_name;
}

Result<std::string> text_of(config::Service service, const ServiceOptions& options) {
    HK_TRY(std::vector<std::string> command, program_of(service));
    HK_TRY(const fs::path file, config_for_service(service, options));
    command.insert(command.end(), {"--config", file.string()});
    return config::unit_text({.service = service,
                              .for_user = options.user,
                              .command = std::move(command),
                              .user = account_of(service, options)});
}

fs::path unit_folder(const ServiceOptions& options) {
    if (options.output_dir) return *options.output_dir;
    if (!options.user) return "/etc/systemd/system";
    const std::string base = variable("XDG_CONFIG_HOME");
    return (base.empty() ? fs::path(variable("HOME")) / ".config" : fs::path(base)) / "systemd/user";
}

/// Tells systemd that its units have changed, where it runs. Its own words are shown when it
/// refuses.
void reload_systemd(bool user) {
    std::error_code failed;
    if (!fs::exists("/run/systemd/system", failed)) return;
    std::array<const char*, 4> words{"systemctl", user ? "--user" : "daemon-reload", user ? "daemon-reload" : nullptr,
                                     nullptr};
    pid_t child = 0;
    // NOLINTNEXTLINE(cppcoreguidelines-pro-type-const-cast): posix_spawn's signature; it changes
    // nothing
    if (posix_spawnp(&child, words[0], nullptr, nullptr, const_cast<char**>(words.data()), environ) != 0) return;
    int status = 0;
    waitpid(child, &status, 0);
}

class InitService : public Verb {
    void declare(Parser& parser) override {
        parser.about({.usage = "hakuriver.init service --host|--runner|--all [--config PATH]",
                      .sentence = "Writes systemd units that start the Host or the runner of this machine at boot.",
                      .examples = {"sudo hakuriver.init service --runner --config /etc/hakuriver/config.toml",
                                   "hakuriver.init service --host --user", "hakuriver.init service --all --print"}});
        parser.flag({.names = "--host", .help = "The Host."}, options_.host);
        parser.flag({.names = "--runner", .help = "The runner."}, options_.runner);
        parser.flag({.names = "--all", .help = "Both."}, options_.all);
        parser.option(
            {.names = "--config", .value = "PATH", .help = "Config file of the service.", .what = Names::file},
            options_.config);
        parser.option({.names = "--host-config",
                       .value = "PATH",
                       .help = "That of the Host, where the two have files of their own.",
                       .what = Names::file},
                      options_.host_config);
        parser.option({.names = "--runner-config", .value = "PATH", .help = "That of the runner.", .what = Names::file},
                      options_.runner_config);
        parser.flag({.names = "--user", .help = "A unit of your own (systemctl --user), without root."}, options_.user);
        parser.option({.names = "--run-as",
                       .value = "NAME",
                       .help = "Account of the service. Default: you for the Host, root for the runner."},
                      options_.run_as);
        parser.option({.names = "--output-dir",
                       .value = "PATH",
                       .help = "Write the units there instead of where systemd looks.",
                       .what = Names::folder},
                      options_.output_dir);
        parser.flag({.names = "--print", .help = "Only print the units."}, options_.print);
    }
    bool asks_host() const override { return false; }
    Result<int> run(Session& session) override;
    Result<> write(Session& session, config::Service service, const std::string& text);
    void say_next(Session& session, const std::string& units);
    ServiceOptions options_;
};

Result<> InitService::write(Session& session, config::Service service, const std::string& text) {
    const fs::path path = unit_folder(options_) / config::unit_name(service);
    std::error_code failed;
    fs::create_directories(path.parent_path(), failed);
    if (access(path.parent_path().c_str(), W_OK) != 0)
        return fail(Errc::forbidden, path.parent_path().string() +
                                         " is not yours to write: run this with sudo (and --config), "
                                         "or use --user or --print");
    HK_CHECK(write_file_atomically(path, text));
    session.print("wrote " + path.string() + "\n");
    return {};
}

Result<int> InitService::run(Session& session) {
    std::vector<config::Service> services;
    if (options_.host || options_.all) services.push_back(config::Service::host);
    if (options_.runner || options_.all) services.push_back(config::Service::runner);
    if (services.empty()) return fail(Errc::invalid, "say which service: --host, --runner or --all");
    std::string units;
    for (const config::Service service : services) {
        HK_TRY(const std::string text, text_of(service, options_));
        if (options_.print) {
            session.print("# " + std::string(config::unit_name(service)) + "\n" + text + "\n");
            continue;
        }
        HK_CHECK(write(session, service, text));
        units += " " + std::string(config::unit_name(service));
    }
    if (!options_.print) say_next(session, units);
    return 0;
}

void InitService::say_next(Session& session, const std::string& units) {
    const std::string sudo = options_.user || geteuid() == 0 ? "" : "sudo ";
    const std::string systemctl = sudo + (options_.user ? "systemctl --user" : "systemctl");
    if (options_.output_dir) {
        session.say("next: copy them to " + unit_folder({.user = options_.user}).string() + ", then " + systemctl +
                    " daemon-reload and " + systemctl + " enable --now" + units);
        return;
    }
    reload_systemd(options_.user);
    session.say("next: " + systemctl + " enable --now" + units);
    if (options_.user)
        session.say("to keep it running without a login: sudo loginctl enable-linger " + session.world().user());
}

constexpr std::array<Command, 2> commands{{
    {"config", "write the default config file", &make_verb<InitConfig>},
    {"service", "write systemd units", &make_verb<InitService>},
}};

} // namespace

std::span<const Command> init_commands() { return commands; }

} // namespace hk::cli
