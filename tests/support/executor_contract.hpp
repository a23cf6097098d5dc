#pragma once
#include "support/executor_rig.hpp"

#include <csignal>

/// What every executor must do, the in-memory one included. Call it in a TEST_CASE: each SUBCASE gets a rig of its own.
namespace hk::test {

/// Makes a rig whose executor is open. A second one for the same directory is a later life of the same runner.
using RigMaker = std::function<std::unique_ptr<ExecutorRig>(const std::filesystem::path& dir)>;

inline void check_ends(const RigMaker& make, const TempDir& dir) {
    const auto rig = make(dir.path());
    const auto fine = rig->shell(1, "echo out; echo err >&2");
    const auto wrong = rig->shell(2, "exit 7");
    const auto signalled = rig->shell(3, "kill -9 $$");
    CHECK(rig->outcome(fine).reason == EndReason::exited);
    CHECK(rig->outcome(fine).exit_code == 0);
    CHECK(rig->output(fine) == "out\n");
    CHECK(rig->errors(fine) == "err\n");
    CHECK(rig->count<exec::Started>(fine) == 1);
    CHECK(rig->outcome(fine).started_at == rig->find<exec::Started>(fine)->at);
    CHECK(rig->outcome(fine).finished_at >= *rig->outcome(fine).started_at);
    CHECK(rig->outcome(wrong).exit_code == 7);
    CHECK(rig->outcome(signalled).reason == EndReason::exited);
    CHECK(rig->outcome(signalled).exit_code == 137);
}

inline void check_not_started(const RigMaker& make, const TempDir& dir) {
    const auto rig = make(dir.path());
    const auto missing = rig->start(1, {"no-such-command-anywhere"});
    const auto plain = rig->start(2, {"/etc/passwd"});
    const Outcome none = rig->outcome(missing);
    CHECK(none.reason == EndReason::not_started);
    CHECK(none.exit_code == 127);
    CHECK(none.message.find("no-such-command-anywhere") != std::string::npos);
    CHECK(rig->outcome(plain).reason == EndReason::not_started);
    CHECK(rig->outcome(plain).exit_code == 126);
    CHECK(rig->count<exec::Started>(missing) == 0);
}

inline void check_arguments(const RigMaker& make, const TempDir& dir) {
    const auto rig = make(dir.path());
    const std::string odd = "a b\n\"c'\\$(x)`y`;\t*";
    const auto id = rig->start(1, {"sh", "-c", "printf '%s|' \"$@\"", "sh", odd, "", "\xff\xfe", "--", "-n"});
    CHECK(rig->outcome(id).exit_code == 0);
    CHECK(rig->output(id) == odd + "||\xff\xfe|--|-n|");
}

inline void check_environment(const RigMaker& make, const TempDir& dir) {
    const auto rig = make(dir.path());
    rig->prototype.env = {{"MINE", "a b\nc=d"}, {"HAKURIVER_TASK_ID", "forged"}};
    const auto id =
        rig->shell(5, "printf '%s|' \"$MINE\" $HAKURIVER_TASK_ID $HAKURIVER_ATTEMPT $HAKURIVER_NODE \"$TERM\"");
    CHECK(rig->outcome(id).exit_code == 0);
    CHECK(rig->output(id) == "a b\nc=d|5|5.1|n1||");
}

inline void check_starts_once(const RigMaker& make, const TempDir& dir) {
    const auto rig = make(dir.path());
    const auto id = rig->shell(1, "echo once");
    rig->executor->start(rig->assignment(1, {"sh", "-c", "echo once"}));
    rig->outcome(id);
    const auto other = rig->shell(2, "true");
    rig->outcome(other);
    CHECK(rig->output(id) == "once\n");
    CHECK(rig->count<exec::Ended>(id) == 1);
}

inline void check_stop(const RigMaker& make, const TempDir& dir) {
    using namespace std::chrono_literals;
    const auto rig = make(dir.path());
    rig->executor->stop(AttemptId{TaskId{99}, 1}, 1s); // unknown: ignored
    const auto gentle = rig->shell(1, "trap 'echo bye; exit 3' TERM; while :; do sleep 0.05; done");
    const auto stubborn = rig->shell(2, "trap '' TERM; while :; do sleep 0.05; done");
    rig->await<exec::Started>(gentle);
    rig->await<exec::Started>(stubborn);
    rig->wait([&] { return false; }, 1); // until the shells have set their traps
    rig->executor->stop(gentle, 20s);
    rig->executor->stop(stubborn, 100ms);
    CHECK(rig->outcome(gentle).reason == EndReason::killed);
    CHECK(rig->outcome(gentle).exit_code == 3);
    CHECK(rig->output(gentle) == "bye\n");
    CHECK(rig->outcome(stubborn).reason == EndReason::killed);
    CHECK(rig->outcome(stubborn).exit_code == 137);
}

inline void check_pause(const RigMaker& make, const TempDir& dir) {
    const auto rig = make(dir.path());
    const AttemptId unknown{TaskId{99}, 1};
    rig->executor->pause(unknown);
    rig->await<exec::Refused>(unknown);
    const auto id = rig->shell(1, "while :; do echo x; sleep 0.02; done");
    rig->await<exec::Started>(id);
    REQUIRE(rig->wait([&] { return !rig->output(id).empty(); }));
    rig->executor->pause(id);
    rig->await<exec::Paused>(id);
    const auto size = rig->output(id).size();
    rig->wait([&] { return rig->output(id).size() > size; }, 1);
    CHECK(rig->output(id).size() == size);
    rig->executor->resume(id);
    rig->await<exec::Resumed>(id);
    CHECK(rig->wait([&] { return rig->output(id).size() > size; }));
    rig->executor->pause(id);
    REQUIRE(rig->wait([&] { return rig->count<exec::Paused>(id) == 2; }));
    rig->executor->stop(id, std::chrono::seconds(20)); // a paused attempt ends in order, not after the grace
    CHECK(rig->outcome(id).reason == EndReason::killed);
}

inline void check_recover(const RigMaker& make, const TempDir& dir) {
    auto rig = make(dir.path());
    const auto running = rig->shell(1, "while [ ! -e go ]; do sleep 0.02; done; exit 5");
    const auto finished = rig->shell(2, "exit 6");
    const auto never = rig->assignment(3, {"sh", "-c", "exit 8"}); // in the spool, and then the runner died
    rig->record(never);
    rig->await<exec::Started>(running);
    CHECK(rig->outcome(finished).exit_code == 6);
    rig.reset();
    rig = make(dir.path());
    const auto recorded = rig->spool.records();
    REQUIRE(recorded.records.size() == 3);
    for (const auto& record : recorded.records) rig->executor->recover(record.assignment);
    rig->await<exec::Started>(running);
    CHECK(rig->find<exec::Ended>(running) == nullptr);
    std::ofstream(rig->settings.shared_dir / "shared_data" / "go").put('x');
    CHECK(rig->outcome(running).exit_code == 5);
    CHECK(rig->outcome(finished).exit_code == 6);
    CHECK(rig->outcome(never.attempt).exit_code == 8);
    for (const auto id : {running, finished, never.attempt}) CHECK(rig->count<exec::Ended>(id) == 1);
}

inline void check_forget(const RigMaker& make, const TempDir& dir) {
    const auto rig = make(dir.path());
    const auto id = rig->shell(1, "true");
    rig->outcome(id);
    CHECK(rig->spool.contains(id));
    rig->executor->forget(id);
    CHECK(!rig->spool.contains(id));
    rig->executor->forget(id); // again: ignored
    rig->executor->stop(id, Duration::zero());
    CHECK(rig->count<exec::Ended>(id) == 1);
}

inline void executor_contract(const RigMaker& make) {
    const TempDir dir;
    SUBCASE("the true end is reported") { check_ends(make, dir); }
    SUBCASE("a command that cannot be executed says so as shells do") { check_not_started(make, dir); }
    SUBCASE("arguments arrive byte for byte") { check_arguments(make, dir); }
    SUBCASE("the environment is the task's own") { check_environment(make, dir); }
    SUBCASE("a second start is ignored") { check_starts_once(make, dir); }
    SUBCASE("stop is TERM, then KILL") { check_stop(make, dir); }
    SUBCASE("pause really stops and resume goes on") { check_pause(make, dir); }
    SUBCASE("attempts outlive the executor") { check_recover(make, dir); }
    SUBCASE("forget leaves nothing") { check_forget(make, dir); }
}

} // namespace hk::test
