#include "support/scheduler.hpp"

#include <doctest/doctest.h>

using namespace hk;
using namespace hk::test;

namespace {

std::string refusal(Scheduler& s) { return s.last.refused ? s.last.refused->message : "accepted"; }

} // namespace

TEST_CASE("a cluster without nodes accepts and waits") {
    Scheduler s;
    s.submit(job(64));
    CHECK(refusal(s) == "accepted");
    CHECK(s.state_of(1) == "pending");
    CHECK(s.why(1) == "no node has registered yet");
    s.hello("n1", machine(64));
    CHECK(s.state_of(1) == "assigning");
}

TEST_CASE("an engine that does not answer is waited for") {
    Scheduler s;
    NodeInventory without = machine(4);
    without.executors.push_back({ExecutorKind::docker, false, "the engine does not answer", {}});
    s.hello("n1", without);
    TaskSpec boxed = job();
    boxed.container = "env";
    s.submit(boxed);
    CHECK(refusal(s) == "accepted");
    CHECK(s.state_of(1) == "pending");
    CHECK(s.why(1).contains("the engine does not answer"));
    without.executors.back() = {ExecutorKind::docker, true, "", {}};
    s.hello("n1", without);
    CHECK(s.state_of(1) == "assigning");
}

TEST_CASE("a node that says that it may run tasks again later is waited for") {
    Scheduler s;
    NodeInventory without = machine(4);
    without.executors = {{ExecutorKind::systemd, false, "no systemd", {}},
                         {ExecutorKind::process, false, "the shared folder is not there", {}, true}};
    s.hello("n1", without);
    s.submit(job());
    CHECK(refusal(s) == "accepted");
    CHECK(s.state_of(1) == "pending");
    without.executors.back() = {ExecutorKind::process, true, "", {}};
    s.hello("n1", without);
    CHECK(s.state_of(1) == "assigning");
}

