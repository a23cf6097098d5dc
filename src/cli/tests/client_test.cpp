#include "cli/render_task.hpp"
#include "rig.hpp"

#include <doctest/doctest.h>

using namespace hk;
using namespace hk::cli;
using namespace hk::cli::test;

namespace {

using Words = std::vector<std::string>;

/// The requests that the words lead to, where every one succeeds.
Words asked(Words words) {
    Rig rig;
    rig.host->on("POST /api/tasks", R"({"message":"","task_ids":["1"],"batch_id":"1","failed_targets":[]})", 202);
    for (const char* action : {"kill", "pause", "resume"}) {
        rig.host->on("POST /api/tasks/12/" + std::string(action), R"({"message":"done"})");
        rig.host->on("POST /api/tasks/" + std::string(action), R"({"done":["3","4"],"refused":[]})");
    }
    rig.host->on("POST /api/tasks/12/retry", R"({"message":"","task_ids":["13"],"batch_id":"13","failed_targets":[]})",
                 202);
    CAPTURE(words);
    (void)rig.client(words);
    return rig.host->asked;
}

std::string list_of(std::vector<proto::TaskView> tasks) {
    proto::TaskList list;
    list.tasks = std::move(tasks);
    list.total = static_cast<std::int64_t>(list.tasks.size());
    return proto::to_json(list);
}

} // namespace

TEST_CASE("client: pause ID acts, and where it is no order a program of that name needs a mark") {
    CHECK(asked({"pause", "12"}) == Words{"POST /api/tasks/12/pause"});
    CHECK(asked({"resume", "12"}) == Words{"POST /api/tasks/12/resume"});
    CHECK(asked({"kill", "12"}) == Words{"POST /api/tasks/12/kill"});
    CHECK(asked({"retry", "12"}) == Words{"POST /api/tasks/12/retry"});
    CHECK(asked({"--json", "pause", "12"}) == Words{"POST /api/tasks/12/pause"});
    CHECK(asked({"pause", "3-4"}) == Words{"POST /api/tasks/pause"});
    CHECK(asked({"pause", "12", "13"}) == Words{"POST /api/tasks/pause"});
    for (const Words& words : {Words{"--", "pause", "12"}, Words{"stop", "12"}, Words{"status", "12"}})
        CHECK(asked(words) == Words{"POST /api/tasks"});
    for (const Words& words :
         {Words{"pause"}, Words{"pause", "me"}, Words{"kill", "-9", "12"}, Words{"kill", "12", "--json"},
          Words{"-t", "node1", "pause", "12"}, Words{"--cores", "2", "kill", "12"}}) {
        Rig rig;
        CHECK(rig.client(words) == 2);
        CHECK(rig.host->asked.empty());
        CHECK(rig.err.contains("write -- before it"));
    }
}

TEST_CASE("client: one thing at a time") {
    for (const Words& words :
         {Words{"--status", "1", "--kill", "1"}, Words{"--list-nodes", "--health"}, Words{"--status", "1", "ls"},
          Words{"--list-nodes", "--cores", "2"}, Words{"--kill", "1", "--wait"}}) {
        Rig rig;
        CHECK(rig.client(words) == 2);
        CHECK(rig.host->asked.empty());
        CHECK(std::ranges::count(rig.err, '\n') == 1);
    }
}

TEST_CASE("client: several tasks at once are one request per thousand") {
    Rig rig;
    rig.host->on("POST /api/tasks/kill", R"({"done":["1","2"],"refused":[{"target":"3","reason":"it has ended"}]})");
    CHECK(rig.client({"--kill", "1-3"}) == 125);
    CHECK(rig.out == "2 tasks killed: 1, 2\n");
    CHECK(rig.err == "task 3: it has ended\n");
    CHECK(rig.host->bodies.back() == R"({"task_ids":["1","2","3"]})");
    rig.clear();
    CHECK(rig.hakuriver({"kill", "1-2500"}) == 125);
    CHECK(rig.host->asked.size() == 3);
    rig.clear();
    CHECK(rig.hakuriver({"kill", "--json", "1,2"}) == 125);
    CHECK(rig.out == R"({"done":["1","2"],"refused":[{"target":"3","reason":"it has ended"}]})"
                     "\n");
    rig.clear();
    CHECK(rig.hakuriver({"kill", "-q", "1,2"}) == 125);
    CHECK(rig.out == "1\n2\n");
}

TEST_CASE("client: last is the caller's newest submission, all of it") {
    Rig rig;
    auto newest = make_task(9);
    newest.batch_id = BatchId{8};
    rig.host->on("GET /api/tasks?limit=1&user=alice", list_of({newest}));
    rig.host->on("GET /api/batches/8", R"({"batch_id":"8","command":"python","submitted_by":"alice",)"
                                       R"("submitted_at":"2026-03-01T11:50:00Z","total":2,)"
                                       R"("counts":{"running":2},"finished":false})");
    rig.host->on("POST /api/tasks/kill", R"({"done":["8","9"],"refused":[]})");
    CHECK(rig.client({"kill", "last"}) == 0);
    CHECK(rig.host->bodies.back() == R"({"task_ids":["8","9"]})");

    Rig nobody;
    nobody.host->on("GET /api/tasks?limit=1&user=alice", list_of({}));
    CHECK(nobody.client({"--status", "last"}) == 125);
    CHECK(nobody.err.contains("there is no last task: alice has submitted none"));
}

