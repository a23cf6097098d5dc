#include "rig.hpp"

#include "cli/task_exit.hpp"

#include <doctest/doctest.h>

using namespace hk;
using namespace hk::cli;
using namespace hk::cli::test;
using namespace std::chrono_literals;

namespace {

proto::TaskView ended(TaskState state, std::optional<int> code, std::optional<EndReason> reason = EndReason::exited) {
    auto task = make_task(7, state);
    task.exit_code = code;
    task.end_reason = reason;
    return task;
}

void say_task(Rig& rig, const proto::TaskView& task) {
    rig.host->on("GET /api/tasks/" + to_string(task.task_id), proto::to_json(task));
}

std::string counts(std::int64_t total, const std::string& states) {
    return R"({"batch_id":"3","command":"x","submitted_by":"a","submitted_at":"2026-03-01T11:50:00Z","total":)" +
           std::to_string(total) + R"(,"counts":{)" + states + R"(},"finished":false})";
}

} // namespace

TEST_CASE("task exit: the task's own code, or whose fault it was") {
    struct Case {
        proto::TaskView task;
        int code;
        std::string_view reason;
    };
    const std::vector<Case> cases{
        {ended(TaskState::completed, 0), 0, "task"},
        {ended(TaskState::failed, 3), 3, "task"},
        {ended(TaskState::failed, 139), 139, "task"},
        {ended(TaskState::failed, 300), 255, "task"},
        {ended(TaskState::failed, -1), 255, "task"},
        {ended(TaskState::failed, 127, EndReason::not_started), 127, "task"},
        {ended(TaskState::failed, 126, EndReason::not_started), 126, "task"},
        {ended(TaskState::failed, std::nullopt, EndReason::not_started), 125, "infra"},
        {ended(TaskState::failed, std::nullopt, EndReason::interrupted), 125, "infra"},
        {ended(TaskState::failed, std::nullopt, std::nullopt), 125, "task"},
        {ended(TaskState::failed, 0), 1, "task"}, // failed is never success
        {ended(TaskState::killed, 143, EndReason::killed), 143, "killed"},
        {ended(TaskState::killed, std::nullopt, EndReason::killed), 137, "killed"},
        {ended(TaskState::killed, 0, EndReason::killed), 1, "killed"},
        {ended(TaskState::killed_oom, 137, EndReason::oom), 137, "oom"},
        {ended(TaskState::lost, std::nullopt, std::nullopt), 125, "lost"},
    };
    for (const Case& c : cases) {
        CAPTURE(to_string(c.task.status));
        CHECK(exit_of(c.task).code == c.code);
        CHECK(exit_of(c.task).reason == c.reason);
    }
    auto signalled = ended(TaskState::failed, std::nullopt);
    signalled.signal = 11;
    CHECK(exit_of(signalled).code == 139);
    CHECK_FALSE(is_over(TaskState::paused));
    CHECK(is_over(TaskState::lost));
}

TEST_CASE("wait: looks often at first, then at the poll interval, and returns the task's code") {
    Rig rig;
    rig.host->on("POST /api/tasks", R"({"message":"","task_ids":["7"],"batch_id":"7","failed_targets":[]})", 202);
    for (int i = 0; i < 12; ++i) say_task(rig, make_task(7, TaskState::running));
    say_task(rig, ended(TaskState::failed, 42));
    CHECK(rig.client({"--wait", "--poll-interval", "0.4", "--", "x"}) == 42);
    REQUIRE(rig.pace.slept.size() == 12);
    CHECK(rig.pace.slept.front() == 50ms);
    CHECK(std::ranges::is_sorted(rig.pace.slept));
    CHECK(rig.pace.slept.back() == 400ms);
    CHECK(rig.out == "task 7 submitted\n");
}

