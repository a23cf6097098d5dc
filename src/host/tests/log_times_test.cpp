#include "host/log_times.hpp"

#include "support/temp_folder.hpp"

#include <doctest/doctest.h>

#include <fcntl.h>
#include <fstream>
#include <limits>
#include <sys/stat.h>

using namespace hk;
using namespace hk::host;
using proto::LogMark;

namespace {

constexpr std::int64_t whole = std::numeric_limits<std::int64_t>::max();

LogMark mark(std::int64_t size, std::int64_t seconds) { return {size, Time{std::chrono::seconds{seconds}}}; }

/// An output of `size` bytes, last written to at `seconds`, and what is noted of it.
struct Output {
    Output(std::int64_t size, std::int64_t seconds, const std::vector<LogMark>& marks) {
        std::ofstream(query.output) << std::string(static_cast<std::size_t>(size), 'x');
        const timespec written{seconds, 0};
        const timespec times[]{written, written};
        REQUIRE(::utimensat(AT_FDCWD, query.output.c_str(), times, 0) == 0);
        std::ofstream file(query.marks);
        for (const auto& each : marks) file << proto::format_mark(each);
    }
    std::vector<LogMark> read(std::int64_t from, std::int64_t to) {
        query.from = from;
        query.to = to;
        const auto marks = read_log_times(query);
        REQUIRE(marks);
        return *marks;
    }
    test::TempFolder folder;
    LogTimesQuery query{folder.path() / "1.out", folder.path() / "1.times", 0, 0, {}};
};

} // namespace

TEST_CASE("the marks that cover the bytes asked for, and no others") {
    Output output(40, 40, {mark(10, 10), mark(20, 20), mark(30, 30), mark(40, 40)});
    CHECK(output.read(0, whole) == std::vector{mark(10, 10), mark(20, 20), mark(30, 30), mark(40, 40)});
    CHECK(output.read(10, 20) == std::vector{mark(20, 20)});
    CHECK(output.read(9, 21) == std::vector{mark(10, 10), mark(20, 20), mark(30, 30)});
    CHECK(output.read(39, 40) == std::vector{mark(40, 40)});
    CHECK(output.read(40, whole).empty());
    CHECK(output.read(20, 20).empty());
    CHECK(output.read(30, 5).empty());
}

TEST_CASE("what came after the last mark was written when the file was, and not after the task's end") {
    CHECK(Output(40, 99, {mark(10, 10)}).read(0, whole) == std::vector{mark(10, 10), mark(40, 99)});
    Output quick(40, 99, {});
    CHECK(quick.read(0, whole) == std::vector{mark(40, 99)});
    quick.query.completed = Time{std::chrono::seconds{50}};
    CHECK(quick.read(0, whole) == std::vector{mark(40, 50)});
    CHECK(quick.read(12, 13) == std::vector{mark(40, 50)});
}

TEST_CASE("an output that was begun anew, is empty or is not there") {
    CHECK(Output(15, 99, {mark(10, 10), mark(20, 20)}).read(0, whole) == std::vector{mark(10, 10), mark(15, 99)});
    CHECK(Output(0, 99, {mark(10, 10)}).read(0, whole).empty());
    Output gone(10, 10, {});
    std::filesystem::remove(gone.query.output);
    CHECK(gone.read(0, whole).empty());
}

TEST_CASE("many marks come in parts, each from where the last one ended") {
    std::vector<LogMark> marks;
    for (std::int64_t i = 1; i <= 25'000; ++i) marks.push_back(mark(i, i));
    Output output(25'000, 25'000, marks);
    std::vector<LogMark> all;
    int parts = 0;
    for (std::int64_t from = 0; from < 25'000; from = all.back().size, ++parts) {
        const auto part = output.read(from, whole);
        REQUIRE(!part.empty());
        all.insert(all.end(), part.begin(), part.end());
    }
    CHECK(parts == 3);
    CHECK(all == marks);
}

TEST_CASE("links that a task could leave are not followed") {
    Output output(10, 10, {});
    std::filesystem::remove(output.query.marks);
    std::filesystem::create_symlink("/etc/passwd", output.query.marks);
    CHECK_FALSE(read_log_times(output.query));
}
