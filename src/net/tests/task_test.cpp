#include "net/loop.hpp"
#include "net/pool.hpp"

#include <doctest/doctest.h>

#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <csignal>
#include <thread>

using namespace hk;
using namespace hk::net;
using namespace std::chrono_literals;

namespace {

struct Flag {
    bool& flag;
    ~Flag() { flag = true; }
};

Task<void> wait_for_ever(bool& unwound) {
    const Flag on_exit{unwound};
    co_await sleep_for(no_limit);
}

Task<Result<int>> slow(bool& unwound) {
    const Flag on_exit{unwound};
    co_await sleep_for(1h);
    co_return 1;
}

Task<Result<int>> quick() {
    co_await sleep_for(0s);
    co_return 7;
}

Task<Result<int>> limited(Duration limit, Task<Result<int>> task) {
    return with_deadline(limit, "the test", std::move(task));
}

} // namespace

TEST_CASE("a group is joined when its tasks have ended, and cancel ends them through their destructors") {
    Loop loop;
    TaskGroup group(loop);
    bool first = false;
    bool second = false;
    group.spawn(wait_for_ever(first));
    group.spawn(wait_for_ever(second));
    CHECK(group.size() == 2);
    run_task(loop, sleep_for(1ms));
    CHECK(!first);
    group.cancel();
    run_task(loop, group.join());
    CHECK(first);
    CHECK(second);
    CHECK(group.size() == 0);
}

TEST_CASE("destroying a group after the loop has ended unwinds its tasks") {
    Loop loop;
    bool unwound = false;
    {
        TaskGroup group(loop);
        group.spawn(wait_for_ever(unwound));
        loop.post([&] { loop.stop(); });
        loop.run();
        CHECK(!unwound);
    }
    CHECK(unwound);
}

TEST_CASE("a task that was cancelled before it began never runs") {
    Loop loop;
    TaskGroup group(loop);
    bool ran = false;
    const auto body = [](bool& flag) -> Task<void> {
        flag = true;
        co_return;
    };
    group.spawn(body(ran));
    group.cancel();
    run_task(loop, group.join());
    CHECK(!ran);
}

TEST_CASE("a task spawned from the loop starts on a later turn") {
    Loop loop;
    TaskGroup group(loop);
    std::string order;
    const auto body = [](std::string& text) -> Task<void> {
        text += "task ";
        co_return;
    };
    loop.post([&] {
        group.spawn(body(order));
        order += "spawner ";
        loop.defer([&] { loop.stop(); });
    });
    loop.run();
    run_task(loop, group.join());
    CHECK(order == "spawner task ");
}

TEST_CASE("a deadline gives the value in time, and unwinds the task when it is over") {
    Loop loop;
    CHECK(run_task(loop, limited(1h, quick())) == Result<int>(7));
    bool unwound = false;
    const auto late = run_task(loop, limited(1ms, slow(unwound)));
    REQUIRE(!late);
    CHECK(late.error().code == Errc::timeout);
    CHECK(late.error().message == "the test within 1 ms");
    CHECK(unwound);
}

TEST_CASE("cancelling a task that waits with a deadline unwinds the inner task first") {
    Loop loop;
    TaskGroup group(loop);
    bool inner = false;
    bool outer = false;
    bool inner_was_first = false;
    const auto body = [](bool& in, bool& out, bool& order) -> Task<void> {
        struct Check {
            bool &in, &out, &order;
            ~Check() {
                out = true;
                order = in;
            }
        };
        const Check on_exit{in, out, order};
        (void)co_await limited(1h, slow(in));
    };
    group.spawn(body(inner, outer, inner_was_first));
    run_task(loop, sleep_for(1ms));
    CHECK(!inner);
    group.cancel();
    run_task(loop, group.join());
    CHECK(inner);
    CHECK(outer);
    CHECK(inner_was_first);
}

namespace {

Task<void> respawn(TaskGroup& group, int& count) {
    struct Again {
        TaskGroup& group;
        int& count;
        ~Again() {
            if (++count < 3) group.spawn(respawn(group, count));
        }
    };
    const Again on_exit{group, count};
    co_await sleep_for(no_limit);
}

/// The natural way to run two things at once: a group as a local, and its join.
Task<void> two_at_once(Loop& loop, bool& first, int& second) {
    TaskGroup group(loop);
    group.spawn(wait_for_ever(first));
    group.spawn(respawn(group, second));
    co_await group.join();
    FAIL_CHECK("reached only without cancellation");
}

} // namespace

TEST_CASE("cancelling a task that joins a group of its own ends that group first, also what it "
          "spawns then") {
    Loop loop;
    TaskGroup group(loop);
    bool first = false;
    int second = 0;
    group.spawn(two_at_once(loop, first, second));
    run_task(loop, sleep_for(1ms));
    CHECK(!first);
    group.cancel();
    run_task(loop, group.join());
    CHECK(first);
    CHECK(second >= 1);
    run_task(loop, sleep_for(1ms));
    CHECK(group.size() == 0);
}