TEST_CASE("wait: an OOM kill says so") {
    Rig rig;
    auto task = ended(TaskState::killed_oom, 137, EndReason::oom);
    task.required_memory_bytes = Bytes{4'000'000'000};
    say_task(rig, task);
    CHECK(rig.hakuriver({"wait", "7"}) == 137);
    CHECK(rig.err == "task 7 killed: out of memory (limit 4 GB)\n");
}

TEST_CASE("wait: of several the highest code, from the counts of the batch") {
    Rig rig;
    rig.host->on("POST /api/tasks", R"({"message":"","task_ids":["3","4","5"],"batch_id":"3","failed_targets":[]})",
                 202);
    rig.host->on("GET /api/batches/3", counts(3, R"("pending":1,"running":2)"));
    rig.host->on("GET /api/batches/3", counts(3, R"("completed":1,"failed":1,"running":1)"));
    rig.host->on("GET /api/batches/3", counts(3, R"("completed":1,"failed":2)"));
    proto::TaskList list;
    list.tasks = {make_task(5, TaskState::completed), make_task(4, TaskState::failed), make_task(3, TaskState::failed)};
    list.tasks[1].exit_code = 9;
    list.tasks[2].exit_code = 2;
    list.total = 3;
    rig.host->on("GET /api/tasks?limit=3&after=6", proto::to_json(list));
    CHECK(rig.client({"--wait", "--count", "3", "--json", "--", "x"}) == 9);
    CHECK(rig.err.contains("task 3 failed with exit code 2\ntask 4 failed with exit code 9\n3 of 3 done, 2 failed\n"));
    CHECK(rig.out.starts_with(R"({"exit_code":9,"reason":"task","tasks":[{"task_id":"3")"));
    CHECK(rig.host->asked.size() == 5); // one submission, three looks, one list
}

TEST_CASE("wait: only a few open tasks are asked for at each look") {
    Rig rig;
    std::vector<std::string> words{"wait", "1-100"};
    for (int id = 1; id <= 100; ++id) say_task(rig, make_task(id, TaskState::running));
    for (int id = 1; id <= 100; ++id) say_task(rig, make_task(id, TaskState::completed));
    CHECK(rig.hakuriver(words) == 0);
    CHECK(rig.host->asked.size() <= 16 + 16 + 2 * 100);
}

TEST_CASE("wait: a time limit of the user's own is 124") {
    Rig rig;
    say_task(rig, make_task(7, TaskState::pending));
    CHECK(rig.hakuriver({"wait", "7", "--timeout", "5"}) == 124);
    Duration total{};
    for (const Duration slept : rig.pace.slept) total += slept;
    CHECK(total == 5s);
    CHECK(rig.err.contains("gave up waiting after 5 s"));
}

TEST_CASE("wait: a Host that restarts is waited for, one that was never there is not") {
    Rig rig;
    say_task(rig, make_task(7, TaskState::running));
    for (int i = 0; i < 30; ++i) rig.host->away("GET /api/tasks/7");
    say_task(rig, make_task(7, TaskState::completed));
    CHECK(rig.hakuriver({"wait", "7"}) == 0);

    Rig never;
    never.host->away("GET /api/tasks/7");
    CHECK(never.hakuriver({"wait", "7"}) == 125);
    CHECK(never.pace.slept.empty());

    Rig gone;
    say_task(gone, make_task(7, TaskState::running));
    gone.host->away("GET /api/tasks/7");
    CHECK(gone.hakuriver({"wait", "7"}) == 125);
    CHECK(gone.err.contains("does not answer"));
    CHECK(gone.pace.now().mono - Mono{1h} >= 5min);
}

TEST_CASE("wait: a task that does not exist ends it at once") {
    Rig rig;
    rig.host->on("GET /api/tasks/7", R"({"error":{"code":"not_found","message":"there is no task 7","fields":[]}})",
                 404);
    CHECK(rig.hakuriver({"wait", "7"}) == 125);
    CHECK(rig.err == "hakuriver wait: there is no task 7\n");
}

TEST_CASE("wait: Ctrl-C once lets the task run, twice kills it") {
    SUBCASE("once") {
        Rig rig;
        rig.on_terminal();
        say_task(rig, make_task(7, TaskState::running));
        rig.pace.interrupts = {false, true, false};
        CHECK(rig.hakuriver({"wait", "7"}) == 130);
        CHECK(rig.err.contains("task 7 keeps running; Ctrl-C again within 2 s to kill"));
        CHECK(rig.pace.slept.back() == 2s);
        CHECK(rig.host->asked.back() == "GET /api/tasks/7");
    }
    SUBCASE("twice") {
        Rig rig;
        rig.on_terminal();
        say_task(rig, make_task(7, TaskState::running));
        rig.host->on("POST /api/tasks/kill", R"({"done":["7"],"refused":[]})");
        rig.pace.interrupts = {true, true};
        CHECK(rig.hakuriver({"wait", "7"}) == 130);
        CHECK(rig.host->asked.back() == "POST /api/tasks/kill");
        CHECK(rig.host->bodies.back() == R"({"task_ids":["7"]})");
    }
    SUBCASE("without a terminal nobody can press it again") {
        Rig rig;
        say_task(rig, make_task(7, TaskState::running));
        rig.pace.interrupts = {true, true};
        CHECK(rig.hakuriver({"wait", "7"}) == 130);
        CHECK(rig.pace.slept.size() == 1);
        CHECK(rig.err == "task 7 keeps running\n");
    }
}

TEST_CASE("wait: progress is a line that is overwritten on a terminal, and rare elsewhere") {
    Rig rig;
    auto waiting = make_task(7, TaskState::pending);
    waiting.waiting_reason = "node1 has 0 of 4 cores free";
    for (int i = 0; i < 40; ++i) say_task(rig, waiting);
    say_task(rig, make_task(7, TaskState::completed));
    CHECK(rig.hakuriver({"wait", "7"}) == 0);
    CHECK(rig.err == "task 7 pending: node1 has 0 of 4 cores free\n");

    Rig terminal;
    terminal.on_terminal();
    say_task(terminal, waiting);
    say_task(terminal, make_task(7, TaskState::completed));
    CHECK(terminal.hakuriver({"wait", "7"}) == 0);
    CHECK(terminal.err.contains("\r\x1b[Ktask 7 pending: node1 has 0 of 4 cores free"));
    CHECK(terminal.err.ends_with("\r\x1b[Koutput: hakuriver logs 7\n"));
    CHECK(terminal.out.empty());

    Rig quiet;
    quiet.on_terminal();
    say_task(quiet, waiting);
    say_task(quiet, make_task(7, TaskState::completed));
    CHECK(quiet.hakuriver({"wait", "-q", "7"}) == 0);
    CHECK(quiet.err.empty());
}