TEST_CASE("client: --status shows one task, and why it waits") {
    Rig rig;
    auto task = make_task(12, TaskState::pending);
    rig.host->on("GET /api/tasks/12", proto::to_json(task));
    rig.host->on("GET /api/tasks/12/explain",
                 R"({"task_id":"12","status":"pending","summary":"needs 2 GPUs","ahead":1,"nodes":[)"
                 R"({"node":"node1","fits":false,"reason":"1 of 4 GPUs free"}]})");
    CHECK(rig.client({"--status", "12"}) == 0);
    CHECK(rig.out.contains("1 of 4 GPUs free"));
    CHECK(rig.out.contains("1 task is before it in the queue"));
    rig.clear();
    CHECK(rig.client({"--status", "12", "--json"}) == 0);
    CHECK(rig.out == proto::to_json(task) + "\n");
    rig.clear();
    CHECK(rig.client({"--status", "12", "-q"}) == 0);
    CHECK(rig.out == "pending\n");
}

TEST_CASE("client: a range shows the tasks that exist, a list must exist") {
    Rig rig;
    rig.host->on("GET /api/tasks/2", proto::to_json(make_task(2)));
    const std::string missing = R"({"error":{"code":"not_found","message":"there is no task 3","fields":[]}})";
    rig.host->on("GET /api/tasks/3", missing, 404);
    CHECK(rig.client({"--status", "2-3"}) == 0);
    CHECK(rig.out.contains("python train.py"));
    rig.clear();
    CHECK(rig.client({"--status", "2,3"}) == 125);
    CHECK(rig.err == "hakuriver.client: there is no task 3\n");
    rig.clear();
    CHECK(rig.client({"--status", "1-501"}) == 2);
    CHECK(rig.err.contains("more than the 500"));
}

TEST_CASE("client: --list-tasks filters on the Host and pages") {
    Rig rig;
    rig.host->on("GET /api/tasks?limit=100&status=failed%2Ckilled&user=bob",
                 list_of({make_task(4, TaskState::failed)}));
    CHECK(rig.client({"--list-tasks", "--filter", "state=failed,killed", "--filter", "user=bob", "-q"}) == 0);
    CHECK(rig.out == "4\n");
    rig.clear();
    CHECK(rig.client({"--list-tasks", "--filter", "state=faild"}) == 2);
    CHECK(rig.err.contains("did you mean failed?"));
    CHECK(rig.client({"--list-tasks", "--filter", "nod=x"}) == 2);
    CHECK(rig.err.contains("did you mean node?"));
    CHECK(rig.client({"--list-tasks", "--filter", "node="}) == 2);
    CHECK(rig.host->asked.empty());

    Rig paged;
    proto::TaskList first;
    for (int i = 0; i < 1000; ++i) first.tasks.push_back(make_task(2000 - i));
    first.total = 1500;
    first.next = "1001";
    proto::TaskList second;
    for (int i = 0; i < 500; ++i) second.tasks.push_back(make_task(1000 - i));
    second.total = 1500;
    paged.host->on("GET /api/tasks?limit=1000", proto::to_json(first));
    paged.host->on("GET /api/tasks?limit=1000&after=1001", proto::to_json(second));
    CHECK(paged.hakuriver({"tasks", "-q", "--limit", "5000"}) == 0);
    CHECK(std::ranges::count(paged.out, '\n') == 1500);
}

TEST_CASE("client: logs pass as they are, and safely on a terminal") {
    Rig rig;
    const std::string text = "loss 0.5\n\x1b[31mred\x1b[0m\x1b]0;title\x07 end\xff\n";
    rig.host->answers["GET /api/tasks/5/stdout"].push_back(net::text_response(200, text));
    rig.host->answers["GET /api/tasks/5/stderr"].push_back(net::text_response(200, "oops\n"));
    CHECK(rig.client({"--logs", "5"}) == 0);
    CHECK(rig.out == text);
    rig.clear();
    rig.on_terminal();
    CHECK(rig.client({"--logs", "5"}) == 0);
    CHECK(rig.out == "loss 0.5\n\x1b[31mred\x1b[0m end\xff\n");
    rig.clear();
    CHECK(rig.client({"--logs", "5", "--raw"}) == 0);
    CHECK(rig.out == text);
    rig.clear();
    CHECK(rig.client({"--logs", "5", "--stderr"}) == 0);
    CHECK(rig.out == "oops\n");
    CHECK(rig.client({"--logs", "5", "--json", "-f"}) == 2);
}

