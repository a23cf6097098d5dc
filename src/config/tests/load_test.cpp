#include "config/keys.hpp"
#include "config/load.hpp"

#include <doctest/doctest.h>

#include "base/file.hpp"
#include "support/golden.hpp"

#include <algorithm>
#include <cstdlib>
#include <filesystem>

namespace {

using namespace hk;
using namespace hk::config;
namespace fs = std::filesystem;

/// A home of its own with whatever files a test puts there.
class Home {
public:
    Home() {
        std::string name = (fs::temp_directory_path() / "hk_config_XXXXXX").string();
        REQUIRE(::mkdtemp(name.data()) != nullptr);
        path_ = name;
        fs::create_directories(path_ / ".hakuriver");
        around.home = path_;
        around.system_file = path_ / "etc.toml";
        around.host_name = "lab-node7";
    }
    Home(const Home&) = delete;
    Home& operator=(const Home&) = delete;
    ~Home() { fs::remove_all(path_); }

    fs::path put(const std::string& name, const std::string& text) const {
        REQUIRE(write_file_atomically(path_ / name, text));
        return path_ / name;
    }
    const fs::path& path() const { return path_; }

    Surroundings around;

private:
    fs::path path_;
};

/// What is wrong with a file, without the file's name: "3: network.host_port is ...".
std::vector<std::string> mistakes(const std::string& text) {
    const Home home;
    const auto file = home.put("a.toml", text);
    const auto loaded = load_host(file, home.around);
    std::vector<std::string> found;
    if (loaded) return found;
    CHECK(loaded.error().code == Errc::invalid);
    for (const auto& field : loaded.error().fields)
        found.push_back(field.path.substr(std::min(field.path.size(), file.string().size() + 1)) +
                        " " + field.message);
    return found;
}

bool names(const std::vector<std::string>& found, std::string_view part) {
    return std::ranges::any_of(found, [&](const std::string& line) { return line.contains(part); });
}

} // namespace

TEST_CASE("without a file everything has its default") {
    const Home home;
    const auto host = load_host({}, home.around);
    REQUIRE(host);
    CHECK(host->common.file.empty());
    CHECK(host->bind_ip == "127.0.0.1");
    CHECK(host->common.host_port == 8000);
    CHECK(host->shared.shared_dir == home.path() / ".hakuriver/test/shared");
    CHECK(host->shared.container_dir ==
          home.path() / ".hakuriver/test/shared/hakuriver-containers");
    CHECK(host->db_file == home.path() / ".hakuriver/test/cluster_management.db");
    CHECK(host->state_dir == home.path() / ".hakuriver/host");
    CHECK(host->silence_limit == std::chrono::seconds(30));
    CHECK(host->check_interval == std::chrono::seconds(10));
    CHECK(host->strategy == Strategy::first_fit);
    CHECK(host->backfill);
    CHECK(host->default_container == "hakuriver-base");
    CHECK(host->initial_base_image == "python:3.12.10-alpine3.21");
    CHECK_FALSE(host->tasks_privileged);
    CHECK(host->common.warnings.empty());

    const auto runner = load_runner({}, home.around);
    REQUIRE(runner);
    CHECK(runner->name == NodeName("lab-node7"));
    CHECK(runner->shared.heartbeat_interval == std::chrono::seconds(5));
    CHECK(runner->shown_address == "127.0.1.1");
    CHECK(runner->shown_port == 8001);
    CHECK(runner->local_temp_dir == home.path() / ".hakuriver/test/temp");
    CHECK(runner->executors.empty());
    CHECK_FALSE(runner->memory.has_value());
    CHECK(load_client({}, home.around)->common.host_address == "127.0.0.1");
}

