#include "rig.hpp"

#include "base/file.hpp"
#include "config/load.hpp"

#include <doctest/doctest.h>

#include <cstdlib>
#include <filesystem>
#include <sys/stat.h>

using namespace hk;
using namespace hk::cli;
using namespace hk::cli::test;

namespace fs = std::filesystem;

namespace {

/// A home of its own, which is gone afterwards.
struct Home {
    fs::path path;
    std::string before = std::getenv("HOME") == nullptr ? "" : std::getenv("HOME");
    Home() {
        std::string pattern = (fs::temp_directory_path() / "hk-cli-home-XXXXXX").string();
        REQUIRE(mkdtemp(pattern.data()) != nullptr);
        path = pattern;
        setenv("HOME", path.c_str(), 1);
        unsetenv("HAKURIVER_CONFIG");
        unsetenv("XDG_CONFIG_HOME");
    }
    Home(const Home&) = delete;
    Home& operator=(const Home&) = delete;
    ~Home() {
        setenv("HOME", before.c_str(), 1);
        fs::remove_all(path);
    }
    fs::path config() const { return path / ".hakuriver/config.toml"; }
};

} // namespace

TEST_CASE("init config: writes the default once") {
    const Home home;
    Rig rig;
    CHECK(rig.init({"config"}) == 0);
    CHECK(rig.out == "wrote " + home.config().string() + "\n");
    CHECK(read_file(home.config()) == config::default_file());
    struct stat info{};
    REQUIRE(stat(home.config().c_str(), &info) == 0);
    CHECK((info.st_mode & 0777U) == 0600U);

    REQUIRE(write_file_atomically(home.config(), "# mine\n"));
    rig.clear();
    CHECK(rig.init({"config"}) == 125);
    CHECK(rig.err.contains("is there already; --force replaces it"));
    CHECK(read_file(home.config()) == "# mine\n");
    CHECK(rig.init({"config", "--force"}) == 0);
    CHECK(read_file(home.config()) == config::default_file());
}

TEST_CASE("init config: another place, and what stands in the way") {
    const Home home;
    Rig rig;
    CHECK(rig.init({"config", "--path", (home.path / "a/b/c.toml").string()}) == 0);
    CHECK(fs::exists(home.path / "a/b/c.toml"));
    fs::create_symlink("/nowhere", home.path / "dangling");
    CHECK(rig.init({"config", "--path", (home.path / "dangling").string()}) == 125);
    REQUIRE(write_file_atomically(home.path / "file", "x"));
    CHECK(rig.init({"config", "--path", (home.path / "file/c.toml").string()}) == 125);
}

TEST_CASE("init service: units with absolute paths") {
    const Home home;
    Rig rig;
    CHECK(rig.init({"service"}) == 2);
    CHECK(rig.err.contains("--host, --runner or --all"));
    rig.clear();
    CHECK(rig.init({"service", "--host", "--print"}) == 125);
    CHECK(rig.err.contains("hakuriver.init config writes one"));
    REQUIRE(rig.init({"config"}) == 0);
    rig.clear();
    CHECK(rig.init({"service", "--all", "--print"}) == 0);
    CHECK(rig.out.contains("# hakuriver-host.service"));
    CHECK(rig.out.contains("# hakuriver-runner.service"));
    CHECK(rig.out.contains("--config " + home.config().string()));
    CHECK(rig.out.contains("ExecStart=/"));
    rig.clear();
    CHECK(rig.init({"service", "--runner", "--print", "--config", "/nowhere.toml"}) == 125);
    std::filesystem::copy_file(home.config(), home.config().string() + ".own");
    rig.clear();
    CHECK(rig.init({"service", "--all", "--print", "--runner-config", home.config().string() + ".own"}) == 0);
    CHECK(rig.out.contains("runner --config " + home.config().string() + ".own\n"));
    CHECK(rig.out.contains("host --config " + home.config().string() + "\n"));
}

TEST_CASE("init service: a unit of one's own needs no root") {
    const Home home;
    Rig rig;
    REQUIRE(rig.init({"config"}) == 0);
    rig.clear();
    CHECK(rig.init({"service", "--runner", "--user"}) == 0);
    const auto unit = read_file(home.path / ".config/systemd/user/hakuriver-runner.service");
    REQUIRE(unit);
    CHECK(unit->contains("ExecStart=/"));
    CHECK(rig.err.contains("systemctl --user enable --now hakuriver-runner.service"));
}

TEST_CASE("init service: another folder, with what to do with them") {
    const Home home;
    Rig rig;
    REQUIRE(rig.init({"config"}) == 0);
    rig.clear();
    const fs::path out = home.path / "units";
    CHECK(rig.init({"service", "--all", "--output-dir", out.string()}) == 0);
    CHECK(fs::exists(out / "hakuriver-host.service"));
    CHECK(fs::exists(out / "hakuriver-runner.service"));
    CHECK(rig.err.contains("next: copy them to /etc/systemd/system"));
}

TEST_CASE("config: every mistake of a file is a line") {
    const Home home;
    Rig rig;
    rig.world.locate = [](const CommonOptions& options) { return find_host(options, ""); };
    const std::string path = (home.path / "wrong.toml").string();
    REQUIRE(write_file_atomically(path, "[network]\nhost_port = \"x\"\nhost_prot = 1\n"));
    CHECK(rig.client({"--config", path, "--list-nodes"}) == 2);
    CHECK(rig.err.contains(path + ":2"));
    CHECK(rig.err.contains(path + ":3"));
    CHECK_FALSE(rig.err.contains("\\n"));
}

TEST_CASE("config: which file and which Host") {
    const Home home;
    Rig rig;
    REQUIRE(rig.init({"config"}) == 0);
    rig.clear();
    rig.world.locate = [](const CommonOptions& options) { return find_host(options, ""); };
    CHECK(rig.hakuriver({"config"}) == 0);
    CHECK(rig.out.contains(home.config().string()));
    CHECK(rig.out.contains("127.0.0.1:8000"));
    rig.clear();
    CHECK(rig.hakuriver({"config", "default"}) == 0);
    CHECK(rig.out == config::default_file());
    CHECK(rig.hakuriver({"config", "show", "--config", "/nowhere.toml"}) == 125);
}

TEST_CASE("find_host: the flag, then the variable, then the file") {
    const Home home;
    REQUIRE(write_file_atomically(home.path / "c.toml",
                                  "[network]\nhost_reachable_address = \"10.9.9.9\"\nhost_port = 81\n"));
    CommonOptions options{.config = (home.path / "c.toml").string()};
    CHECK(net::to_text(find_host(options, "")->address) == "10.9.9.9:81");
    CHECK(find_host(options, "")->origin == "network.host_reachable_address in " + *options.config);
    CHECK(net::to_text(find_host(options, "10.0.0.2")->address) == "10.0.0.2:8000");
    options.host = "h:90";
    CHECK(net::to_text(find_host(options, "10.0.0.2")->address) == "h:90");
    options.host = "unix:/run/h.sock";
    CHECK(net::to_text(find_host(options, "")->address) == "unix:/run/h.sock");
    options.host = "https://h";
    CHECK(find_host(options, "").error().code == Errc::invalid);
    CHECK(net::to_text(find_host({}, "")->address) == "127.0.0.1:8000");
}
