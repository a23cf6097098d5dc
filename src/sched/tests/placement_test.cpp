#include "support/scheduler.hpp"

#include <doctest/doctest.h>

using namespace hk;
using namespace hk::test;

namespace {

std::string node_of(const Scheduler& s, std::int64_t id) {
    const auto* at = sched::placed(s.state.tasks.at(TaskId{id}));
    return at == nullptr ? "waits" : at->placement.node.value;
}
std::vector<int> gpus_of(const Scheduler& s, std::int64_t id) {
    return sched::placed(s.state.tasks.at(TaskId{id}))->placement.gpus;
}
void end(Scheduler& s, const char* node, std::int64_t id) { s.report(node, {said(id, AttemptPhase::ended)}); }

TaskSpec gpu_job(int count) {
    TaskSpec spec = job();
    spec.gpu_count = count;
    return spec;
}
TaskSpec by(Strategy strategy) {
    TaskSpec spec = job();
    spec.strategy = strategy;
    return spec;
}

} // namespace

TEST_CASE("each strategy chooses as its name says") {
    Scheduler s;
    s.hello("a", machine(8));
    s.hello("b", machine(8));
    s.hello("c", machine(8));
    s.submit(job(4), {"b"});
    s.submit(by(Strategy::first_fit));
    CHECK(node_of(s, 2) == "a");
    s.submit(by(Strategy::best_fit));
    CHECK(node_of(s, 3) == "b");
    s.submit(by(Strategy::least_loaded));
    CHECK(node_of(s, 4) == "c");
    for (int i = 0; i < 3; ++i) s.submit(by(Strategy::round_robin));
    CHECK(node_of(s, 5) == "a");
    CHECK(node_of(s, 6) == "b");
    CHECK(node_of(s, 7) == "c");
}

TEST_CASE("a freed core goes to the next task in the step that freed it") {
    Scheduler s;
    s.hello("n1", machine(1));
    s.submit(job(), {}, 2);
    CHECK(node_of(s, 2) == "waits");
    CHECK(s.why(2) == "n1: 0 of 1 core free, needs 1");
    end(s, "n1", 1);
    CHECK(node_of(s, 2) == "n1");
    const auto& orders = s.last.effects.orders.at(NodeName{"n1"});
    CHECK(orders.forget == std::vector{AttemptId{TaskId{1}, 1}});
    REQUIRE(orders.start.size() == 1);
    CHECK(orders.start[0].attempt == AttemptId{TaskId{2}, 1});
}

