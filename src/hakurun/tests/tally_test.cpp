#include "hakurun/progress.hpp"
#include "hakurun/tally.hpp"

#include <doctest/doctest.h>

using namespace std::chrono_literals;
using hk::hakurun::progress_line;
using hk::hakurun::Tally;

TEST_CASE("all succeeded") {
    Tally tally;
    tally.add({1, 0, 1s, "true"});
    tally.add({2, 0, 1s, "true"});
    CHECK(tally.highest_code() == 0);
    CHECK(tally.summary(2, 2s) == "hakurun: 2 of 2 succeeded, in 2 s\n");
}

TEST_CASE("failures are listed by number, with the highest code as the result") {
    Tally tally;
    tally.add({12, 137, 1s, "b 12"});
    tally.add({2, 1, 90s, "a 2"});
    tally.add({1, 0, 1s, "a 1"});
    tally.add_stopped();
    CHECK(tally.highest_code() == 137);
    CHECK(tally.done() == 4);
    CHECK(tally.summary(20, 5s) == "hakurun: these failed:\n"
                                   "  NUMBER  EXIT         TIME      COMMAND\n"
                                   "  2       1            1 m 30 s  a 2\n"
                                   "  12      137 SIGKILL  1 s       b 12\n"
                                   "hakurun: 1 of 20 succeeded, 2 failed, 1 stopped, 16 not run, in 5 s\n");
}

TEST_CASE("more failures than are listed are counted") {
    Tally tally;
    for (std::uint64_t i = 1; i <= hk::hakurun::max_listed + 7; ++i) tally.add({i, 1, 1s, "x"});
    const auto text = tally.summary(100, 1s);
    CHECK(text.contains("and 7 more"));
    CHECK(text.contains("57 failed"));
}

TEST_CASE("the line of progress fits and estimates") {
    CHECK(progress_line({0, 10, 0, 0s}, 80) == "[>                             ]  0/10");
    CHECK(progress_line({5, 10, 1, 10s}, 80) == "[===============>              ]  5/10  1 failed  about 11 s left");
    CHECK(progress_line({10, 10, 0, 10s}, 80) == "[==============================]  10/10");
    CHECK(progress_line({5, 10, 1, 10s}, 20) == "5/10  1 failed");
    CHECK(progress_line({5, 10, 1, 10s}, 5).size() == 5);
}
