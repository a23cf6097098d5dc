#pragma once
#include "base/file.hpp"
#include "config/load.hpp"

#include <doctest/doctest.h>

#include <cstdlib>
#include <filesystem>
#include <string>

namespace hk::config::test {

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

} // namespace hk::config::test
