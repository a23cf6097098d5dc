#include "store/schema.hpp"
#include "store/tests/store_support.hpp"

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <thread>

namespace {

using namespace hk;
using namespace hk::store;
using namespace hk::store::test;

/// Waits until a condition holds; the limit only ends a test that would hang.
template <class Condition>
bool wait_until(const Condition& condition) {
    const auto limit = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (!condition()) {
        if (std::chrono::steady_clock::now() > limit) return false;
        std::this_thread::yield();
    }
    return true;
}

/// Holds the writer's thread inside an answer, so that what is committed meanwhile comes together.
class Gate {
public:
    explicit Gate(Writer& writer) {
        writer.commit({}, [this](const Result<>&) {
            std::unique_lock hold(mutex_);
            reached_ = true;
            changed_.notify_all();
            changed_.wait(hold, [this] { return open_; });
        });
        std::unique_lock hold(mutex_);
        changed_.wait(hold, [this] { return reached_; });
    }
    void open() {
        const std::lock_guard hold(mutex_);
        open_ = true;
        changed_.notify_all();
    }

private:
    std::mutex mutex_;
    std::condition_variable changed_;
    bool reached_ = false;
    bool open_ = false;
};

std::int64_t log_size(const TempFolder& folder) {
    std::error_code error;
    const auto size = std::filesystem::file_size(folder.file().string() + "-wal", error);
    return error ? 0 : static_cast<std::int64_t>(size);
}

} // namespace

TEST_CASE("commits that come together are one transaction and answered in order") {
    const TempFolder folder;
    const auto writer = value(Writer::open(folder.file()));
    Gate gate(*writer);
    const auto before = writer->numbers();
    std::vector<int> order;
    std::promise<void> last;
    const auto spec = spec_of("true");
    for (int i = 0; i < 100; ++i)
        writer->commit(submission(1 + i, 1, spec), [&order, &last, i](const Result<>& result) {
            if (result) order.push_back(i);
            if (i == 99) last.set_value();
        });
    CHECK(writer->backlog() > 100 * sizeof(Write));
    gate.open();
    last.get_future().wait();
    REQUIRE(order.size() == 100);
    for (int i = 0; i < 100; ++i) CHECK(order[static_cast<std::size_t>(i)] == i);
    CHECK(writer->numbers().transactions == before.transactions + 1);
    CHECK(wait_until([&] { return writer->backlog() == 0; }));
    CHECK(writer->numbers().writes == 200);
}

TEST_CASE("a transaction takes no further commit over its limit") {
    const TempFolder folder;
    const auto writer = value(Writer::open(folder.file(), {.group_writes = 10}));
    Gate gate(*writer);
    const auto before = writer->numbers().transactions;
    std::promise<void> last;
    const auto spec = spec_of("true");
    for (int i = 0; i < 20; ++i)
        writer->commit(submission(1 + i, 1, spec), [&last, i](const Result<>&) {
            if (i == 19) last.set_value();
        });
    gate.open();
    last.get_future().wait();
    CHECK(writer->numbers().transactions == before + 4); // 20 commits of 2 changes
}

TEST_CASE("a wrong commit fails alone and changes nothing") {
    const TempFolder folder;
    const auto writer = value(Writer::open(folder.file()));
    Gate gate(*writer);
    std::vector<bool> done;
    std::promise<void> last;
    const auto answer = [&](Result<> result) { done.push_back(result.has_value()); };
    writer->commit(submission(1, 3, spec_of("a")), answer);
    // The second change names a batch that does not exist, so the first must not stay either.
    writer->commit({AddEvent{{.task = TaskId(1), .kind = "never"}}, SaveTask{task_of(50, 40)}}, answer);
    writer->commit({SaveTask{task_of(9, 1)}, SaveTask{task_of(2, 1, TaskState::running)}}, answer);
    writer->commit({SaveBatch{{.id = BatchId(60)}}}, answer); // without a specification
    writer->commit(submission(4, 1, spec_of("b")), [&](Result<> result) {
        answer(std::move(result));
        last.set_value();
    });
    gate.open();
    last.get_future().wait();
    CHECK(done == std::vector{true, false, true, false, true});
    Reader reader = value(Reader::open(folder.file()));
    CHECK(value(reader.events(TaskId(1))).empty());
    CHECK(value(reader.task(TaskId(2))).state == TaskState::running);
    CHECK(reader.task(TaskId(50)).error().code == Errc::not_found);
    CHECK(reader.batch(BatchId(60)).error().code == Errc::not_found);
    CHECK(value(reader.counts()) == StateCounts{{TaskState::pending, 4}, {TaskState::running, 1}});
    CHECK(writer->numbers().failed == 2);
}

TEST_CASE("a backlog over its limits: busy first, then commits are refused, in order") {
    const TempFolder folder;
    const std::size_t one = size_of(AddEvent{});
    const auto writer = value(Writer::open(folder.file(), {.busy_bytes = 2 * one, .backlog_bytes = 4 * one}));
    Gate gate(*writer);
    std::vector<std::optional<Errc>> answers;
    std::promise<void> last;
    for (int i = 0; i < 5; ++i) {
        CHECK(writer->busy() == (i >= 3));
        writer->commit({AddEvent{{.task = TaskId(1)}}}, [&, i](const Result<>& result) {
            answers.push_back(result ? std::nullopt : std::optional(result.error().code));
            if (i == 4) last.set_value();
        });
    }
    gate.open();
    last.get_future().wait();
    CHECK(answers == std::vector<std::optional<Errc>>{{}, {}, {}, {}, Errc::unavailable});
    CHECK(wait_until([&] { return !writer->busy(); }));
    CHECK(commit(*writer, {AddEvent{{.task = TaskId(1)}}}));
    CHECK(value(value(Reader::open(folder.file())).events(TaskId(1))).size() == 5);
}