TEST_CASE("a signal wakes all who wait now, remembers nothing, and says who was too late") {
    Loop loop;
    Signal signal;
    signal.notify_all();
    CHECK(run_task(loop, signal.wait(1ms)) == false);
    TaskGroup group(loop);
    int woken = 0;
    const auto waiter = [](Signal& s, int& count) -> Task<void> { count += co_await s.wait(1h) ? 1 : 0; };
    for (int i = 0; i < 3; ++i) group.spawn(waiter(signal, woken));
    run_task(loop, sleep_for(1ms));
    loop.post([&] { signal.notify_all(); });
    run_task(loop, group.join());
    CHECK(woken == 3);
}

TEST_CASE("a signal that is destroyed lets its waiters go on") {
    Loop loop;
    auto signal = std::make_unique<Signal>();
    TaskGroup group(loop);
    bool notified = true;
    const auto waiter = [](Signal& s, bool& result) -> Task<void> { result = co_await s.wait(1h); };
    group.spawn(waiter(*signal, notified));
    run_task(loop, sleep_for(1ms));
    signal.reset();
    run_task(loop, group.join());
    CHECK(!notified);
}

TEST_CASE("post works from other threads, in order") {
    Loop loop;
    std::vector<int> seen;
    std::jthread other([&] {
        for (int i = 0; i < 1000; ++i) loop.post([&, i] { seen.push_back(i); });
        loop.post([&] { loop.stop(); });
    });
    loop.run();
    REQUIRE(seen.size() == 1000);
    CHECK(std::ranges::is_sorted(seen));
}

TEST_CASE("signals of the process reach their handler") {
    Loop loop;
    int seen = 0;
    loop.on_signals({SIGUSR1, SIGUSR2}, [&](int number) {
        seen = number;
        loop.stop();
    });
    ::raise(SIGUSR1);
    loop.run();
    CHECK(seen == SIGUSR1);
    ::raise(SIGUSR2);
    loop.run();
    CHECK(seen == SIGUSR2);
}

TEST_CASE("a watched descriptor is reported as long as it is readable, until the watch ends") {
    Loop loop;
    const int fd = ::eventfd(3, EFD_CLOEXEC | EFD_NONBLOCK | EFD_SEMAPHORE);
    int calls = 0;
    Watch watch;
    watch = loop.watch_fd(fd, [&] {
        std::uint64_t one = 0;
        CHECK(::read(fd, &one, sizeof one) == sizeof one);
        if (++calls == 2) watch.reset();
        if (calls == 2) loop.stop();
    });
    loop.run();
    CHECK(calls == 2);
    std::uint64_t one = 0;
    CHECK(::read(fd, &one, sizeof one) == sizeof one); // still open, the third was left
    ::close(fd);
}

TEST_CASE("pool: the value comes back on the loop's thread") {
    Loop loop;
    Pool pool(loop, 2, 10);
    const auto body = [](Pool& p) -> Task<Result<bool>> {
        const auto here = std::this_thread::get_id();
        auto job = [here]() -> Result<bool> { return std::this_thread::get_id() != here; };
        const auto elsewhere = co_await p.run(job);
        if (!elsewhere) co_return fail(elsewhere.error());
        co_return *elsewhere&& std::this_thread::get_id() == here;
    };
    CHECK(run_task(loop, body(pool)) == Result<bool>(true));
}

TEST_CASE("pool: a full queue refuses, and destroying it waits for what runs alone") {
    Loop loop;
    std::atomic<bool> release = false;
    std::atomic<int> ran = 0;
    TaskGroup group(loop);
    std::vector<Errc> refused;
    {
        Pool pool(loop, 1, 2);
        const auto body = [](Loop& l, Pool& p, std::atomic<bool>& go, std::atomic<int>& count,
                             std::vector<Errc>& errors) -> Task<void> {
            auto job = [&l, &go, &count]() -> Result<> {
                ++count;
                l.post([] {}); // so that the loop looks again
                go.wait(false);
                return {};
            };
            const auto done = co_await p.run(job);
            if (!done) errors.push_back(done.error().code);
        };
        group.spawn(body(loop, pool, release, ran, refused));
        loop.run_until([&] { return ran == 1; });
        for (int i = 0; i < 3; ++i) group.spawn(body(loop, pool, release, ran, refused));
        loop.run_until([&] { return !refused.empty(); });
        CHECK(refused == std::vector{Errc::no_capacity});
        CHECK(pool.queued() == 2);
        group.cancel();
        run_task(loop, group.join());
        release = true;
        release.notify_all();
    }
    CHECK(ran >= 1);
    CHECK(ran <= 3);
}
