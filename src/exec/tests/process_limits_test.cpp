#include "exec/cgroup_file.hpp"
#include "exec/process_tree.hpp"
#include "process_rig.hpp"

using namespace hk;
using namespace hk::test;
using namespace std::chrono_literals;

namespace {

std::int64_t cpu_ticks(int pid) {
    const std::string text = slurp("/proc/" + std::to_string(pid) + "/stat");
    std::istringstream rest(text.substr(text.rfind(')') + 2));
    std::string word;
    for (int field = 3; field <= 13; ++field) rest >> word;
    std::int64_t user = 0;
    std::int64_t system = 0;
    rest >> user >> system;
    return user + system;
}

bool can_limit(ProcessRig& rig) {
    if (rig.executor->offer().warnings.empty()) return true;
    MESSAGE("SKIPPED: " << rig.executor->offer().warnings.front());
    return false;
}

} // namespace

TEST_CASE("a paused task uses no CPU time at all") {
    bool groups = true;
    SUBCASE("with control groups") {}
    SUBCASE("without") { groups = false; }
    const TempDir dir;
    const auto rig = process_rig(dir.path(), groups);
    const auto id = rig->shell(1, "(setsid sh -c 'echo $$ > pid; while :; do :; done' &); while :; do :; done");
    const auto pid_file = rig->settings.shared_dir / "shared_data" / "pid";
    REQUIRE(rig->wait([&] { return !slurp(pid_file).empty(); }));
    rig->await<exec::Started>(id);
    const int daemon = std::atoi(slurp(pid_file).c_str());
    const int task = rig->task_pid(id);
    REQUIRE(rig->wait([&] { return cpu_ticks(daemon) > 2 && cpu_ticks(task) > 2; }));
    rig->executor->pause(id);
    rig->await<exec::Paused>(id);
    const auto before = cpu_ticks(daemon) + cpu_ticks(task);
    rig->wait([] { return false; }, 1);
    CHECK(cpu_ticks(daemon) + cpu_ticks(task) == before);
    rig->executor->resume(id);
    rig->await<exec::Resumed>(id);
    CHECK(rig->wait([&] { return cpu_ticks(daemon) > 0 && cpu_ticks(daemon) + cpu_ticks(task) > before + 2; }));
    rig->executor->stop(id, 5s);
    CHECK(rig->outcome(id).reason == EndReason::killed);
    CHECK(rig->outcome(id).cpu_time > Duration::zero());
}

TEST_CASE("a command that starts others all the time can be paused at any moment") {
    const TempDir dir;
    const auto rig = process_rig(dir.path(), false);
    const auto id = rig->shell(1, "while :; do /bin/true; done"); // the shell waits in vfork most of the time
    rig->await<exec::Started>(id);
    for (int i = 1; i <= 30; ++i) {
        rig->executor->pause(id);
        REQUIRE(rig->wait([&] { return rig->count<exec::Paused>(id) == i; }));
        rig->executor->resume(id);
        REQUIRE(rig->wait([&] { return rig->count<exec::Resumed>(id) == i; }));
    }
    CHECK(rig->count<exec::Refused>(id) == 0);
    rig->executor->stop(id, 5s);
    CHECK(rig->outcome(id).reason == EndReason::killed);
}

TEST_CASE("a paused attempt is still paused for the next life of the runner") {
    const TempDir dir;
    auto rig = process_rig(dir.path());
    const auto id = rig->shell(1, "sleep 1000");
    rig->await<exec::Started>(id);
    rig->executor->pause(id);
    rig->await<exec::Paused>(id);
    rig.reset();
    rig = process_rig(dir.path());
    rig->executor->recover(rig->assignment(1, {"sleep", "1000"}));
    rig->await<exec::Paused>(id);
    rig->executor->resume(id);
    rig->await<exec::Resumed>(id);
    rig->executor->stop(id, 5s);
    CHECK(rig->outcome(id).reason == EndReason::killed);
}

TEST_CASE("a task over its memory limit ends as out of memory, with limit and peak") {
    const TempDir dir;
    const auto rig = process_rig(dir.path());
    if (!can_limit(*rig)) return;
    rig->prototype.memory = Bytes{50'000'000};
    // The shell's own variables grow without another process.
    const auto alone = rig->start(1, {"sh", "-c", "x=aaaaaaaaaaaaaaaa; while :; do x=$x$x; done"});
    const auto survivor = rig->start(2, {"sh", "-c", "sh -c 'x=aaaaaaaaaaaaaaaa; while :; do x=$x$x; done'; exit 0"});
    const Outcome outcome = rig->outcome(alone);
    CHECK(outcome.reason == EndReason::oom);
    CHECK(outcome.exit_code == 137);
    CHECK(outcome.message.find("limit of 50 MB") != std::string::npos);
    CHECK(outcome.message.find("peak") != std::string::npos);
    CHECK(outcome.peak_memory > Bytes{10'000'000});
    CHECK(rig->outcome(survivor).reason == EndReason::exited);
    CHECK(rig->outcome(survivor).exit_code == 0);
    CHECK(!rig->outcome(survivor).message.empty());
    CHECK(rig->find<exec::Started>(alone)->warnings.empty());
}

TEST_CASE("a task gets the CPU time of its cores") {
    const TempDir dir;
    const auto rig = process_rig(dir.path());
    if (!can_limit(*rig)) return;
    rig->prototype.cores = 1;
    const auto id = rig->shell(1, "cat /proc/self/cgroup; sleep 1000");
    rig->await<exec::Started>(id);
    REQUIRE(rig->wait([&] { return rig->output(id).find("1.1") != std::string::npos; }));
    CHECK(rig->await<exec::Started>(id).warnings.empty());
    const auto group = exec::CgroupTree::find(rig->spool.state_id()).existing(id);
    CHECK(!group.join_files().empty());
    CHECK(group.processes().size() >= 1);
    rig->executor->stop(id, 5s);
    rig->outcome(id);
    CHECK(group.processes().empty());
    rig->executor->forget(id);
    CHECK(rig->wait([&] { return exec::CgroupTree::find(rig->spool.state_id()).existing(id).empty(); }));
}

TEST_CASE("without control groups the limits are said not to be in force") {
    const TempDir dir;
    const auto rig = process_rig(dir.path(), false);
    CHECK(rig->executor->offer().available);
    CHECK(rig->executor->offer().warnings.size() == 1);
    rig->prototype.memory = Bytes{50'000'000};
    const auto id = rig->shell(1, "true");
    const auto started = rig->await<exec::Started>(id);
    REQUIRE(!started.warnings.empty());
    CHECK(started.warnings.back() == "the memory limit of 50 MB is not enforced on this node");
}
