#include "proto/log_times.hpp"

#include <doctest/doctest.h>

using namespace hk;
using namespace hk::proto;

namespace {

LogMark mark(std::int64_t size, std::int64_t seconds) { return {size, Time{std::chrono::seconds{seconds}}}; }

} // namespace

TEST_CASE("marks of an output are read as they were written") {
    CHECK(format_mark({12, Time{std::chrono::microseconds{1'700'000'000'123'999}}}) == "12 1700000000123\n");
    const std::vector<LogMark> marks{mark(1, 5), mark(70, 5), mark(71, 9)};
    std::string text;
    for (const auto& each : marks) text += format_mark(each);
    CHECK(parse_marks(text) == marks);
    CHECK(parse_marks("").empty());
}

TEST_CASE("what is no mark is passed over") {
    CHECK(parse_marks("7 1000\n12") == std::vector{mark(7, 1)}); // cut off by a machine that died
    for (const auto* line : {"", "8", "8 ", " 8 2000", "8 2000 ", "8 2000x", "-8 2000", "8 -2000", "8  2000",
                             "8 99999999999999", "99999999999999999999 1", "8 17 9 2000"})
        CHECK(parse_marks(std::string("7 1000\n") + line + "\n9 3000\n") == std::vector{mark(7, 1), mark(9, 3)});
}

TEST_CASE("marks grow: an output that became smaller was begun anew, and clocks that go back stand still") {
    CHECK(parse_marks("50 1000\n90 2000\n10 3000\n20 4000\n") == std::vector{mark(10, 3), mark(20, 4)});
    CHECK(parse_marks("50 2000\n90 1000\n90 5000\n95 3000\n") == std::vector{mark(50, 2), mark(90, 2), mark(95, 3)});
}
