#include "support/scheduler.hpp"

#include <doctest/doctest.h>

using namespace hk;
using namespace hk::test;
using namespace std::chrono_literals;

namespace {

Scheduler with_running_task() {
    Scheduler s;
    s.hello("n1", machine(2));
    s.submit(job());
    s.report("n1", {said(1, AttemptPhase::running)});
    return s;
}
const sched::NodeOrders& orders(const Scheduler& s) { return s.last.effects.orders.at(NodeName{"n1"}); }
TaskState last_state(const Scheduler& s) { return sched::state_of(s.last.effects.tasks.at(0)); }

} // namespace

TEST_CASE("a silent node's tasks are lost after the timeout, and found when it returns") {
    Scheduler s = with_running_task();
    s.disconnect("n1");
    s.pass(29s);
    CHECK(s.state_of(1) == "running");
    s.pass(2s);
    CHECK(s.state_of(1) == "lost");
    CHECK(s.state.nodes.at(NodeName{"n1"}).ledger.cores_free() == 1); // it may still run there
    s.hello("n1", machine(2), {said(1, AttemptPhase::running)});
    CHECK(s.state_of(1) == "running");
    s.pass(25s);
    s.hear("n1");
    s.pass(25s);
    CHECK(s.state_of(1) == "running");
}

TEST_CASE("a node that finished its task while it was away brings the result") {
    Scheduler s = with_running_task();
    s.disconnect("n1");
    s.pass(60s);
    s.hello("n1", machine(2), {said(1, AttemptPhase::ended)});
    CHECK(last_state(s) == TaskState::completed);
    CHECK(orders(s).forget.size() == 1);
}

TEST_CASE("a connection that hangs is dropped when its node is lost") {
    Scheduler s = with_running_task();
    const auto session = s.session_of("n1");
    s.pass(31s);
    CHECK(s.last.effects.dropped == std::vector{session});
    CHECK(!s.state.nodes.at(NodeName{"n1"}).online());
}

TEST_CASE("a start that never arrived is sent again, to the same records only") {
    Scheduler s;
    s.hello("n1", machine(2));
    s.submit(job());
    s.disconnect("n1");
    s.hello("n1", machine(2));
    CHECK(orders(s).start.at(0).attempt == AttemptId{TaskId{1}, 1});
    s.disconnect("n1");
    NodeInventory fresh = machine(2);
    fresh.state_id = "another folder";
    s.hello("n1", fresh);
    CHECK(last_state(s) == TaskState::failed);
    CHECK(std::get<sched::Ended>(s.last.effects.tasks.at(0).phase).outcome.reason == EndReason::interrupted);
}

TEST_CASE("a task that ran and that its node does not know any more is over") {
    Scheduler s = with_running_task();
    s.disconnect("n1");
    s.hello("n1", machine(2));
    CHECK(s.state_of(1) == "gone");
    CHECK(last_state(s) == TaskState::failed);
}

TEST_CASE("an attempt that nobody wants is stopped, and the node takes nothing new until it is gone") {
    Scheduler s;
    s.hello("n1", machine(2), {said(77, AttemptPhase::running)});
    CHECK(orders(s).stop.at(0).attempt == AttemptId{TaskId{77}, 1});
    s.submit(job());
    CHECK(s.why(1) == "n1: still stopping 1 task that the Host gave up");
    s.report("n1", {said(77, AttemptPhase::ended)});
    CHECK(orders(s).forget.size() == 1);
    CHECK(s.state_of(1) == "assigning");
}

TEST_CASE("a lost task that is killed is stopped when its node returns") {
    Scheduler s = with_running_task();
    s.disconnect("n1");
    s.pass(31s);
    s(sched::Kill{TaskId{1}});
    CHECK(last_state(s) == TaskState::killed);
    s.hello("n1", machine(2), {said(1, AttemptPhase::running)});
    CHECK(orders(s).stop.size() == 1);
    CHECK(s.state.nodes.at(NodeName{"n1"}).strays.size() == 1);
}

TEST_CASE("a kill that was asked for while the node was away is carried out on its return") {
    Scheduler s = with_running_task();
    s.disconnect("n1");
    s(sched::Kill{TaskId{1}});
    CHECK(s.last.effects.orders.empty());
    s.hello("n1", machine(2), {said(1, AttemptPhase::running)});
    CHECK(orders(s).stop.size() == 1);
}

TEST_CASE("two runners cannot share a name, one runner may reconnect") {
    Scheduler s;
    s.hello("n1", machine(2));
    NodeInventory other = machine(2);
    other.state_id = "elsewhere";
    s.hello("n1", other);
    REQUIRE(s.last.refused);
    CHECK(s.last.refused->code == Errc::conflict);
    CHECK(s.session_of("n1") == sched::SessionId{1});
    s.hello("n1", machine(2));
    CHECK(!s.last.refused);
    CHECK(s.last.effects.dropped == std::vector{sched::SessionId{1}});
    // What the old connection still says counts for nothing.
    s(sched::NodeGone{sched::SessionId{1}, NodeName{"n1"}});
    CHECK(s.state.nodes.at(NodeName{"n1"}).online());
}

TEST_CASE("a node is removed only when it is gone and empty") {
    Scheduler s = with_running_task();
    s(sched::RemoveNode{NodeName{"n1"}});
    CHECK(s.last.refused->code == Errc::conflict);
    s.disconnect("n1");
    s(sched::RemoveNode{NodeName{"n1"}});
    CHECK(s.last.refused->message == "node 'n1' still has tasks; kill them first");
    s.pass(31s);
    s(sched::Kill{TaskId{1}});
    s(sched::RemoveNode{NodeName{"n1"}});
    CHECK(!s.last.refused);
    CHECK(s.state.nodes.empty());
}

TEST_CASE("a Host that restarts knows what waits and what is where") {
    Scheduler s = with_running_task();
    s.submit(job(2));
    sched::Restored restored{.next_id = s.state.next_id};
    for (const auto& [id, task] : s.state.tasks) restored.tasks.push_back(task);
    restored.nodes.push_back({.name = NodeName{"n1"}, .inventory = machine(2)});
    s.state = sched::restore({}, std::move(restored), s.now);
    CHECK(s.state_of(1) == "running");
    CHECK(s.state_of(2) == "pending");
    CHECK(s.state.nodes.at(NodeName{"n1"}).ledger.cores_free() == 1);
    s.hello("n1", machine(2), {said(1, AttemptPhase::ended)});
    CHECK(s.state_of(2) == "assigning");
}