TEST_CASE("the default file says what is the default anyway") {
    const Home home;
    const auto written = home.put(".hakuriver/config.toml", default_file());
    const auto from_file = load_host({}, home.around);
    REQUIRE(from_file);
    CHECK(from_file->common.file == written);
    CHECK(from_file->common.warnings.empty());
    const Home empty;
    const auto without = load_host({}, empty.around);
    REQUIRE(without);
    CHECK(from_file->shared.shared_dir.lexically_relative(home.path()) ==
          without->shared.shared_dir.lexically_relative(empty.path()));
    CHECK(from_file->db_file.lexically_relative(home.path()) ==
          without->db_file.lexically_relative(empty.path()));
    for (const Key& key : keys())
        CHECK(default_file().contains("\n" + std::string(key.name.substr(key.name.find('.') + 1)) +
                                      " = "));
}

TEST_CASE("the file that is used: named, variable, the user's, the system's") {
    Home home;
    const auto port = [&](std::optional<fs::path> named = {}) {
        return load_client(named, home.around)->common.host_port;
    };
    home.put("etc.toml", "network.host_port = 1");
    CHECK(port() == 1);
    home.put(".hakuriver/config.toml", "network.host_port = 2");
    CHECK(port() == 2);
    home.around.variable = home.put("variable.toml", "network.host_port = 3").string();
    CHECK(port() == 3);
    CHECK(port(home.put("named.toml", "network.host_port = 4")) == 4);

    CHECK(load_host(home.path() / "none.toml", home.around).error().code == Errc::not_found);
    home.around.variable = "/nowhere/at/all.toml";
    CHECK(load_host({}, home.around).error().message.contains("$HAKURIVER_CONFIG"));
}

