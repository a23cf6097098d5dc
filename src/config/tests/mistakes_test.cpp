#include "config/tests/config_support.hpp"

#include <rapidcheck.h>

#include <algorithm>
#include <vector>

namespace {

using namespace hk;
using namespace hk::config;
using hk::config::test::Home;

/// What is wrong with a file, without the file's name: "3: network.host_port is ...".
std::vector<std::string> mistakes(const std::string& text) {
    const Home home;
    const auto file = home.put("a.toml", text);
    const auto loaded = load_host(file, home.around);
    std::vector<std::string> found;
    if (loaded) return found;
    CHECK(loaded.error().code == Errc::invalid);
    for (const auto& field : loaded.error().fields)
        found.push_back(field.path.substr(std::min(field.path.size(), file.string().size() + 1)) + " " + field.message);
    return found;
}

bool names(const std::vector<std::string>& found, std::string_view part) {
    return std::ranges::any_of(found, [&](const std::string& line) { return line.contains(part); });
}

} // namespace

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
    CHECK(names(found, "15 runner.executors holds \"slurm\"; choose from process, systemd and docker"));
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

TEST_CASE("a file of mistakes is not read to its end") {
    std::string text;
    for (int i = 0; i < 20'000; ++i) text += "key" + std::to_string(i) + " = 1\n";
    const auto found = mistakes(text);
    REQUIRE(found.size() == 51);
    CHECK(found.back() == "51 there may be more mistakes from here on; these are the first 50");
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
    CHECK(
        mistakes("timing.heartbeat_interval = 1\ntiming.heartbeat_timeout_factor = 3").empty()); // the default follows
    CHECK(names(mistakes("timing.heartbeat_interval = 1\ntiming.cleanup_check_interval = 7"),
                "2 timing.cleanup_check_interval is longer than heartbeat_interval x heartbeat_timeout_factor (6 s)"));
    CHECK(names(mistakes("timing.cleanup_check_interval = 31"), "1 timing.cleanup_check_interval is longer"));
    CHECK(names(mistakes("paths.shared_dir = '/s'\npaths.local_temp_dir = '/s/'"), "same folder as paths.shared_dir"));
    CHECK(names(mistakes("host.state_dir = '/s'\nrunner.state_dir = '/s'"), "2 runner.state_dir is the same folder"));
    CHECK(names(mistakes("docker.tasks_privileged = true\ndocker.allow_privileged = false"),
                "docker.allow_privileged is false"));
    CHECK(names(mistakes("docker.allowed_mounts = ['/data']\ndocker.additional_mounts = ['/database:/d']"),
                "does not allow"));
    CHECK(mistakes("docker.allowed_mounts = ['/data']\ndocker.additional_mounts = ['/data:/d', "
                   "'/data/a:/e']")
              .empty());
    CHECK(names(mistakes("docker.additional_mounts = ['/data:/shared']"), "has already"));
    CHECK(names(mistakes("docker.allowed_mounts = ['/data']\ndocker.additional_mounts = ['data']"), "is not a mount"));
}

TEST_CASE("text that is not TOML is one mistake with its line") {
    CHECK(names(mistakes("\n[=]\n"), "2 "));
    CHECK(names(mistakes("\n[=]\n"), "expected bare key starting character"));
    for (const char* text :
         {"[", "[[", "[#", "[[=", "[a.", "[a.=", "a.= 1", "a = {=", "a = [", "a = {b.", "\"", "a = \"\\u", "[a]]"})
        CHECK_MESSAGE(mistakes(text).size() == 1, text);
    const auto found = mistakes("[network]\nhost_port = = 3\n");
    REQUIRE(found.size() == 1);
    CHECK(found[0].starts_with("2 "));
    CHECK(mistakes("a = 1\na = 2").size() >= 1);
    CHECK(names(mistakes("[network]\nhost_port = 1\nhost_port = 2"), "3 "));
    CHECK(mistakes("\xff\xfe broken").size() == 1);
}

TEST_CASE("whatever a file holds, it is taken or refused with a line") {
    const Home home;
    const bool held = rc::check([&home] {
        std::string text = default_file();
        const int changes = *rc::gen::inRange(1, 5);
        for (int i = 0; i < changes; ++i) {
            const auto at = *rc::gen::inRange<std::size_t>(0, text.size());
            if (*rc::gen::arbitrary<bool>()) text.erase(at, *rc::gen::inRange<std::size_t>(1, 20));
            else
                text.insert(at, *rc::gen::element<std::string>("\"", "[", "]", "=", "\n", "-", "9", "\xff", "true", "{",
                                                               "#", "."));
        }
        const auto loaded = load_runner(home.put("changed.toml", text), home.around);
        if (loaded) return;
        RC_ASSERT(loaded.error().code == Errc::invalid);
        RC_ASSERT(!loaded.error().fields.empty());
        for (const auto& field : loaded.error().fields) RC_ASSERT(!field.message.empty());
    });
    CHECK(held);
}

TEST_CASE("a file that is too large is refused") {
    const Home home;
    const auto loaded = load_host(home.put("big.toml", std::string(2 << 20, '#')), home.around);
    REQUIRE_FALSE(loaded);
    CHECK(loaded.error().code == Errc::too_large);
}
