#include "base/time.hpp"

#include <doctest/doctest.h>

using namespace hk;
using namespace std::chrono_literals;

TEST_CASE("times survive a round trip through text") {
    const Time time = from_micros(1'795'000'000'295'584);
    CHECK(parse_time(format_time(time)) == time);
    CHECK(format_time(from_micros(0)) == "1970-01-01T00:00:00.000000Z");
    CHECK_FALSE(parse_time("yesterday"));
}

TEST_CASE("durations use two units at most") {
    CHECK(format_duration(850ms) == "850 ms");
    CHECK(format_duration(200s) == "3 m 20 s");
    CHECK(format_duration(2h + 5min + 3s) == "2 h 5 m");
    CHECK(format_duration(97h) == "4 d 1 h");
}