TEST_CASE("values arrive where they belong") {
    const Home home;
    const auto file = home.put("full.toml", R"(
[network]
host_bind_ip = "localhost"
host_port = 9100
host_reachable_address = "head.lab"
allowed_hosts = ["river.lab"]
[paths]
shared_dir = "/mnt/shared/"
local_temp_dir = "~/scratch"
[database]
db_file = "data/../cluster.db"
[runner]
name = "gpu-1"
executors = ["docker", "process"]
cores = 12
memory = "64G"
[scheduler]
strategy = "best-fit"
backfill = false
[timing]
heartbeat_interval = 0.5
heartbeat_timeout_factor = 20
cleanup_check_interval = 2
kill_grace = 0
[environment]
runner_user = "lab"
[docker]
container_dir = "envs/tars"
default_container_name = ""
additional_mounts = ["/data/sets:/data:ro"]
allowed_mounts = ["/data/"]
socket = "/run/podman/podman.sock"
tasks_privileged = true
[log]
level = "debug"
format = "json"
)");
    const auto host = load_host(file, home.around);
    REQUIRE_MESSAGE(host, host.error().message);
    CHECK(host->bind_ip == "127.0.0.1");
    CHECK(host->common.host_port == 9100);
    CHECK(host->common.host_address == "head.lab");
    CHECK(host->common.log_level == log::Level::debug);
    CHECK(host->common.log_format == log::Format::json);
    CHECK(host->allowed_hosts == std::vector<std::string>{"river.lab"});
    CHECK(host->shared.shared_dir == "/mnt/shared");
    CHECK(host->shared.container_dir == "/mnt/shared/envs/tars");
    CHECK(host->shared.allowed_mounts == std::vector<fs::path>{"/data/"});
    CHECK(host->shared.kill_grace == Duration::zero());
    CHECK(host->db_file == home.path() / "cluster.db");
    CHECK(host->strategy == Strategy::best_fit);
    CHECK_FALSE(host->backfill);
    CHECK(host->silence_limit == std::chrono::seconds(10));
    CHECK(host->default_container.empty());
    CHECK(host->additional_mounts == std::vector{Mount{"/data/sets", "/data", true}});
    CHECK(host->tasks_privileged);
    const auto runner = load_runner(file, home.around);
    REQUIRE(runner);
    CHECK(runner->name == NodeName("gpu-1"));
    CHECK(runner->executors == std::vector{ExecutorKind::docker, ExecutorKind::process});
    CHECK(runner->cores == 12);
    CHECK(runner->memory == Bytes{64'000'000'000});
    CHECK(runner->local_temp_dir == home.path() / "scratch");
    CHECK(runner->user == "lab");
    CHECK(runner->shared.docker_socket == "/run/podman/podman.sock");
}

TEST_CASE("all mistakes of a file are reported together, in the order of their lines") {
    const auto found = mistakes(R"([network]
host_prot = 8000
host_port = 70000
host_bind_ip = 5

[timing]
heartbeat_interval = "5"
heartbeat_timeout_factor = 2.5
kill_grace = -1
[docker]
tasks_privileged = "no"
additional_mounts = ["relative:/x", "", "/a:/b", "/a:/b"]
[runner]
memory = "64GiB"
executors = ["docker", "slurm"]
)");
    const std::vector<std::string> expected{
        "2 network.host_prot is not a key of the configuration; did you mean network.host_port?",
        "3 network.host_port is 70000, but must be 0 to 65535",
        "4 network.host_bind_ip is 5, but must be text in quotes",
        "7 timing.heartbeat_interval is \"5\", but must be a number of seconds",
        "8 timing.heartbeat_timeout_factor is 2.500000, but must be a whole number",
        "9 timing.kill_grace is -1, but must be 0 to 3600",
        "11 docker.tasks_privileged is \"no\", but must be true or false",
    };
    REQUIRE(found.size() == 12);
    CHECK(std::vector(found.begin(), found.begin() + 7) == expected);
    CHECK(names(found, "12 docker.additional_mounts is wrong: \"relative:/x\" is not a mount"));
    CHECK(names(found, "12 docker.additional_mounts holds an empty text"));
    CHECK(names(found, "12 docker.additional_mounts holds \"/a:/b\" twice"));
    CHECK(names(found, "14 runner.memory is wrong: "));
    CHECK(names(found,
                "15 runner.executors holds \"slurm\"; choose from process, systemd and docker"));
}

TEST_CASE("unknown keys come with a suggestion where one is near") {
    CHECK(names(mistakes("[paths]\nhost_port = 1"), "did you mean network.host_port?"));
    CHECK(names(mistakes("[netwrok]\nhost_port = 1"), "did you mean network.host_port?"));
    CHECK(names(mistakes("[scheduler]\nstrategie = 'x'"), "did you mean scheduler.strategy?"));
    CHECK(names(mistakes("docker = 5"), "docker is a section"));
    const auto far = mistakes("[a]\ncompletely_else = 5");
    REQUIRE(far.size() == 1);
    CHECK(far[0] == "2 a.completely_else is not a key of the configuration");
    CHECK(names(mistakes("x" + std::string(5000, 'y') + " = 1"), "is not a key"));
}

TEST_CASE("wrong values, one by one") {
    const std::pair<const char*, const char*> cases[] = {
        {"network.host_bind_ip = '300.1.1.1'", "is not an IP address"},
        {"network.host_bind_ip = ''", "must not be empty"},
        {"network.host_reachable_address = 'http://head'", "neither an IP address nor a host name"},
        {"network.host_reachable_address = '-x'", "neither an IP address nor a host name"},
        {"paths.shared_dir = ''", "must not be empty"},
        {"paths.shared_dir = \"/a\\u0000b\"", "zero byte"},
        {"paths.shared_dir = 1979-05-27", "a date or time"},
        {"runner.name = '-node'", "runner.name is wrong"},
        {"runner.cores = -1", "0 to 65536"},
        {"runner.executors = [1]", "something else than text"},
        {"scheduler.strategy = 'fastest'", "is not a strategy"},
        {"timing.heartbeat_interval = nan", "a number of seconds"},
        {"timing.heartbeat_interval = 0", "0.1 to 3600"},
        {"environment.runner_user = 'a b'", "must not contain spaces"},
        {"docker.container_dir = '../up'", "a folder inside paths.shared_dir"},
        {"docker.container_dir = '/abs'", "a folder inside paths.shared_dir"},
        {"docker.default_container_name = 'Upper'", "docker.default_container_name is wrong"},
        {"docker.allowed_mounts = ['data']", "not an absolute path"},
        {"log.level = 'loud'", "choose debug, info, warn or error"},
        {"log.format = 'xml'", "choose text or json"},
    };
    for (const auto& [text, expected] : cases) {
        CAPTURE(text);
        const auto found = mistakes(text);
        REQUIRE(found.size() == 1);
        CHECK_MESSAGE(found[0].contains(expected), found[0]);
        CHECK(found[0].starts_with("1 "));
    }
}

TEST_CASE("mistakes that only two keys together make") {
    CHECK(names(mistakes("timing.heartbeat_interval = 1\ntiming.heartbeat_timeout_factor = 3"),
                "silent nodes would be noticed late"));
    CHECK(names(mistakes("timing.cleanup_check_interval = 31"),
                "1 timing.cleanup_check_interval is longer"));
    CHECK(names(mistakes("paths.shared_dir = '/s'\npaths.local_temp_dir = '/s/'"),
                "same folder as paths.shared_dir"));
    CHECK(names(mistakes("host.state_dir = '/s'\nrunner.state_dir = '/s'"),
                "2 runner.state_dir is the same folder"));
    CHECK(names(mistakes("docker.tasks_privileged = true\ndocker.allow_privileged = false"),
                "docker.allow_privileged is false"));
    CHECK(names(
        mistakes("docker.allowed_mounts = ['/data']\ndocker.additional_mounts = ['/database:/d']"),
        "does not allow"));
    CHECK(mistakes("docker.allowed_mounts = ['/data']\ndocker.additional_mounts = ['/data:/d', "
                   "'/data/a:/e']")
              .empty());
}

TEST_CASE("text that is not TOML is one mistake with its line") {
    const auto found = mistakes("[network]\nhost_port = = 3\n");
    REQUIRE(found.size() == 1);
    CHECK(found[0].starts_with("2 "));
    CHECK(mistakes("a = 1\na = 2").size() >= 1);
    CHECK(names(mistakes("[network]\nhost_port = 1\nhost_port = 2"), "3 "));
    CHECK(mistakes("\xff\xfe broken").size() == 1);
}

TEST_CASE("a file that is too large is refused") {
    const Home home;
    const auto loaded = load_host(home.put("big.toml", std::string(2 << 20, '#')), home.around);
    REQUIRE_FALSE(loaded);
    CHECK(loaded.error().code == Errc::too_large);
}

TEST_CASE("what is accepted without effect, and what is risky, is warned about") {
    const Home home;
    const auto file = home.put(
        "a.toml", "network.host_bind_ip = '0.0.0.0'\npaths.host_log_file = '/var/log/host.log'\n"
                  "timing.resource_check_interval = 3\npaths.runner_log_file = 'runner.log'\n");
    const auto host = load_host(file, home.around);
    REQUIRE(host);
    REQUIRE(host->common.warnings.size() == 3);
    CHECK(host->common.warnings[0].contains(":2: paths.host_log_file has no effect"));
    CHECK(host->common.warnings[1].contains(":3: timing.resource_check_interval has no effect"));
    CHECK(host->common.warnings[2].contains("0.0.0.0"));
    CHECK(load_client(file, home.around)->common.warnings.size() == 2);
}

TEST_CASE("a runner whose host name cannot be a node's name says which key to set") {
    Home home;
    home.around.host_name = "bad name";
    CHECK(load_runner({}, home.around).error().message.contains("runner.name"));
    CHECK(load_host({}, home.around).has_value());
}

TEST_CASE("an unknown home folder is a mistake only where it is needed") {
    Home home;
    home.around.home.clear();
    const auto loaded = load_host({}, home.around);
    REQUIRE_FALSE(loaded);
    CHECK(loaded.error().message.contains("host.state_dir starts with ~"));
    const auto file = home.put("a.toml", "host.state_dir = '/h'\nrunner.state_dir = '/r'");
    CHECK(load_host(file, home.around).has_value());
}

TEST_CASE("the reference page and the default file are kept as files") {
    check_golden("../../docs/configuration.md", reference_page());
    check_golden("config/default.toml", default_file());
}