TEST_CASE("what could never run is refused and says what would be possible") {
    Scheduler s;
    s.hello("n1", machine(4, Bytes{8'000'000'000}, 2));

    s.submit(job(), {"n2"});
    CHECK(refusal(s) == "there is no node 'n2' (nodes: n1)");
    CHECK(s.last.refused->code == Errc::not_found);
    s.submit(job(5), {"n1"});
    CHECK(refusal(s) == "node n1 cannot run this: has 4 cores, needs 5");
    s.submit(job(5));
    CHECK(refusal(s) == "no node could ever run this: n1: has 4 cores, needs 5");
    s.submit(job(), {"n1::0,7"});
    CHECK(refusal(s) == "node n1 cannot run this: has no GPU 7 (it has: 0, 1)");
    s.submit(job(), {"n1:0"});
    CHECK(refusal(s) == "node n1 cannot run this: has no NUMA node 0 (it has: none)");
    TaskSpec large = job();
    large.memory = Bytes{9'000'000'000};
    s.submit(large);
    CHECK(refusal(s) == "no node could ever run this: n1: has 8 GB of memory, needs 9 GB");
    TaskSpec many = job();
    many.gpu_count = 3;
    s.submit(many);
    CHECK(refusal(s) == "no node could ever run this: n1: has 2 GPUs, needs 3");
    TaskSpec boxed = job();
    boxed.container = "env";
    s.submit(boxed, {"n1"});
    CHECK(refusal(s) == "node n1 cannot run this: its runner offers no Docker");

    CHECK(s.state.tasks.empty());
    CHECK(s.state.next_id == 1);
}

TEST_CASE("targets are accepted one by one") {
    Scheduler s;
    s.hello("n1", machine(4));
    s.submit(job(), {"n1", "nowhere", "n1"});
    CHECK(s.last.submitted.tasks == std::vector{TaskId{1}, TaskId{2}});
    REQUIRE(s.last.submitted.refused.size() == 1);
    CHECK(to_string(s.last.submitted.refused[0].target) == "nowhere");
    CHECK(s.last.submitted.batch == BatchId{1});
    CHECK(s.last.effects.batches.at(0)->total == 2);
}

TEST_CASE("all targets refused is one error that names each") {
    Scheduler s;
    s.hello("n1", machine(4));
    s.submit(job(9), {"n1", "n2"});
    REQUIRE(s.last.refused);
    CHECK(s.last.refused->fields.size() == 2);
    CHECK(s.last.effects.tasks.empty());
}

TEST_CASE("without a queue a task starts now or not at all") {
    Scheduler s;
    s.hello("n1", machine(2));
    s.submit(job(2), {}, 1, true);
    CHECK(s.state_of(1) == "assigning");
    s.submit(job(1), {}, 1, true);
    REQUIRE(s.last.refused);
    CHECK(s.last.refused->code == Errc::no_capacity);
    CHECK(refusal(s) == "it cannot start now: n1: 0 of 2 cores free, needs 1");
    CHECK(s.state.next_id == 2);
}

TEST_CASE("a large submission is created in parts, and others come in between") {
    Scheduler s;
    s.hello("n1", machine(8));
    s.hello("n2", machine(8));
    sched::Submit large{.spec = std::make_shared<const TaskSpec>(job()), .count = 3, .at_once = 2};
    for (const char* name : {"n1", "n2"}) large.targets.push_back(parse_target(name).value());
    s(large);
    CHECK(s.last.submitted.tasks == std::vector{TaskId{1}, TaskId{2}});
    CHECK(s.last.effects.batches.at(0)->total == 2); // what is on disk is whole after each part
    const sched::SubmitMore second = s.last.submitted.more.value();
    s.submit(job());
    CHECK(s.last.submitted.tasks == std::vector{TaskId{7}}); // the ids are reserved
    s(second);
    CHECK(s.last.submitted.batch == BatchId{1});
    CHECK(s.last.submitted.tasks == std::vector{TaskId{3}, TaskId{4}});
    CHECK(s.last.effects.batches.at(0)->total == 4);
    const sched::SubmitMore third = s.last.submitted.more.value();
    s(third);
    CHECK(s.last.submitted.tasks == std::vector{TaskId{5}, TaskId{6}});
    CHECK_FALSE(s.last.submitted.more);
    CHECK(s.state.tasks.at(TaskId{3}).target.node == NodeName{"n1"});
    CHECK(s.state.tasks.at(TaskId{4}).target.node == NodeName{"n2"});
    CHECK(s.state.tasks.at(TaskId{6}).index == 5);
}

TEST_CASE("limits of a batch count what is not created yet") {
    Scheduler s;
    s.hello("n1", machine(8));
    TaskSpec spec = job();
    spec.max_fails = 0;
    s(sched::Submit{.spec = std::make_shared<const TaskSpec>(spec), .count = 4, .at_once = 2});
    sched::SubmitMore more = s.last.submitted.more.value();
    AttemptReport failed = said(1, AttemptPhase::ended);
    failed.outcome->exit_code = 1;
    s.report("n1", {failed, said(2, AttemptPhase::ended)}); // none is left, and two are to come
    s(more);
    CHECK(s.state_of(3) == "gone");
    CHECK(s.state_of(4) == "gone");
    CHECK(s.state.tallies.empty());
}

TEST_CASE("a count makes so many tasks of one batch, each with its index") {
    Scheduler s;
    s.submit(job(), {}, 1000);
    CHECK(s.last.submitted.tasks.size() == 1000);
    CHECK(s.last.effects.batches.size() == 1);
    CHECK(s.state.tasks.at(TaskId{1000}).index == 999);
    CHECK_FALSE(s.last.submitted.more);
    s.submit(job(), {}, sched::most_tasks + 1);
    REQUIRE(s.last.refused);
    CHECK(s.last.refused->code == Errc::too_large);
}
