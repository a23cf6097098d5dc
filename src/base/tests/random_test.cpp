#include "base/random.hpp"

#include <doctest/doctest.h>

#include <set>

using namespace hk;

TEST_CASE("random: as many digits as asked for, and never the same twice") {
    std::set<std::string> seen;
    for (int i = 0; i < 1000; ++i) {
        const std::string text = random_hex(16);
        CHECK(text.size() == 32);
        CHECK(text.find_first_not_of("0123456789abcdef") == std::string::npos);
        seen.insert(text);
    }
    CHECK(seen.size() == 1000);
    CHECK(random_hex(0).empty());
}

TEST_CASE("random: secrets are the same or not, wherever they differ") {
    CHECK(same_secret("", ""));
    CHECK(same_secret("abc", "abc"));
    CHECK_FALSE(same_secret("abc", "abd"));
    CHECK_FALSE(same_secret("abc", "xbc"));
    CHECK_FALSE(same_secret("abc", "ab"));
    CHECK_FALSE(same_secret("", "a"));
}
