#include "cli/programs.hpp"

#include <doctest/doctest.h>

#include <array>
#include <string>
#include <vector>

using namespace hk::cli;

namespace {

std::vector<std::string> received;

int remember(int argc, char** argv) {
    received.assign(argv, argv + argc);
    return 42;
}

} // namespace

TEST_CASE("programs: a word that starts another program gives it the rest") {
    constexpr std::array programs{Program{"host", "run the Host", remember}};
    std::array<std::string, 4> words{"hakuriver", "host", "--config", "x.toml"};
    std::array<char*, 5> argv{words[0].data(), words[1].data(), words[2].data(), words[3].data(), nullptr};
    CHECK(hakuriver_main(4, argv.data(), programs) == 42);
    CHECK(received == std::vector<std::string>{"host", "--config", "x.toml"});
}