TEST_CASE("client: following goes on where the connection broke, and shows nothing twice") {
    Rig rig;
    rig.host->on("GET /api/tasks/5", proto::to_json(make_task(5)));
    auto tail = net::text_response(200, "line 9\n");
    tail.headers.set("X-Offset", "93");
    rig.host->answers["GET /api/tasks/5/stdout?tail=1"].push_back(tail);
    auto broken = net::text_response(200, "line 10\n");
    broken.headers.set("X-Break", "1");
    rig.host->answers["GET /api/tasks/5/stdout?follow=1&offset=100"].push_back(broken);
    auto& rest = rig.host->answers["GET /api/tasks/5/stdout?follow=1&offset=108"];
    rest.push_back(fail(Errc::unavailable, "connection refused"));
    rest.push_back(fail(Errc::unavailable, "connection refused"));
    rest.push_back(net::text_response(200, "line 11\n"));
    CHECK(rig.client({"--logs", "5", "-f", "--tail", "1"}) == 0);
    CHECK(rig.out == "line 9\nline 10\nline 11\n");
}

TEST_CASE("client: lines can tell when they were written") {
    const auto clock = [](std::int64_t seconds) { return local_time(Time{std::chrono::seconds{seconds}}) + " "; };
    const auto marks = [](std::vector<proto::LogMark> some) {
        return proto::to_json(proto::LogTimes{std::move(some)});
    };
    const auto mark = [](std::int64_t size, std::int64_t seconds) {
        return proto::LogMark{size, Time{std::chrono::seconds{seconds}}};
    };
    Rig rig;
    rig.host->on("GET /api/tasks/5", proto::to_json(make_task(5)));
    rig.host->answers["GET /api/tasks/5/stdout"].push_back(net::text_response(200, "one\ntwo\nthree\n\nfive"));
    rig.host->on("GET /api/tasks/5/stdout/times?from=0", marks({mark(4, 1000), mark(10, 2000)}));
    rig.host->on("GET /api/tasks/5/stdout/times?from=10", marks({mark(15, 3000)}));
    rig.host->on("GET /api/tasks/5/stdout/times?from=15", marks({}));
    CHECK(rig.client({"--logs", "5", "--timestamps"}) == 0);
    const auto now = local_time(rig.pace.now().wall) + " ";
    CHECK(rig.out == clock(1000) + "one\n" + clock(2000) + "two\n" + clock(2000) + "three\n" + clock(3000) + "\n" +
                         now + "five\n");
    rig.clear();
    auto tail = net::text_response(200, "three\n");
    tail.headers.set("X-Offset", "8");
    rig.host->answers["GET /api/tasks/5/stdout?tail=1"].push_back(tail);
    rig.host->on("GET /api/tasks/5/stdout/times?from=8", marks({mark(10, 2000), mark(14, 2500)}));
    rig.host->on("GET /api/tasks/5/stdout/times?from=14", marks({}));
    CHECK(rig.client({"--logs", "5", "--timestamps", "--tail", "1", "--label"}) == 0);
    CHECK(rig.out == "5: " + clock(2000) + "three\n");
    rig.clear();
    CHECK(rig.client({"--logs", "5", "--timestamps", "--json"}) == 2);
    CHECK(rig.err.contains("--json prints the output as one text, so it does not go with --timestamps"));
}

TEST_CASE("client: logs as JSON are one value whatever the bytes") {
    Rig rig;
    auto all = net::text_response(200, "a\xff\x1b\n");
    all.headers.set("X-Total-Size", "4");
    rig.host->answers["GET /api/tasks/5/stdout?tail=100000"].push_back(all);
    CHECK(rig.client({"--logs", "5", "--json"}) == 0);
    CHECK(rig.out == "{\"task_id\":\"5\",\"stream\":\"stdout\",\"size_bytes\":4,\"text\":"
                     "\"a\uFFFD\\u001b\\n\"}\n");
}

TEST_CASE("client: unknown commands and options are named") {
    Rig rig;
    CHECK(rig.hakuriver({"statsu", "1"}) == 2);
    CHECK(rig.err == "hakuriver: there is no command statsu; did you mean status? (--help shows all)\n");
    rig.clear();
    CHECK(rig.hakuriver({}) == 2);
    CHECK(rig.out.contains("Commands:"));
    rig.clear();
    CHECK(rig.hakuriver({"status"}) == 2);
    CHECK(rig.err == "hakuriver status: ID... is missing: ids, ranges (1-10) or last; see --help\n");
}

TEST_CASE("client: a Host without the route says what is missing") {
    Rig rig;
    CHECK(rig.hakuriver({"nodes"}) == 125);
    CHECK(rig.err == "hakuriver nodes: the Host at 10.0.0.1:8000 does not offer this (it answered 404)\n");
}

TEST_CASE("client: drain and undrain name the node in the path") {
    Rig rig;
    rig.host->on("POST /api/nodes/node1/drain", R"({"message":"node1 takes no new tasks"})");
    CHECK(rig.hakuriver({"drain", "node1"}) == 0);
    CHECK(rig.err == "node1 takes no new tasks\n");
    rig.clear();
    rig.host->on("DELETE /api/nodes/a%2Fb", R"({"message":"gone"})");
    CHECK(rig.hakuriver({"forget", "a/b"}) == 0);
}