TEST_CASE("GPUs are exclusive, by number and by name") {
    Scheduler s;
    s.hello("n1", machine(8, Bytes{1'000'000'000}, 4));
    s.submit(gpu_job(2));
    CHECK(gpus_of(s, 1) == std::vector{0, 1});
    s.submit(job(), {"n1::1"});
    CHECK(s.why(2) == "n1: GPU 1 is used by task 1");
    s.submit(gpu_job(3));
    CHECK(s.why(3) == "n1: 2 of 4 GPUs free, needs 3");
    end(s, "n1", 1);
    CHECK(gpus_of(s, 2) == std::vector{1});
    CHECK(gpus_of(s, 3) == std::vector{0, 2, 3});
}

TEST_CASE("a GPU that is not healthy is not given out, until it is") {
    Scheduler s;
    NodeInventory inventory = machine(8, Bytes{1'000'000'000}, 1);
    inventory.gpus[0].healthy = false;
    s.hello("n1", inventory);
    s.submit(job(), {"n1::0"});
    CHECK(s.why(1) == "n1: GPU 0 is not healthy");
    s(sched::NodeHeartbeat{s.session_of("n1"), NodeName{"n1"}, {Gpu{.id = 0, .healthy = true}}});
    CHECK(node_of(s, 1) == "n1");
}

TEST_CASE("a held GPU stays its task's when GPUs are counted anew, or are away for a while") {
    Scheduler s;
    NodeInventory inventory = machine(8, Bytes{1'000'000'000}, 2);
    inventory.gpus[0].uuid = "GPU-a";
    inventory.gpus[1].uuid = "GPU-b";
    s.hello("n1", inventory);
    s.submit(job(), {"n1::1"}); // GPU-b
    const auto running = [&] {
        return std::vector{AttemptReport{.attempt = {TaskId{1}, 1}, .phase = AttemptPhase::running}};
    };
    NodeInventory without = inventory;
    without.gpus.clear(); // the driver is not loaded
    s.hello("n1", without, running());
    NodeInventory other = inventory;
    std::swap(other.gpus[0].uuid, other.gpus[1].uuid);
    s.hello("n1", other, running());
    s.submit(gpu_job(1));
    CHECK(gpus_of(s, 2) == std::vector{1}); // GPU-a now
    s.submit(gpu_job(1));
    CHECK(s.why(3) == "n1: 0 of 2 GPUs free, needs 1");
}

TEST_CASE("NUMA nodes have cores of their own") {
    Scheduler s;
    s.hello("n1", dual_socket(2));
    s.submit(job(2), {"n1:0"});
    s.submit(job(1), {"n1:0"});
    CHECK(s.why(2) == "n1: 0 of 2 cores free, needs 1 on the NUMA node");
    s.submit(job(2), {"n1:1"});
    CHECK(node_of(s, 3) == "n1");
}

TEST_CASE("priority goes first, then users take turns, then age decides") {
    Scheduler s;
    s.hello("n1", machine(1));
    TaskSpec alice = job();
    alice.submitted_by = "alice";
    TaskSpec bob = job();
    bob.submitted_by = "bob";
    TaskSpec urgent = bob;
    urgent.priority = 5;
    s.submit(alice, {}, 4); // 1 .. 4; 1 runs
    s.submit(bob, {}, 2);   // 5, 6
    s.submit(urgent);       // 7
    std::vector<std::int64_t> order;
    std::int64_t running = 1;
    for (int i = 0; i < 6; ++i) {
        end(s, "n1", running);
        running = s.last.effects.orders.at(NodeName{"n1"}).start.at(0).attempt.task.value;
        order.push_back(running);
    }
    CHECK(order == std::vector<std::int64_t>{7, 2, 5, 3, 6, 4});
}

TEST_CASE("a small task passes a large one only where that costs it nothing") {
    Scheduler s;
    s.hello("n1", machine(4));
    s.submit(job(3)); // 1 runs, 1 core is free
    s.submit(job(4)); // 2 waits for all of n1
    s.submit(job(1)); // 3 would delay 2
    CHECK(node_of(s, 3) == "waits");
    CHECK(s.why(3) == "n1: held for task 2, which waits longer");
    TaskSpec idle = job(0);
    s.submit(idle); // 4 takes nothing that 2 waits for
    CHECK(node_of(s, 4) == "n1");
    s.hello("n2", machine(2));
    CHECK(node_of(s, 3) == "n2"); // a node that 2 can never use is free for 3
    end(s, "n1", 1);
    CHECK(node_of(s, 2) == "n1");
}

TEST_CASE("without backfill nothing passes") {
    Scheduler s;
    s.state.settings.backfill = false;
    s.hello("n1", machine(4));
    s.submit(job(3));
    s.submit(job(4));
    s.submit(job(0));
    CHECK(node_of(s, 3) == "waits");
}

TEST_CASE("killing the task that a node was kept for frees the node") {
    Scheduler s;
    s.hello("n1", machine(4));
    s.submit(job(3));
    s.submit(job(4));
    s.submit(job(1));
    CHECK(node_of(s, 3) == "waits");
    s(sched::Kill{TaskId{2}});
    CHECK(node_of(s, 3) == "n1");
}

TEST_CASE("a task of higher priority takes what a waiting one was kept for") {
    Scheduler s;
    s.hello("n1", machine(4));
    s.submit(job(3));
    s.submit(job(4));
    TaskSpec urgent = job(1);
    urgent.priority = 1;
    s.submit(urgent);
    CHECK(node_of(s, 3) == "n1");
}

TEST_CASE("a drained node keeps what it has and takes nothing new") {
    Scheduler s;
    s.hello("n1", machine(4));
    s.submit(job());
    s(sched::Drain{NodeName{"n1"}, true});
    s.submit(job());
    CHECK(node_of(s, 1) == "n1");
    CHECK(s.why(2) == "n1: drained");
    s(sched::Drain{NodeName{"n1"}, false});
    CHECK(node_of(s, 2) == "n1");
}

TEST_CASE("100,000 equal tasks that wait cost one look") {
    Scheduler s;
    s.submit(job(), {}, 100'000);
    s.hello("n1", machine(2));
    CHECK(s.last.effects.orders.at(NodeName{"n1"}).start.size() == 2);
    CHECK(s.state.queue.size() == 99'998);
    CHECK(s.state.blocked.size() == 1);
}

TEST_CASE("a batch runs no more tasks at once than it may, and says so") {
    Scheduler s;
    s.hello("n1", machine(8));
    TaskSpec spec = job();
    spec.max_running = 2;
    s.submit(spec, {}, 4);
    CHECK(node_of(s, 2) == "n1");
    CHECK(node_of(s, 3) == "waits");
    CHECK(s.why(3) == "as many tasks of its batch run as may");
    s.submit(job()); // another batch is not concerned
    CHECK(node_of(s, 5) == "n1");
    end(s, "n1", 1);
    CHECK(node_of(s, 3) == "n1");
    CHECK(node_of(s, 4) == "waits");
}

TEST_CASE("a batch that fails too often is given up") {
    Scheduler s;
    s.hello("n1", machine(2));
    TaskSpec spec = job();
    spec.max_fails = 1;
    s.submit(spec, {}, 6);
    const auto fail = [&](std::int64_t id) {
        AttemptReport report = said(id, AttemptPhase::ended);
        report.outcome->exit_code = 1;
        s.report("n1", {report});
    };
    fail(1);
    CHECK(s.state.tasks.size() == 5);
    fail(2); // 3 runs and is stopped, 4 to 6 never start
    CHECK(s.state.tasks.size() == 1);
    CHECK(s.state.tasks.at(TaskId{3}).kill_requested);
    CHECK(s.state.queue.size() == 0);
    fail(3);
    CHECK(s.state.tallies.empty());
}
