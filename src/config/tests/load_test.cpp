#include "config/keys.hpp"
#include "config/tests/config_support.hpp"
#include "support/golden.hpp"

namespace {

using namespace hk;
using namespace hk::config;
using hk::config::test::Home;
namespace fs = std::filesystem;

} // namespace

TEST_CASE("without a file everything has its default") {
    const Home home;
    const auto host = load_host({}, home.around);
    REQUIRE(host);
    CHECK(host->common.file.empty());
    CHECK(host->bind_ip == "127.0.0.1");
    CHECK(host->common.host_port == 8000);
    CHECK(host->shared.shared_dir == home.path() / ".hakuriver/test/shared");
    CHECK(host->shared.container_dir == home.path() / ".hakuriver/test/shared/hakuriver-containers");
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
    CHECK(from_file->db_file.lexically_relative(home.path()) == without->db_file.lexically_relative(empty.path()));
    for (const Key& key : keys())
        CHECK(default_file().contains("\n" + std::string(key.name.substr(key.name.find('.') + 1)) + " = "));
}

TEST_CASE("the file that is used: named, variable, the user's, the system's") {
    Home home;
    const auto port = [&](const std::optional<fs::path>& named = {}) {
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

TEST_CASE("a file of the original program is taken as it is") {
    const Home home;
    const auto file = home.put("original.toml", R"(
[network]
host_bind_ip = "0.0.0.0"
host_port = 8000
host_reachable_address = "192.168.1.100"
runner_address = "192.168.1.101"
runner_port = 8001

[paths]
shared_dir = "/mnt/cluster-share"
local_temp_dir = "/tmp/hakuriver"
numactl_path = ""
host_log_file = "host.log"
runner_log_file = "runner.log"

[database]
db_file = "/var/lib/hakuriver/cluster_management.db"

[timing]
heartbeat_interval = 5
heartbeat_timeout_factor = 6
cleanup_check_interval = 10
resource_check_interval = 1

[environment]
runner_user = ""

[docker]
container_dir = "hakuriver-containers"
default_container_name = "hakuriver-base"
initial_base_image = "python:3.12.10-alpine3.21"
tasks_privileged = false
additional_mounts = ["/data:/data"]
)");
    const auto host = load_host(file, home.around);
    REQUIRE_MESSAGE(host, host.error().message);
    CHECK(host->bind_ip == "0.0.0.0");
    CHECK(host->common.host_address == "192.168.1.100");
    CHECK(host->db_file == "/var/lib/hakuriver/cluster_management.db");
    CHECK(host->common.warnings.size() == 1); // listens on every network
    const auto runner = load_runner(file, home.around);
    REQUIRE(runner);
    CHECK(runner->shown_address == "192.168.1.101");
    CHECK(runner->common.warnings.empty());
}

TEST_CASE("what is accepted without effect, and what is risky, is warned about") {
    const Home home;
    const auto file = home.put("a.toml", "network.host_bind_ip = '0.0.0.0'\npaths.host_log_file = '/var/log/host.log'\n"
                                         "timing.resource_check_interval = 3\npaths.runner_log_file = 'runner.log'\n");
    const auto host = load_host(file, home.around);
    REQUIRE(host);
    REQUIRE(host->common.warnings.size() == 3);
    CHECK(host->common.warnings[0].contains(":2: paths.host_log_file has no effect"));
    CHECK(host->common.warnings[1].contains(":3: timing.resource_check_interval has no effect"));
    CHECK(host->common.warnings[2].contains("0.0.0.0"));
    CHECK(load_client(file, home.around)->common.warnings.size() == 2);
}

TEST_CASE("a shared folder that is relative is warned about with what it means") {
    const Home home;
    const auto file = home.put("a.toml", "\npaths.shared_dir = 'data/shared'\n");
    const auto runner = load_runner(file, home.around);
    REQUIRE(runner);
    REQUIRE(runner->common.warnings.size() == 1);
    CHECK(runner->common.warnings[0].contains("a.toml:2: paths.shared_dir is relative and means " +
                                              (home.path() / "data/shared").string() + " here; write an absolute"));
    CHECK(load_runner(home.put("b.toml", "paths.shared_dir = '~/shared'\n"), home.around)->common.warnings.empty());
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
