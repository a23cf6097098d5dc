#include "support/scheduler.hpp"

#include <doctest/doctest.h>

using namespace hk;
using namespace hk::test;

namespace {

const sched::Ended& last_word(const Scheduler& s) { return std::get<sched::Ended>(s.last.effects.tasks.at(0).phase); }

} // namespace

TEST_CASE("the life of a task") {
    Scheduler s;
    s.hello("n1", machine(2));
    s.submit(job());
    REQUIRE(s.last.effects.attempts.size() == 1);
    CHECK(s.last.effects.attempts[0].state == TaskState::assigning);
    s.report("n1", {said(1, AttemptPhase::running, s.now.wall)});
    CHECK(s.state_of(1) == "running");
    CHECK(s.last.effects.events.at(0).kind == "running");
    s.report("n1", {said(1, AttemptPhase::running, s.now.wall)});
    CHECK(s.last.effects.tasks.empty()); // nothing new, nothing to save
    s.report("n1", {said(1, AttemptPhase::ended, s.now.wall)});
    CHECK(s.state_of(1) == "gone");
    CHECK(sched::state_of(s.last.effects.tasks.at(0)) == TaskState::completed);
    CHECK(s.last.effects.attempts.at(0).outcome->exit_code == 0);
    CHECK(s.state.nodes.at(NodeName{"n1"}).ledger.cores_free() == 2);
}

TEST_CASE("a result that comes again is forgotten again") {
    Scheduler s;
    s.hello("n1", machine(2));
    s.submit(job());
    s.report("n1", {said(1, AttemptPhase::ended)});
    s.report("n1", {said(1, AttemptPhase::ended)});
    CHECK(s.last.effects.tasks.empty());
    CHECK(s.last.effects.orders.at(NodeName{"n1"}).forget.size() == 1);
}

TEST_CASE("kill: a waiting task ends at once, a placed one when its node says so") {
    Scheduler s;
    s.submit(job());
    s(sched::Kill{TaskId{1}});
    CHECK(last_word(s).outcome.reason == EndReason::killed);
    CHECK(!last_word(s).placement);

    s.hello("n1", machine(2));
    s.submit(job());
    s(sched::Kill{TaskId{2}});
    CHECK(s.state_of(2) == "assigning");
    CHECK(s.state.tasks.at(TaskId{2}).kill_requested);
    CHECK(s.last.effects.orders.at(NodeName{"n1"}).stop.at(0).attempt.task == TaskId{2});
    s(sched::Kill{TaskId{2}}); // asked again, ordered again, saved once
    CHECK(s.last.effects.tasks.empty());
    CHECK(s.last.effects.orders.at(NodeName{"n1"}).stop.size() == 1);
    AttemptReport killed = said(2, AttemptPhase::ended);
    killed.outcome->reason = EndReason::killed;
    s.report("n1", {killed});
    CHECK(sched::state_of(s.last.effects.tasks.at(0)) == TaskState::killed);
    s(sched::Kill{TaskId{2}});
    CHECK(s.last.refused->code == Errc::not_found);
}

TEST_CASE("a task that is paused before it starts waits outside the queue") {
    Scheduler s;
    s.submit(job());
    s.submit(job());
    s(sched::Pause{TaskId{1}});
    CHECK(s.state_of(1) == "paused");
    CHECK(sched::state_of(s.last.effects.tasks.at(0)) == TaskState::paused);
    s(sched::Pause{TaskId{1}});
    CHECK(s.last.refused->message == "task 1 cannot be paused: it is paused already");
    s.hello("n1", machine(1));
    CHECK(s.state_of(1) == "paused");
    CHECK(s.state_of(2) == "assigning"); // the next one passes it
    CHECK(s.why(1) == "it was paused before it started; resume lets it go on");
    s(sched::Resume{TaskId{1}});
    CHECK(s.state_of(1) == "pending");
    s.report("n1", {said(2, AttemptPhase::ended)});
    CHECK(s.state_of(1) == "assigning");

    s.submit(job());
    s(sched::Pause{TaskId{3}});
    s(sched::Kill{TaskId{3}});
    CHECK(sched::state_of(s.last.effects.tasks.at(0)) == TaskState::killed);
    CHECK(s.state.queue.size() == 0);
}

TEST_CASE("a task that is paused before it starts still is after a restart of the Host") {
    Scheduler s;
    s.submit(job());
    s(sched::Pause{TaskId{1}});
    sched::Restored restored{.tasks = {s.state.tasks.at(TaskId{1})}, .next_id = 2};
    s.state = sched::restore({}, std::move(restored), s.now);
    CHECK(s.state_of(1) == "paused");
    s.hello("n1", machine(1));
    CHECK(s.state_of(1) == "paused");
    s(sched::Resume{TaskId{1}});
    CHECK(s.state_of(1) == "assigning");
}

TEST_CASE("pause and resume say why they cannot be done") {
    Scheduler s;
    const auto refused = [&](const sched::Event& event) {
        s(event);
        return s.last.refused ? s.last.refused->message : "ordered";
    };
    s.submit(job());
    s.hello("n1", machine(2));
    CHECK(refused(sched::Pause{TaskId{1}}) == "task 1 cannot be paused: it is just being started");
    s.report("n1", {said(1, AttemptPhase::running)});
    CHECK(refused(sched::Resume{TaskId{1}}) == "task 1 cannot be resumed: it is not paused");
    CHECK(refused(sched::Pause{TaskId{1}}) == "ordered");
    s.report("n1", {said(1, AttemptPhase::paused)});
    CHECK(s.state_of(1) == "paused");
    CHECK(s.state.nodes.at(NodeName{"n1"}).ledger.cores_free() == 1); // paused tasks keep what they hold
    CHECK(refused(sched::Pause{TaskId{1}}) == "task 1 cannot be paused: it is paused already");
    s.disconnect("n1");
    CHECK(refused(sched::Resume{TaskId{1}}) == "task 1 cannot be resumed: its node is offline");
}
