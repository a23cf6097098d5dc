#include "config/load.hpp"

#include "base/file.hpp"
#include "config/values.hpp"

#include <algorithm>
#include <cstdlib>
#include <pwd.h>
#include <unistd.h>

namespace hk::config {
namespace {

constexpr std::size_t largest_file = 1 << 20;

std::string text_of_variable(const char* name) {
    const char* text = std::getenv(name);
    return text == nullptr ? std::string() : std::string(text);
}

/// A service of the system has no HOME.
std::string home_folder() {
    if (auto home = text_of_variable("HOME"); !home.empty()) return home;
    const passwd* user = ::getpwuid(::geteuid());
    return user == nullptr || user->pw_dir == nullptr ? std::string() : std::string(user->pw_dir);
}

bool is_there(const std::filesystem::path& path) {
    std::error_code ignored;
    return !path.empty() && std::filesystem::exists(path, ignored);
}

/// A file as it was read and checked, key by key.
struct Loaded {
    std::filesystem::path file; ///< empty: none
    Values values;
    std::vector<Mistake> mistakes;

    void wrong(std::string_view key, const std::string& what) {
        mistakes.push_back({values.line(key), std::string(key) + " " + what});
    }
};

Result<Loaded> load_values(const std::optional<std::filesystem::path>& named, const Surroundings& around) {
    HK_TRY(const auto found, find_file(named, around));
    Loaded loaded;
    std::string text;
    Places places{.home = around.home, .base = around.home / ".hakuriver"};
    if (found) {
        loaded.file = std::filesystem::absolute(*found).lexically_normal();
        places.base = loaded.file.parent_path();
        HK_TRY(text, read_file(loaded.file, largest_file));
    }
    loaded.values = Values::read(text, places, loaded.mistakes);
    return loaded;
}

Duration silence_limit(const Values& values) {
    return values.seconds("timing.heartbeat_interval") * values.integer("timing.heartbeat_timeout_factor");
}

bool lies_in(const std::filesystem::path& path, const std::vector<std::string>& folders) {
    return std::ranges::any_of(folders, [&](const std::string& folder) {
        const auto top = std::filesystem::path(folder).lexically_normal();
        const auto relative = path.lexically_relative(top);
        return !relative.empty() && *relative.begin() != "..";
    });
}

void check_timing(Loaded& loaded) {
    if (loaded.values.line("timing.cleanup_check_interval") == 0) return; // the default follows, see load_host
    if (loaded.values.seconds("timing.cleanup_check_interval") <= silence_limit(loaded.values)) return;
    loaded.wrong("timing.cleanup_check_interval", "is longer than heartbeat_interval x heartbeat_timeout_factor (" +
                                                      format_duration(silence_limit(loaded.values)) +
                                                      "), so silent nodes would be noticed late");
}

void check_folders(Loaded& loaded) {
    const Values& values = loaded.values;
    if (values.path("paths.local_temp_dir") == values.path("paths.shared_dir"))
        loaded.wrong("paths.local_temp_dir", "is the same folder as paths.shared_dir; it must be local to the node");
    if (values.path("runner.state_dir") == values.path("host.state_dir"))
        loaded.wrong("runner.state_dir", "is the same folder as host.state_dir; each needs its own");
}

void check_policy(Loaded& loaded) {
    const Values& values = loaded.values;
    if (values.flag("docker.tasks_privileged") && !values.flag("docker.allow_privileged"))
        loaded.wrong("docker.tasks_privileged", "is true, but docker.allow_privileged is false");
    const auto& allowed = values.list("docker.allowed_mounts");
    std::vector<Mount> mounts;
    for (const std::string& text : values.list("docker.additional_mounts")) {
        const auto mount = parse_mount(text);
        if (!mount) continue; // was said already
        mounts.push_back(*mount);
        if (!allowed.empty() && !lies_in(mount->source, allowed))
            loaded.wrong("docker.additional_mounts",
                         "holds \"" + text + "\", which docker.allowed_mounts does not allow");
    }
    if (const auto fine = check_mounts(mounts); !fine)
        loaded.wrong("docker.additional_mounts", "is wrong: " + fine.error().message);
}

/// Fails with every mistake in the order of the lines.
Result<> settle(Loaded& loaded) {
    check_timing(loaded);
    check_folders(loaded);
    check_policy(loaded);
    if (loaded.mistakes.empty()) return {};
    std::ranges::sort(loaded.mistakes, {},
                      [](const Mistake& m) { return std::pair(m.line, std::string_view(m.message)); });
    Error error{.code = Errc::invalid};
    const std::string file = loaded.file.empty() ? "the default configuration" : loaded.file.string();
    for (const Mistake& mistake : loaded.mistakes) {
        const std::string where = file + (mistake.line > 0 ? ":" + std::to_string(mistake.line) : "");
        error.message += (error.message.empty() ? "" : "\n") + where + ": " + mistake.message;
        error.fields.push_back({where, mistake.message});
    }
    return fail(std::move(error));
}

log::Level level_from(const std::string& text) {
    if (text == "debug") return log::Level::debug;
    if (text == "warn") return log::Level::warn;
    return text == "error" ? log::Level::error : log::Level::info;
}

std::string place_of(const Loaded& loaded, std::string_view key) {
    return loaded.file.string() + ":" + std::to_string(loaded.values.line(key)) + ": " + std::string(key);
}

/// Keys that do nothing, where the file says something else than the default file does.
std::vector<std::string> idle_keys(const Loaded& loaded, const Values& defaults) {
    std::vector<std::string> warnings;
    for (const Key& key : keys()) {
        if (key.used_by != nobody || loaded.values.line(key.name) == 0) continue;
        const bool changed = key.kind == Kind::path ? loaded.values.path(key.name) != defaults.path(key.name)
                                                    : loaded.values.seconds(key.name) != defaults.seconds(key.name);
        if (changed) warnings.push_back(place_of(loaded, key.name) + " has no effect. " + std::string(key.sentence));
    }
    return warnings;
}

/// A relative shared folder is another one on a machine that keeps its file elsewhere.
void warn_of_relative_share(const Loaded& loaded, const Values& defaults, std::vector<std::string>& warnings) {
    constexpr std::string_view key = "paths.shared_dir";
    const auto& values = loaded.values;
    if (values.line(key) == 0 || !values.relative(key) || values.path(key) == defaults.path(key)) return;
    warnings.push_back(place_of(loaded, key) + " is relative and means " + values.path(key).string() +
                       " here; write an absolute path, the same on every machine");
}

Common common_of(const Loaded& loaded, const Surroundings& around) {
    const Values& values = loaded.values;
    std::vector<Mistake> none;
    const Values defaults = Values::read("", {.home = around.home, .base = loaded.file.parent_path()}, none);
    auto warnings = idle_keys(loaded, defaults);
    warn_of_relative_share(loaded, defaults, warnings);
    return {.file = loaded.file,
            .host_address = values.text("network.host_reachable_address"),
            .host_port = static_cast<std::uint16_t>(values.integer("network.host_port")),
            .log_level = level_from(values.text("log.level")),
            .log_format = values.text("log.format") == "json" ? log::Format::json : log::Format::text,
            .warnings = std::move(warnings)};
}

Shared shared_of(const Values& values) {
    Shared shared;
    shared.shared_dir = values.path("paths.shared_dir");
    shared.container_dir = (shared.shared_dir / values.text("docker.container_dir")).lexically_normal();
    shared.heartbeat_interval = values.seconds("timing.heartbeat_interval");
    shared.kill_grace = values.seconds("timing.kill_grace");
    shared.docker_socket = values.path("docker.socket");
    shared.allow_privileged = values.flag("docker.allow_privileged");
    for (const std::string& folder : values.list("docker.allowed_mounts"))
        shared.allowed_mounts.push_back(std::filesystem::path(folder).lexically_normal());
    return shared;
}

bool is_loopback(const std::string& address) {
    return address == "localhost" || address == "::1" || address.starts_with("127.");
}

/// The name of this node: the key, else the host name where that can be one.
Result<NodeName> node_name(const Loaded& loaded, const Surroundings& around) {
    const std::string& name = loaded.values.text("runner.name");
    if (!name.empty()) return NodeName(name);
    if (auto parsed = parse_node_name(around.host_name)) return *parsed;
    return fail(Errc::invalid, "the machine's host name \"" + around.host_name.substr(0, 80) +
                                   "\" cannot be the name of a node; set runner.name in the configuration");
}

} // namespace

Surroundings read_surroundings() {
    char name[256] = {};
    if (::gethostname(name, sizeof name - 1) != 0) name[0] = '\0';
    return {.home = home_folder(), .variable = text_of_variable("HAKURIVER_CONFIG"), .host_name = name};
}

std::filesystem::path user_file(const Surroundings& around) {
    return around.home.empty() ? std::filesystem::path() : around.home / ".hakuriver/config.toml";
}

Result<std::optional<std::filesystem::path>> find_file(const std::optional<std::filesystem::path>& named,
                                                       const Surroundings& around) {
    using Found = std::optional<std::filesystem::path>;
    if (named) {
        if (is_there(*named)) return named;
        return fail(Errc::not_found, "the configuration file " + named->string() + " does not exist");
    }
    if (!around.variable.empty()) {
        if (is_there(around.variable)) return Found(around.variable);
        return fail(Errc::not_found,
                    "the configuration file " + around.variable + " ($HAKURIVER_CONFIG) does not exist");
    }
    if (is_there(user_file(around))) return Found(user_file(around));
    if (is_there(around.system_file)) return Found(around.system_file);
    return Found();
}

Result<HostConfig> load_host(const std::optional<std::filesystem::path>& named, const Surroundings& around) {
    HK_TRY(Loaded loaded, load_values(named, around));
    HK_CHECK(settle(loaded));
    const Values& values = loaded.values;
    HostConfig config{.common = common_of(loaded, around), .shared = shared_of(values)};
    config.bind_ip = values.text("network.host_bind_ip");
    if (!is_loopback(config.bind_ip))
        config.common.warnings.push_back("network.host_bind_ip is " + config.bind_ip +
                                         ": whoever reaches the port can run commands on every node");
    if (config.bind_ip == "localhost") config.bind_ip = "127.0.0.1";
    config.allowed_hosts = values.list("network.allowed_hosts");
    config.state_dir = values.path("host.state_dir");
    config.db_file = values.path("database.db_file");
    config.silence_limit = silence_limit(values);
    config.check_interval = std::min(values.seconds("timing.cleanup_check_interval"), config.silence_limit);
    HK_TRY(config.strategy, parse_strategy(values.text("scheduler.strategy")));
    config.backfill = values.flag("scheduler.backfill");
    config.default_container = values.text("docker.default_container_name");
    config.initial_base_image = values.text("docker.initial_base_image");
    config.versions_kept = static_cast<int>(values.integer("docker.versions_kept"));
    config.tasks_privileged = values.flag("docker.tasks_privileged");
    for (const std::string& text : values.list("docker.additional_mounts")) {
        HK_TRY(auto mount, parse_mount(text));
        config.additional_mounts.push_back(std::move(mount));
    }
    return config;
}

Result<RunnerConfig> load_runner(const std::optional<std::filesystem::path>& named, const Surroundings& around) {
    HK_TRY(Loaded loaded, load_values(named, around));
    HK_CHECK(settle(loaded));
    const Values& values = loaded.values;
    RunnerConfig config{.common = common_of(loaded, around), .shared = shared_of(values)};
    HK_TRY(config.name, node_name(loaded, around));
    config.shown_address = values.text("network.runner_address");
    config.shown_port = static_cast<std::uint16_t>(values.integer("network.runner_port"));
    config.local_temp_dir = values.path("paths.local_temp_dir");
    config.numactl = values.path("paths.numactl_path");
    config.state_dir = values.path("runner.state_dir");
    for (const std::string& text : values.list("runner.executors"))
        config.executors.push_back(*parse_executor_kind(text));
    config.cores = static_cast<int>(values.integer("runner.cores"));
    if (const std::string& memory = values.text("runner.memory"); !memory.empty()) {
        HK_TRY(config.memory, parse_size(memory));
    }
    config.user = values.text("environment.runner_user");
    return config;
}

Result<ClientConfig> load_client(const std::optional<std::filesystem::path>& named, const Surroundings& around) {
    HK_TRY(Loaded loaded, load_values(named, around));
    HK_CHECK(settle(loaded));
    return ClientConfig{.common = common_of(loaded, around)};
}

} // namespace hk::config
