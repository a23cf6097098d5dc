#include "cli/suggest.hpp"

#include <doctest/doctest.h>

#include <array>

using namespace hk::cli;

TEST_CASE("suggest: edits are counted, swaps once") {
    CHECK(edit_distance("", "") == 0);
    CHECK(edit_distance("abc", "") == 3);
    CHECK(edit_distance("target", "traget") == 1);
    CHECK(edit_distance("kill", "kil") == 1);
    CHECK(edit_distance("status", "statsu") == 1);
    CHECK(edit_distance("pause", "resume") == edit_distance("resume", "pause"));
}

TEST_CASE("suggest: only near words are offered") {
    constexpr std::array<std::string_view, 5> words{"status", "tasks", "kill", "--cores", "-n"};
    CHECK(nearest("statsu", words) == "status");
    CHECK(nearest("task", words) == "tasks");
    CHECK(nearest("--core", words) == "--cores");
    CHECK(nearest("-x", words) == std::nullopt);
    CHECK(nearest("explain", words) == std::nullopt);
    CHECK(nearest(std::string(65, 'k'), words) == std::nullopt);
    CHECK(did_you_mean("kil", words) == "; did you mean kill?");
    CHECK(did_you_mean("explain", words).empty());
}
