#include "cli/programs.hpp"
#include "cli/verb.hpp"

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

TEST_CASE("programs: options that every command has may stand before it") {
    using Words = std::vector<std::string>;
    CHECK(command_first({"--config", "c.toml", "list-tars"}) == Words{"list-tars", "--config", "c.toml"});
    CHECK(command_first({"--config=c.toml", "--json", "nodes", "-q"}) ==
          Words{"nodes", "--config=c.toml", "--json", "-q"});
    for (const Words& words : {Words{}, Words{"nodes", "--json"}, Words{"--json"}, Words{"--config", "c.toml"},
                               Words{"--config"}, Words{"--help", "nodes"}, Words{"--cofnig", "c.toml", "nodes"}})
        CHECK(command_first(words) == words);
}

TEST_CASE("programs: a word that starts another program gives it the rest") {
    constexpr std::array programs{Program{"host", "run the Host", remember}};
    std::array<std::string, 4> words{"hakuriver", "host", "--config", "x.toml"};
    std::array<char*, 5> argv{words[0].data(), words[1].data(), words[2].data(), words[3].data(), nullptr};
    CHECK(hakuriver_main(4, argv.data(), programs) == 42);
    CHECK(received == std::vector<std::string>{"host", "--config", "x.toml"});
}
