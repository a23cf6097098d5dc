#include "store/schema.hpp"
#include "store/tests/store_support.hpp"

#include <csignal>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

/// The ends that a database must survive: kill -9 at any moment, and a disk that is full.
namespace {

using namespace hk;
using namespace hk::store;
using namespace hk::store::test;

constexpr std::int64_t tasks_each = 5;

/// Submits for ever and reports the first id of every submission whose answer was "it is on disk".
[[noreturn]] void write_for_ever(const std::filesystem::path& file, int report) {
    // Small limits: the log is copied back and cut off all the time, so that the end also comes in
    // the middle of that.
    auto writer =
        Writer::open(file, {.checkpoint_pages = 8, .truncate_pages = 40, .idle = std::chrono::milliseconds(1)});
    if (!writer) ::_exit(1);
    std::int64_t first = Reader::open(file)->next_task_id()->value;
    const auto spec = spec_of("true");
    for (;;) {
        for (int i = 0; i < 3; ++i, first += tasks_each)
            (*writer)->commit(submission(first, tasks_each, spec), [report, first](const Result<>& result) {
                if (!result || ::write(report, &first, sizeof first) != sizeof first) ::_exit(1);
            });
        (void)commit(**writer, {AddEvent{{.task = TaskId(first)}}});
    }
}

/// Lets a child write until it has reported so often, kills it, and gives everything that it
/// reported.
std::vector<std::int64_t> run_and_kill(const std::filesystem::path& file, std::size_t reports) {
    int ends[2];
    REQUIRE(::pipe(ends) == 0);
    const pid_t child = ::fork();
    if (child == 0) write_for_ever(file, ends[1]);
    ::close(ends[1]);
    std::vector<std::int64_t> acknowledged;
    std::int64_t first = 0;
    while (::read(ends[0], &first, sizeof first) == sizeof first) {
        acknowledged.push_back(first);
        if (acknowledged.size() == reports) ::kill(child, SIGKILL);
    }
    ::close(ends[0]);
    int status = 0;
    REQUIRE(::waitpid(child, &status, 0) == child);
    REQUIRE(WIFSIGNALED(status));
    return acknowledged;
}

/// A file system of its own that is quickly full; absent where mounting is not allowed.
class SmallDisk {
public:
    explicit SmallDisk(const std::filesystem::path& folder)
        : folder_(folder) {
        std::filesystem::create_directory(folder);
        mounted_ = ::mount("hk_store", folder.c_str(), "tmpfs", 0, "size=3m") == 0;
    }
    SmallDisk(const SmallDisk&) = delete;
    SmallDisk& operator=(const SmallDisk&) = delete;
    ~SmallDisk() {
        if (mounted_) ::umount2(folder_.c_str(), MNT_DETACH);
    }
    bool mounted() const { return mounted_; }

private:
    std::filesystem::path folder_;
    bool mounted_ = false;
};

} // namespace

TEST_CASE("kill -9 at any moment loses nothing that was acknowledged") {
    const TempFolder folder;
    std::vector<std::int64_t> acknowledged;
    for (const std::size_t reports : {1UZ, 7UZ, 40UZ, 150UZ, 300UZ}) {
        const auto more = run_and_kill(folder.file(), reports);
        acknowledged.insert(acknowledged.end(), more.begin(), more.end());
        const auto writer = value(Writer::open(folder.file())); // checks the integrity
        Reader reader = value(Reader::open(folder.file()));
        const Active active = value(reader.load_active());
        CHECK(active.next_task.value >= acknowledged.back() + tasks_each);
        CHECK(static_cast<std::int64_t>(active.tasks.size()) == active.next_task.value - 1); // whole submissions only
        CHECK(active.counts == StateCounts{{TaskState::pending, active.next_task.value - 1}});
        for (const std::int64_t first : acknowledged) {
            const BatchSummary summary = value(reader.batch(BatchId(first)));
            REQUIRE(summary.counts == StateCounts{{TaskState::pending, tasks_each}});
        }
    }
    CHECK(acknowledged.size() >= 498);
}

TEST_CASE("a full disk fails the commits of that moment only") {
    const TempFolder folder;
    const SmallDisk disk(folder.path() / "disk");
    if (!disk.mounted()) {
        MESSAGE("SKIPPED: cannot mount a small file system here, so a full disk is not tried");
        return;
    }
    const auto file = folder.path() / "disk/cluster.db";
    const auto ballast = folder.path() / "disk/ballast";
    REQUIRE(write_file_atomically(ballast, std::string(1 << 20, 'x')));
    const auto writer = value(Writer::open(file));
    Reader reader = value(Reader::open(file));
    const auto spec = spec_of("true");
    std::int64_t next = 1;
    Result<> result;
    while ((result = commit(*writer, submission(next, 200, spec))).has_value() && next < 1'000'000) next += 200;
    REQUIRE_FALSE(result);
    CHECK(result.error().code == Errc::no_space);
    CHECK(result.error().message.contains("the disk is full"));
    CHECK(commit(*writer, submission(next, 5000, spec)).error().code == Errc::no_space);
    CHECK(value(reader.counts()) == StateCounts{{TaskState::pending, next - 1}});

    std::filesystem::remove(ballast);
    CHECK(commit(*writer, submission(next, 200, spec)));
    CHECK(value(reader.counts()) == StateCounts{{TaskState::pending, next + 199}});
    CHECK(value(reader.next_task_id()) == TaskId(next + 200));
}

TEST_CASE("on a full disk a commit that is too large does not fail a small one beside it") {
    const TempFolder folder;
    const SmallDisk disk(folder.path() / "disk");
    if (!disk.mounted()) {
        MESSAGE("SKIPPED: cannot mount a small file system here, so a full disk is not tried");
        return;
    }
    const auto writer = value(Writer::open(folder.path() / "disk/cluster.db"));
    std::promise<Result<>> large;
    auto large_answer = large.get_future();
    writer->commit(submission(1, 100'000, spec_of("true")),
                   [&](Result<> result) { large.set_value(std::move(result)); });
    CHECK(commit(*writer, submission(200'001, 1, spec_of("true"))));
    CHECK(large_answer.get().error().code == Errc::no_space);
    Reader reader = value(Reader::open(folder.path() / "disk/cluster.db"));
    CHECK(value(reader.counts()) == StateCounts{{TaskState::pending, 1}});
}
