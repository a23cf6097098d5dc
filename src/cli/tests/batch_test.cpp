#include "rig.hpp"

#include <doctest/doctest.h>

using namespace hk;
using namespace hk::cli;
using namespace hk::cli::test;

namespace {

/// Tasks 3, 4 and 5 are one batch.
struct BatchRig : Rig {
    BatchRig() {
        for (std::int64_t id = 3; id <= 5; ++id) {
            tasks.push_back(make_task(id, TaskState::completed));
            tasks.back().batch_id = BatchId{3};
            tasks.back().arguments = {std::to_string(id)};
        }
    }
    void host_says() {
        view.batch_id = BatchId{3};
        view.command = "python";
        view.submitted_by = "alice";
        view.submitted_at = *parse_time("2026-03-01T11:50:00Z");
        view.total = 3;
        view.finished = true;
        for (const auto& task : tasks) {
            ++view.counts[std::string(to_string(task.status))];
            view.finished = view.finished && is_final(task.status);
            host->on("GET /api/tasks/" + to_string(task.task_id), proto::to_json(task));
        }
        host->on("GET /api/batches/3", proto::to_json(view));
        proto::TaskList list{.tasks = {tasks.rbegin(), tasks.rend()}, .total = 3};
        host->on("GET /api/tasks?limit=3&after=6", proto::to_json(list));
    }
    void writes(std::int64_t id, const std::string& stream, const std::string& text) {
        host->answers["GET /api/tasks/" + std::to_string(id) + "/" + stream].push_back(net::text_response(200, text));
    }
    std::vector<proto::TaskView> tasks;
    proto::BatchView view;
};

} // namespace

TEST_CASE("batch: how far it is, by the id of any of its tasks") {
    BatchRig rig;
    rig.tasks[1].status = TaskState::failed;
    rig.tasks[2].status = TaskState::running;
    rig.host_says();
    CHECK(rig.batch({"4"}) == 0);
    CHECK(rig.out == "batch        3\n"
                     "command      python\n"
                     "by           alice\n"
                     "submitted    2026-03-01 11:50:00 (10 m ago)\n"
                     "tasks        3-5\n"
                     "progress     [====================>         ]  2 of 3 ended\n"
                     "  completed  1\n"
                     "  failed     1\n"
                     "  running    1\n");
    rig.clear();
    CHECK(rig.client({"--batch", "3", "--json"}) == 0);
    CHECK(rig.out == proto::to_json(rig.view) + "\n");
    rig.clear();
    CHECK(rig.batch({"status", "-q", "3"}) == 0);
    CHECK(rig.out == "3\n4\n5\n");
}

TEST_CASE("batch: the output of all tasks in order, each under its head") {
    BatchRig rig;
    rig.tasks[1].status = TaskState::failed;
    rig.host_says();
    rig.writes(3, "stdout", "three\n");
    rig.writes(4, "stdout", "no end of line");
    rig.writes(5, "stdout", "five\n");
    rig.writes(3, "stderr", "");
    rig.writes(4, "stderr", "oops\n");
    rig.writes(5, "stderr", "");
    CHECK(rig.batch({"logs", "3"}) == 0);
    CHECK(rig.out == "==> task 3, completed: python 3 <==\nthree\n\n"
                     "==> task 4, failed: python 4 <==\nno end of line\n\n"
                     "==> task 5, completed: python 5 <==\nfive\n");
    CHECK(rig.err.empty());
    rig.clear();
    CHECK(rig.batch({"logs", "--stderr", "3"}) == 0);
    CHECK(rig.out == "==> task 4, failed: python 4 <==\noops\n"); // the silent ones have no head
    rig.clear();
    CHECK(rig.client({"--batch-logs", "3", "--label"}) == 0);
    CHECK(rig.out == "3: three\n4: no end of line\n5: five\n");
    rig.clear();
    CHECK(rig.batch({"logs", "-q", "3"}) == 0);
    CHECK(rig.out == "three\nno end of linefive\n"); // byte for byte
    rig.clear();
    CHECK(rig.batch({"logs", "--failed", "3", "--exit-code"}) == 1);
    CHECK(rig.out == "==> task 4, failed: python 4 <==\nno end of line");
}

TEST_CASE("batch: output that cannot be read is said, and the rest is shown") {
    BatchRig rig;
    rig.tasks[2].status = TaskState::running;
    rig.host_says();
    rig.writes(3, "stdout", "three\n");
    rig.host->on("GET /api/tasks/4/stdout",
                 R"({"error":{"code":"unavailable","message":"the storage is away","fields":[]}})", 503);
    rig.writes(5, "stdout", "five\n");
    CHECK(rig.batch({"logs", "--label", "3"}) == 125);
    CHECK(rig.out == "3: three\n5: five\n");
    CHECK(rig.err == "task 4: the storage is away\n"
                     "1 of 3 tasks have not ended yet; --follow waits for their output\n");
}

