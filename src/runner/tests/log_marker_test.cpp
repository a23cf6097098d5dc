#include "runner/log_marker.hpp"

#include "proto/log_times.hpp"
#include "support/temp_folder.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <csignal>
#include <fcntl.h>
#include <fstream>
#include <sstream>
#include <sys/resource.h>
#include <sys/stat.h>

using namespace hk;
using namespace hk::runner;

namespace {

const TaskId task{7};

struct Shared {
    Shared() {
        for (const char* name : {"task_outputs", "task_errors", "task_times"})
            std::filesystem::create_directories(folder.path() / name);
    }
    /// The task writes, at that second.
    void write(const std::string& text, std::int64_t second, const std::string& name = "task_outputs/7.out") const {
        const auto path = folder.path() / name;
        std::ofstream(path, std::ios::app) << text;
        const timespec written{second, 0};
        const timespec times[]{written, written};
        REQUIRE(::utimensat(AT_FDCWD, path.c_str(), times, 0) == 0);
    }
    std::string marks(const std::string& name = "7.out") const {
        std::ostringstream text;
        text << std::ifstream(folder.path() / "task_times" / name).rdbuf();
        return text.str();
    }
    test::TempFolder folder;
};

/// A marker and a clock that goes when it is told to.
struct Life {
    explicit Life(const Shared& shared)
        : marker(loop, shared.folder.path()) {}
    void look(Duration later, std::vector<TaskId> running = {task}) {
        now += later;
        net::run_task(loop, marker.look(std::move(running), now));
    }
    net::Loop loop;
    LogMarker marker;
    Mono now{};
};

/// No file of this process becomes larger, as on a disk that is full.
struct SmallFiles {
    explicit SmallFiles(rlim_t bytes)
        : signal_before(std::signal(SIGXFSZ, SIG_IGN)) {
        REQUIRE(::getrlimit(RLIMIT_FSIZE, &before) == 0);
        const rlimit small{bytes, before.rlim_max};
        REQUIRE(::setrlimit(RLIMIT_FSIZE, &small) == 0);
    }
    SmallFiles(const SmallFiles&) = delete;
    SmallFiles& operator=(const SmallFiles&) = delete;
    ~SmallFiles() {
        ::setrlimit(RLIMIT_FSIZE, &before);
        std::signal(SIGXFSZ, signal_before);
    }
    rlimit before{};
    void (*signal_before)(int);
};

using std::chrono::seconds;

} // namespace

TEST_CASE("what a task wrote since the last look is marked with the time when it did") {
    const Shared shared;
    Life life(shared);
    life.look(seconds(1)); // there is no output yet
    shared.write("hello\n", 100);
    shared.write("oops\n", 101, "task_errors/7.err");
    life.look(seconds(1));
    life.look(seconds(1)); // nothing new
    shared.write("world\n", 102);
    life.look(seconds(1));
    CHECK(shared.marks() == "6 100000\n12 102000\n");
    CHECK(shared.marks("7.err") == "5 101000\n");
    shared.write("unseen\n", 104);
    life.look(seconds(1), {TaskId{3}, TaskId{9}});
    CHECK(shared.marks() == "6 100000\n12 102000\n");
    CHECK(shared.marks("3.out").empty());
}

TEST_CASE("a runner that starts again goes on where the last one ended") {
    const Shared shared;
    shared.write(std::string(12345, 'x'), 100);
    {
        Life(shared).look(seconds(1));
    }
    for (int i = 0; i < 30; ++i) { // more marks than are looked back at
        Life life(shared);
        life.look(seconds(1));
        shared.write("x", 101 + i);
        life.look(seconds(1));
    }
    const auto marks = proto::parse_marks(shared.marks());
    REQUIRE(marks.size() == 31);
    CHECK(marks.front().size == 12345);
    CHECK(marks.back().size == 12345 + 30);
    CHECK(std::ranges::count(shared.marks(), '\n') == 31);
}

TEST_CASE("half a mark, left by a full disk, does not become the front of the next one") {
    const Shared shared;
    Life life(shared);
    shared.write("x", 100);
    life.look(seconds(1));
    shared.write("x", 101);
    {
        const SmallFiles full(12); // the next mark ends at byte 18
        life.look(seconds(1));
    }
    CHECK(shared.marks() == "1 100000\n");
    life.look(seconds(1));
    CHECK(shared.marks() == "1 100000\n2 101000\n");
}

TEST_CASE("the longer a task runs, the less often it is looked at") {
    const Shared shared;
    Life life(shared);
    shared.write("x", 100);
    life.look({});
    life.look(seconds(3600));
    shared.write("x", 101);
    life.look(seconds(5));
    CHECK(shared.marks() == "1 100000\n");
    life.look(seconds(10));
    CHECK(shared.marks() == "1 100000\n2 101000\n");
    CHECK(LogMarker::pause_after({}) == seconds(1));
    CHECK(LogMarker::pause_after(std::chrono::hours(24 * 30)) == seconds(30));
}

TEST_CASE("an output that a task replaced by a link or a folder is left alone, and so is a link to mark in") {
    const Shared shared;
    const auto secret = shared.folder.path() / "secret";
    std::ofstream(secret) << "secret";
    std::filesystem::create_symlink(secret, shared.folder.path() / "task_outputs/7.out");
    std::filesystem::create_directory(shared.folder.path() / "task_errors/7.err");
    Life life(shared);
    life.look(seconds(1));
    CHECK(shared.marks().empty());
    CHECK(shared.marks("7.err").empty());
    std::filesystem::remove(shared.folder.path() / "task_outputs/7.out");
    std::filesystem::create_symlink(secret, shared.folder.path() / "task_times/7.out");
    shared.write("hello", 100);
    life.look(seconds(1));
    std::filesystem::remove_all(shared.folder.path() / "task_times"); // a Host that does not know of it
    life.look(seconds(1));
    CHECK(std::filesystem::file_size(secret) == 6);
}
