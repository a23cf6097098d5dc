#include "store/tests/store_support.hpp"

#include <atomic>
#include <chrono>
#include <cstdio>
#include <ctime>

/// Numbers for people: `test_store --no-skip --test-case="speed:*"`. Nothing is asserted about
/// time.
namespace {

using namespace hk;
using namespace hk::store;
using namespace hk::store::test;

class Watch {
public:
    double seconds() const { return std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count(); }

    /// Processor time of all threads: what stays the same on a busy machine.
    double cpu() const { return static_cast<double>(std::clock() - cpu_start_) / CLOCKS_PER_SEC; }

private:
    std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
    std::clock_t cpu_start_ = std::clock();
};

void report(const char* what, double number, const char* unit) { std::printf("%-50s %12.1f %s\n", what, number, unit); }

void report_rate(const char* what, double count, const Watch& watch) {
    std::printf("%-50s %12.1f /s %12.1f /s of processor time\n", what, count / watch.seconds(), count / watch.cpu());
}

void report_time(const char* what, const Watch& watch) {
    std::printf("%-50s %12.1f ms %10.1f ms of processor time\n", what, watch.seconds() * 1e3, watch.cpu() * 1e3);
}

TaskRecord finished(std::int64_t id, std::int64_t batch) {
    TaskRecord task = task_of(id, batch, id % 50 == 0 ? TaskState::failed : TaskState::completed);
    task.attempt = 1;
    task.placement = Placement{.node = NodeName("node" + std::to_string(id % 20)), .numa = {}, .gpus = {}};
    task.started_at = task.completed_at = from_micros(id);
    task.outcome = Outcome{.exit_code = 0, .finished_at = from_micros(id)};
    return task;
}

/// `rounds` commits in flight all at once.
void flood(Writer& writer, std::int64_t rounds, const std::function<std::vector<Write>(std::int64_t)>& make) {
    std::atomic<std::int64_t> left = rounds;
    std::promise<void> all;
    for (std::int64_t i = 0; i < rounds; ++i)
        writer.commit(make(i), [&](Result<> result) {
            if (!result) std::abort();
            if (--left == 0) all.set_value();
        });
    all.get_future().wait();
}

void list_and_report(Reader& reader, const char* what, const TaskQuery& query) {
    const Watch watch;
    const TaskPage page = value(reader.list_tasks(query));
    std::printf("  total %lld, page of %zu: ", static_cast<long long>(page.total), page.tasks.size());
    report_time(what, watch);
}

} // namespace

TEST_CASE("speed: commits and rows" * doctest::skip()) {
    const TempFolder folder;
    const auto writer = value(Writer::open(folder.file()));
    const auto spec = spec_of("true");
    std::int64_t next = 1;
    {
        const Watch watch;
        for (int i = 0; i < 2000; ++i) CHECK(commit(*writer, submission(next++, 1, spec)));
        report_rate("single submissions one by one", 2000, watch);
    }
    {
        const Watch watch;
        flood(*writer, 20'000, [&](std::int64_t) { return submission(next++, 1, spec); });
        report_rate("single submissions that arrive together", 20'000, watch);
    }
    {
        std::vector<std::vector<Write>> sweeps;
        for (int i = 0; i < 10; ++i, next += 10'000) sweeps.push_back(submission(next, 10'000, spec));
        const Watch watch;
        flood(*writer, 10, [&](std::int64_t i) { return std::move(sweeps[static_cast<std::size_t>(i)]); });
        report_rate("sweeps of 10,000", 100'000, watch);
    }
    {
        const Watch watch;
        flood(*writer, 1000, [&](std::int64_t i) {
            std::vector<Write> writes;
            for (std::int64_t id = next - 100'000 + i * 100; writes.size() < 100; ++id)
                writes.emplace_back(SaveTask{finished(id, (id - 22'001) / 10'000 * 10'000 + 22'001)});
            return writes;
        });
        report_rate("finished tasks in groups of 100", 100'000, watch);
    }
    report("transactions", static_cast<double>(writer->numbers().transactions), "");
    report("checkpoints", static_cast<double>(writer->numbers().checkpoints), "");
}

TEST_CASE("speed: load 100,000 queued" * doctest::skip()) {
    for (const std::int64_t per_batch : {10'000, 1}) {
        const TempFolder folder;
        {
            const auto writer = value(Writer::open(folder.file()));
            flood(*writer, 100'000 / per_batch, [&](std::int64_t i) {
                return submission(1 + i * per_batch, per_batch, spec_of("python train.py --seed " + std::to_string(i)));
            });
        }
        std::printf("%lld tasks per batch, %.1f MB\n", static_cast<long long>(per_batch),
                    static_cast<double>(std::filesystem::file_size(folder.file())) / 1e6);
        const Watch opening;
        const auto writer = value(Writer::open(folder.file()));
        report_time("open, with the check of integrity", opening);
        Reader reader = value(Reader::open(folder.file()));
        const Watch watch;
        const Active active = value(reader.load_active());
        report_time("load_active", watch);
        CHECK(active.tasks.size() == 100'000);
    }
}

TEST_CASE("speed: lists over 1,000,000 tasks" * doctest::skip()) {
    for (const std::int64_t per_batch : {1000, 1}) {
        const TempFolder folder;
        auto writer = value(Writer::open(folder.file()));
        const Watch filling;
        const std::int64_t batches = 1'000'000 / per_batch;
        for (std::int64_t part = 0; part < 100; ++part)
            flood(*writer, batches / 100, [&](std::int64_t i) {
                const std::int64_t batch = part * (batches / 100) + i;
                const std::int64_t first = 1 + batch * per_batch;
                auto writes = submission(
                    first, per_batch,
                    spec_of("python run" + std::to_string(batch % 1000) + ".py", "user" + std::to_string(batch % 10)));
                for (std::size_t w = 1; w < writes.size(); ++w)
                    writes[w] = SaveTask{finished(first + static_cast<std::int64_t>(w) - 1, first)};
                return writes;
            });
        std::printf("%lld tasks per batch\n", static_cast<long long>(per_batch));
        report_rate("fill", 1'000'000, filling);
        Reader reader = value(Reader::open(folder.file()));
        list_and_report(reader, "newest", {});
        list_and_report(reader, "half way", {.after = TaskId(500'000)});
        list_and_report(reader, "failed", {.states = {TaskState::failed}});
        list_and_report(reader, "running (none)", {.states = {TaskState::running}});
        list_and_report(reader, "node", {.node = "node7"});
        list_and_report(reader, "node and failed", {.states = {TaskState::failed}, .node = "node10"});
        list_and_report(reader, "user", {.user = "user3"});
        list_and_report(reader, "user that does not exist", {.user = "nobody"});
        list_and_report(reader, "user and running (none)", {.states = {TaskState::running}, .user = "user3"});
        list_and_report(reader, "user and node", {.node = "node7", .user = "user3"});
        list_and_report(reader, "container NULL", {.container = "NULL"});
        list_and_report(reader, "search", {.search = "run77.py"});
        list_and_report(reader, "search that finds nothing", {.search = "zzz"});
        writer.reset();
        const Watch opening;
        writer = value(Writer::open(folder.file()));
        report_time("open, with the check of integrity", opening);
    }
}