TEST_CASE("batch: logs of a range leave out what does not exist, and name it in a list") {
    BatchRig rig;
    rig.tasks.erase(rig.tasks.begin() + 1);
    rig.host_says();
    for (const int id : {3, 5}) rig.writes(id, "stdout", "x\n");
    CHECK(rig.hakuriver({"logs", "--label", "3-5"}) == 0);
    CHECK(rig.out == "3: x\n5: x\n");
    rig.clear();
    CHECK(rig.hakuriver({"logs", "--label", "3,4,5"}) == 125);
    CHECK(rig.out == "3: x\n5: x\n");
    CHECK(rig.err == "task 4: it does not exist\n");
}

TEST_CASE("batch: actions are about the tasks in the right states") {
    BatchRig rig;
    rig.host_says();
    proto::TaskList some{.tasks = {rig.tasks[2], rig.tasks[0]}, .total = 2};
    rig.host->on("GET /api/tasks?limit=1000&batch=3&status=failed,killed_oom", proto::to_json(some));
    rig.host->on("POST /api/tasks/retry", R"({"done":["8","9"],"refused":[]})");
    CHECK(rig.batch({"retry", "3"}) == 0);
    CHECK(rig.host->bodies.back() == R"({"task_ids":["3","5"]})");
    CHECK(rig.out == "2 tasks submitted again: 8, 9\n");
    rig.clear();
    proto::TaskList none;
    rig.host->on("GET /api/tasks?limit=1000&batch=3&status=paused", proto::to_json(none));
    CHECK(rig.batch({"resume", "3", "--json"}) == 0);
    CHECK(rig.err == "no task of the batch is paused\n");
    CHECK(rig.out == "{\"done\":[],\"refused\":[]}\n");
}

TEST_CASE("batch: kill takes page by page") {
    BatchRig rig;
    rig.host_says();
    const std::string query = "&batch=3&status=pending,assigning,running,paused,lost";
    proto::TaskList first{.tasks = {rig.tasks[2]}, .total = 2, .next = "5"};
    proto::TaskList second{.tasks = {rig.tasks[1]}, .total = 2};
    rig.host->on("GET /api/tasks?limit=1000" + query, proto::to_json(first));
    rig.host->on("GET /api/tasks?limit=1000&after=5" + query, proto::to_json(second));
    rig.host->on("POST /api/tasks/kill", R"({"done":["5","4"],"refused":[]})");
    CHECK(rig.batch({"kill", "3"}) == 0);
    CHECK(rig.host->bodies.back() == R"({"task_ids":["5","4"]})");
    CHECK(rig.out == "2 tasks killed: 4, 5\n");
}

TEST_CASE("batch: a task that ended while others were killed was not refused") {
    const auto killed = [](const std::string& answer) {
        BatchRig rig;
        rig.host_says();
        const proto::TaskList left{.tasks = {rig.tasks[2], rig.tasks[1]}, .total = 2};
        rig.host->on("GET /api/tasks?limit=1000&batch=3&status=pending,assigning,running,paused,lost",
                     proto::to_json(left));
        rig.host->on("POST /api/tasks/kill", answer);
        const int code = rig.batch({"kill", "3"});
        return std::to_string(code) + " " + rig.out + rig.err;
    };
    CHECK(killed(R"({"done":["5"],"refused":[{"target":"6","reason":"task 6 is over"}]})") == "0 1 task killed: 5\n");
    CHECK(killed(R"({"done":["5"],"refused":[{"target":"4","reason":"task 4 is lost"}]})") ==
          "125 1 task killed: 5\ntask 4 is lost\n");
}

TEST_CASE("batch: waiting ends with the highest code") {
    BatchRig rig;
    rig.tasks[1].status = TaskState::failed;
    rig.tasks[1].exit_code = 9;
    rig.host_says();
    CHECK(rig.batch({"wait", "3"}) == 9);
    CHECK(rig.err == "task 4 failed with exit code 9\n3 of 3 done, 1 failed\n");
}

TEST_CASE("batch: what is no command and no id is said") {
    BatchRig rig;
    rig.host_says();
    CHECK(rig.batch({"logs", "-f", "--json", "3"}) == 2);
    CHECK(rig.out.starts_with("{\"error\""));
    rig.clear();
    CHECK(rig.batch({"lgs", "3"}) == 2);
    CHECK(rig.err.contains("there is no command lgs; did you mean logs?"));
    rig.clear();
    rig.host->on("GET /api/tasks/77", R"({"error":{"code":"not_found","message":"no","fields":[]}})", 404);
    CHECK(rig.batch({"77"}) == 125);
    CHECK(rig.err == "hakuriver batch: there is no batch 77\n");
}