TEST_CASE("a commit over the limit is taken when it is alone, since it cannot become smaller") {
    const TempFolder folder;
    const auto writer = value(Writer::open(folder.file(), {.backlog_bytes = 1}));
    CHECK(commit(*writer, {AddEvent{{.task = TaskId(1)}}, AddEvent{{.task = TaskId(1)}}}));
    CHECK(value(value(Reader::open(folder.file())).events(TaskId(1))).size() == 2);
}

TEST_CASE("an orderly end writes what is queued and cuts the log off") {
    const TempFolder folder;
    std::atomic<int> answered = 0;
    {
        const auto writer = value(Writer::open(folder.file()));
        const auto spec = spec_of("true");
        for (int i = 0; i < 500; ++i)
            writer->commit(submission(1 + i, 1, spec), [&](const Result<>& result) { answered += result ? 1 : 0; });
        writer->stop();
        CHECK(answered == 500);
        CHECK(log_size(folder) == 0);
        writer->stop();
    }
    const auto writer = value(Writer::open(folder.file()));
    CHECK(value(value(Reader::open(folder.file())).load_active()).tasks.size() == 500);
}

TEST_CASE("a quiet moment cuts the log off") {
    const TempFolder folder;
    const auto writer = value(Writer::open(folder.file(), {.idle = std::chrono::milliseconds(1)}));
    CHECK(commit(*writer, submission(1, 100, spec_of("true"))));
    CHECK(wait_until([&] { return writer->numbers().checkpoints > 0 && log_size(folder) == 0; }));
}

TEST_CASE("under load the log is copied back at its limits, and a reader is not disturbed") {
    const TempFolder folder;
    const auto writer = value(Writer::open(
        folder.file(), {.checkpoint_pages = 20, .truncate_pages = 200, .reader_wait = std::chrono::milliseconds(500)}));
    CHECK(commit(*writer, submission(1, 10, spec_of("true"))));
    Reader reader = value(Reader::open(folder.file()));
    std::atomic<bool> stop = false;
    std::atomic<std::int64_t> reads = 0;
    std::jthread reading([&] {
        while (!stop) {
            const Active active = value(reader.load_active());
            std::int64_t pending = 0;
            for (const auto& task : active.tasks) pending += task.state == TaskState::pending ? 1 : 0;
            if (active.counts.at(TaskState::pending) != pending) std::abort(); // two moments mixed
            reads += 1;
        }
    });
    for (int i = 0; i < 300 || reads < 20; ++i) REQUIRE(commit(*writer, submission(11 + i * 10, 10, spec_of("true"))));
    stop = true;
    reading.join();
    CHECK(writer->numbers().checkpoints > 5);
    CHECK(log_size(folder) < 4 << 20);
}

TEST_CASE("commits from several threads") {
    const TempFolder folder;
    const auto writer = value(Writer::open(folder.file()));
    std::vector<std::jthread> threads;
    for (int t = 0; t < 4; ++t)
        threads.emplace_back([&writer, t] {
            const auto spec = spec_of("true");
            for (int i = 0; i < 50; ++i)
                if (!commit(*writer, submission(1 + t * 50 + i, 1, spec))) std::abort();
        });
    threads.clear();
    CHECK(value(value(Reader::open(folder.file())).counts()) == StateCounts{{TaskState::pending, 200}});
}

TEST_CASE("ids are never given again, also after a restart") {
    const TempFolder folder;
    {
        const auto writer = value(Writer::open(folder.file()));
        Reader reader = value(Reader::open(folder.file()));
        CHECK(value(reader.next_task_id()) == TaskId(1));
        CHECK(commit(*writer, submission(1, 5, spec_of("true"))));
        CHECK(value(reader.next_task_id()) == TaskId(6));
        CHECK(commit(*writer, {SaveTask{task_of(3, 1, TaskState::completed)}}));
        CHECK(value(reader.next_task_id()) == TaskId(6));
    }
    const auto writer = value(Writer::open(folder.file()));
    CHECK(value(value(Reader::open(folder.file())).next_task_id()) == TaskId(6));
}

TEST_CASE("limits of a list") {
    const TempFolder folder;
    const auto writer = value(Writer::open(folder.file()));
    Reader reader = value(Reader::open(folder.file()));
    CHECK(commit(*writer, submission(1, most_listed_tasks + 5, spec_of("true"))));
    CHECK(reader.list_tasks({.limit = 0}).error().code == Errc::invalid);
    CHECK(reader.list_tasks({.limit = most_listed_tasks + 1}).error().code == Errc::invalid);
    CHECK(reader.list_tasks({.search = std::string(longest_search + 1, 'x')}).error().code == Errc::invalid);
    CHECK(value(reader.list_tasks({.search = std::string(longest_search, '%')})).total == 0);
    const TaskPage page = value(reader.list_tasks({.limit = most_listed_tasks}));
    CHECK(page.tasks.size() == most_listed_tasks);
    CHECK(page.next == TaskId(6));
    std::vector<Write> events;
    for (int i = 0; i < most_listed_events + 3; ++i)
        events.emplace_back(AddEvent{{.task = TaskId(1), .at = from_micros(i)}});
    CHECK(commit(*writer, std::move(events)));
    const auto listed = value(reader.events(TaskId(1)));
    CHECK(listed.size() == most_listed_events);
    CHECK(listed.front().at == from_micros(3));
}
