#include "exec/process_tree.hpp"
#include "process_rig.hpp"

#include <sys/mount.h>
#include <sys/wait.h>

using namespace hk;
using namespace hk::test;
using namespace std::chrono_literals;

namespace {

constexpr char until_go[] = "while [ ! -e go ]; do sleep 0.02; done; exit 5";

void let_go(const ExecutorRig& rig) { std::ofstream(rig.settings.shared_dir / "shared_data" / "go").put('x'); }

/// Starts the script in a runner of its own process, waits until it runs, and kills that runner with -9.
AttemptId run_and_lose_runner(const std::filesystem::path& dir, const std::string& script) {
    const int child = ::fork();
    if (child == 0) {
        auto* rig = process_rig(dir).release();
        rig->leave_it = true;
        rig->await<exec::Started>(rig->shell(1, script));
        ::kill(::getpid(), SIGKILL);
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    REQUIRE(WIFSIGNALED(status));
    return AttemptId{TaskId{1}, 1};
}

void recover_all(ExecutorRig& rig) {
    const auto recorded = rig.spool.records();
    CHECK(recorded.problems.empty());
    for (const auto& record : recorded.records) rig.executor->recover(record.assignment);
}

} // namespace

TEST_CASE("a runner that is killed loses nothing") {
    const TempDir dir;
    const auto id = run_and_lose_runner(dir.path(), until_go);
    const auto rig = process_rig(dir.path());
    recover_all(*rig);
    rig->await<exec::Started>(id);
    let_go(*rig);
    CHECK(rig->outcome(id).exit_code == 5);
    CHECK(rig->outcome(id).reason == EndReason::exited);
}

TEST_CASE("a task that ended while there was no runner is reported with its true end") {
    const TempDir dir;
    const auto id = run_and_lose_runner(dir.path(), "sleep 0.1; exit 9");
    ProcessRig rig(dir.path());
    REQUIRE(rig.wait([&] { return rig.record(id).find("\ngone ") != std::string::npos; }));
    rig.open();
    recover_all(rig);
    CHECK(rig.outcome(id).exit_code == 9);
}

TEST_CASE("a stop that a killed runner began is finished by the next") {
    const TempDir dir;
    const int child = ::fork();
    if (child == 0) {
        auto* rig = process_rig(dir.path()).release();
        rig->leave_it = true;
        const auto id = rig->shell(1, "trap '' TERM; echo ready; while :; do sleep 0.05; done");
        rig->await<exec::Started>(id); // a stop that comes earlier is not on record yet
        rig->wait([&] { return !rig->output(id).empty(); });
        rig->executor->stop(id, 1s);
        ::kill(::getpid(), SIGKILL);
    }
    ::waitpid(child, nullptr, 0);
    const auto rig = process_rig(dir.path());
    recover_all(*rig);
    const Outcome outcome = rig->outcome(AttemptId{TaskId{1}, 1});
    CHECK(outcome.reason == EndReason::killed);
    CHECK(outcome.signal == SIGKILL);
}

TEST_CASE("a keeper that is killed loses nothing and is replaced") {
    const TempDir dir;
    const auto rig = process_rig(dir.path());
    const auto id = rig->shell(1, until_go);
    rig->await<exec::Started>(id);
    const int keeper = rig->keeper_pid();
    REQUIRE(keeper > 1);
    ::kill(keeper, SIGKILL);
    const auto next = rig->shell(2, "exit 3"); // said to a keeper that is dying
    CHECK(rig->outcome(next).exit_code == 3);
    CHECK(rig->keeper_pid() != keeper);
    let_go(*rig);
    CHECK(rig->outcome(id).exit_code == 5);
    CHECK(rig->outcome(id).reason == EndReason::exited);
}

TEST_CASE("a keeper that is killed among many starts loses none and doubles none") {
    constexpr int tasks = 300;
    const TempDir dir;
    const auto rig = process_rig(dir.path());
    std::vector<Assignment> all;
    for (int i = 1; i <= tasks; ++i) all.push_back(rig->assignment(i, {"sh", "-c", "echo $HAKURIVER_TASK_ID"}));
    REQUIRE(rig->spool.put(std::vector<exec::NewRecord>(all.begin(), all.end())));
    for (const auto& assignment : all) rig->executor->start(assignment);
    for (const int many : {30, 120, 200}) {
        REQUIRE(rig->wait([&] { return rig->events.size() > static_cast<std::size_t>(many); }));
        if (const int keeper = rig->keeper_pid(); keeper > 1) ::kill(keeper, SIGKILL);
    }
    for (const auto& assignment : all) {
        CHECK(rig->outcome(assignment.attempt).exit_code == 0);
        CHECK(rig->output(assignment.attempt) == to_string(assignment.attempt.task) + "\n");
        CHECK(rig->count<exec::Ended>(assignment.attempt) == 1);
    }
}

TEST_CASE("a watcher that is killed loses no exit code") {
    const TempDir dir;
    bool groups = true;
    SUBCASE("with control groups") {}
    SUBCASE("without") { groups = false; }
    const auto rig = process_rig(dir.path(), groups);
    const auto id = rig->shell(1, "(setsid sleep 1000 >/dev/null 2>&1 &); " + std::string(until_go));
    rig->await<exec::Started>(id);
    const int task = rig->task_pid(id);
    ::kill(rig->watcher_pid(id), SIGKILL);
    REQUIRE(rig->wait([&] { return rig->record(id).find("\nadopted") != std::string::npos; }));
    CHECK(exec::process_state(task) != 0);
    let_go(*rig);
    CHECK(rig->outcome(id).exit_code == 5);
    CHECK(rig->outcome(id).reason == EndReason::exited);
    const std::string key = "HAKURIVER_ATTEMPT_KEY=" + rig->spool.state_id() + "/1.1";
    CHECK(rig->wait([&] { return exec::processes_with(key).empty(); })); // what is killed takes a moment to go
}

TEST_CASE("with watcher and keeper killed the task is stopped when asked, and its end is called unknown") {
    const TempDir dir;
    bool groups = true;
    SUBCASE("with control groups") {}
    SUBCASE("without") { groups = false; }
    const auto rig = process_rig(dir.path(), groups);
    const auto id = rig->shell(1, "sleep 1000");
    rig->await<exec::Started>(id);
    const int task = rig->task_pid(id);
    ::kill(rig->keeper_pid(), SIGSTOP); // so that it does not adopt the task first
    ::kill(rig->watcher_pid(id), SIGKILL);
    ::kill(rig->keeper_pid(), SIGKILL);
    rig->wait([&] { return rig->find<exec::Ended>(id) != nullptr; }, 1);
    CHECK(rig->find<exec::Ended>(id) == nullptr);
    CHECK(exec::process_state(task) == 'S');
    rig->executor->stop(id, 10s);
    const Outcome outcome = rig->outcome(id);
    CHECK(exec::process_state(task) != 'S');
    CHECK(outcome.reason != EndReason::exited);
    CHECK(outcome.message.find("not known") != std::string::npos);
}

TEST_CASE("an attempt of an earlier boot was interrupted") {
    const TempDir dir;
    ProcessRig rig(dir.path());
    const auto lost = rig.assignment(1, {"sleep", "1000"});
    const auto known = rig.assignment(2, {"true"});
    REQUIRE(rig.spool.put(std::vector<exec::NewRecord>{lost, known}));
    for (const auto id : {lost.attempt, known.attempt}) {
        REQUIRE(rig.spool.append(id, "forked 1 1 1 another-boot"));
        REQUIRE(rig.spool.append(id, "started 1700000000000000"));
    }
    REQUIRE(rig.spool.append(known.attempt, "exited 4 1700000001000000"));
    rig.open();
    recover_all(rig);
    CHECK(rig.outcome(lost.attempt).reason == EndReason::interrupted);
    CHECK(rig.outcome(lost.attempt).started_at == from_micros(1700000000000000));
    CHECK(rig.outcome(known.attempt).exit_code == 4); // the exit code was on disk already
}

TEST_CASE("what a task leaves behind ends with it") {
    const TempDir dir;
    bool groups = true;
    SUBCASE("with control groups") {}
    SUBCASE("without") { groups = false; }
    const auto rig = process_rig(dir.path(), groups);
    const auto id = rig->shell(1, "(setsid sh -c 'trap \"\" TERM; echo $$ > pid; while :; do sleep 0.05; done' &) ; "
                                  "while [ ! -s pid ]; do sleep 0.02; done; exit 6");
    CHECK(rig->outcome(id).exit_code == 6);
    const int left = std::atoi(slurp(rig->settings.shared_dir / "shared_data" / "pid").c_str());
    REQUIRE(left > 1);
    CHECK(exec::process_state(left) == 0);
}

TEST_CASE("kill reaches processes that ignore TERM and have left their session and parent") {
    const TempDir dir;
    bool groups = true;
    SUBCASE("with control groups") {}
    SUBCASE("without") { groups = false; }
    const auto rig = process_rig(dir.path(), groups);
    const auto id =
        rig->shell(1, "(setsid sh -c 'trap \"\" TERM; (setsid sh -c \"trap \\\"\\\" TERM; echo \\$\\$ > pid; "
                      "while :; do sleep 0.05; done\" &) ; while :; do sleep 0.05; done' &) ; sleep 1000");
    const auto pid_file = rig->settings.shared_dir / "shared_data" / "pid";
    REQUIRE(rig->wait([&] { return !slurp(pid_file).empty(); }));
    rig->executor->stop(id, 200ms);
    CHECK(rig->outcome(id).reason == EndReason::killed);
    CHECK(exec::process_state(std::atoi(slurp(pid_file).c_str())) == 0);
    CHECK(exec::processes_with("HAKURIVER_ATTEMPT_KEY=" + rig->spool.state_id() + "/1.1").empty());
}

TEST_CASE("the grace of a stop holds for children of a command that ends at once") {
    const TempDir dir;
    const auto rig = process_rig(dir.path());
    // dash ends by TERM; its child needs longer than what is left behind gets without a stop.
    const auto id = rig->shell(
        1, "sh -c 'trap \"sleep 3; echo saved; exit 0\" TERM; echo ready; while :; do sleep 0.05; done'; true");
    REQUIRE(rig->wait([&] { return !rig->output(id).empty(); }));
    rig->executor->stop(id, 15s);
    CHECK(rig->outcome(id).reason == EndReason::killed);
    CHECK(rig->output(id) == "ready\nsaved\n");
}

TEST_CASE("a disk that is full holds an exit code back and does not lose it") {
    const TempDir dir;
    const auto state = dir.path() / "state";
    std::filesystem::create_directories(state);
    if (::mount("tmpfs", state.c_str(), "tmpfs", 0, "size=4m") != 0) {
        MESSAGE("SKIPPED: a small disk cannot be mounted here");
        return;
    }
    {
        const auto rig = process_rig(dir.path());
        const auto id = rig->shell(1, until_go);
        rig->await<exec::Started>(id);
        // The record must be at the end of its page, so that the next fact needs a new one.
        const auto size = rig->record(id).size();
        REQUIRE(rig->spool.append(id, std::string(4096 - size % 4096 - 2, 'x')));
        std::ofstream filler(state / "filler", std::ios::binary);
        const std::string block(4096, 'x');
        while (filler.write(block.data(), static_cast<std::streamsize>(block.size())).flush()) {
        }
        let_go(*rig);
        rig->wait([&] { return rig->find<exec::Ended>(id) != nullptr; }, 1);
        CHECK(rig->find<exec::Ended>(id) == nullptr);
        filler.close();
        std::filesystem::remove(state / "filler");
        CHECK(rig->outcome(id).exit_code == 5);
        rig->executor->forget(id);
    }
    ::umount2(state.c_str(), MNT_DETACH);
}
