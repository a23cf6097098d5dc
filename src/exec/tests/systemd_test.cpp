// Runs in a machine whose PID 1 is systemd, as root; tests/lab boots one. Elsewhere every case says
// that it is skipped.
#include "exec/systemd_executor.hpp"
#include "exec/unit_plan.hpp"
#include "support/executor_contract.hpp"
#include "support/second_numa_node.hpp"

#include <array>
#include <cstdio>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>

using namespace hk;
using namespace hk::test;
using namespace std::chrono_literals;

namespace {

std::string output_of(const std::string& command) {
    std::string output;
    FILE* pipe = ::popen(command.c_str(), "r");
    std::array<char, 4096> buffer{};
    while (pipe != nullptr && std::fgets(buffer.data(), buffer.size(), pipe) != nullptr) output += buffer.data();
    if (pipe != nullptr) ::pclose(pipe);
    return output;
}

bool can_be_root() { return ::geteuid() == 0 || output_of("sudo -n id -u 2>&1") == "0\n"; }

/// As the one who may see and do everything with the units, "systemctl" leading to their manager.
std::string run(const std::string& command) {
    static const bool root = can_be_root();
    if (!root) return output_of("systemctl() { command systemctl --user \"$@\"; }; " + command);
    return output_of(::geteuid() == 0 ? command : "sudo -n sh -c \"" + command + "\"");
}

std::unique_ptr<exec::Executor> open_systemd_executor(ExecutorRig& rig) {
    auto opened = exec::SystemdExecutor::open(rig.loop, rig.spool, rig.settings, rig);
    REQUIRE_MESSAGE(opened, (opened ? "" : opened.error().message));
    REQUIRE_MESSAGE((*opened)->offer().available, (*opened)->offer().problem);
    return std::move(*opened);
}

/// What a rig needs changed before its executor is opened.
using Adjust = std::function<void(exec::ExecSettings&)>;

std::unique_ptr<ExecutorRig> systemd_rig(const std::filesystem::path& dir, const Adjust& adjust = {}) {
    auto rig = std::make_unique<ExecutorRig>(dir, open_systemd_executor);
    if (adjust) adjust(rig->settings);
    rig->open();
    return rig;
}

bool has_systemd() {
    const bool there = std::filesystem::exists("/run/systemd/system");
    if (!there) MESSAGE("skipped: systemd does not run this machine");
    return there;
}

std::string unit_of(AttemptId id) { return exec::unit_name(id); }

bool unit_is_known(AttemptId id) {
    return run("systemctl list-units --all --no-legend --plain '" + unit_of(id) + "'").find(unit_of(id)) !=
           std::string::npos;
}

/// A user's own systemd may have no say over limits; then the executor warns of it.
bool limits_hold() {
    const TempDir dir;
    const auto rig = systemd_rig(dir.path());
    const auto warnings = rig->executor->offer().warnings;
    if (!warnings.empty()) MESSAGE("skipped: " << warnings.front());
    return warnings.empty();
}

std::vector<std::string> warnings_of(ExecutorRig& rig, AttemptId id) { return rig.await<exec::Started>(id).warnings; }

} // namespace

TEST_CASE("contract: systemd") {
    if (!has_systemd()) return;
    executor_contract([](const std::filesystem::path& dir) { return systemd_rig(dir); });
}

TEST_CASE("a CPU quota holds") {
    if (!has_systemd() || !limits_hold()) return;
    const TempDir dir;
    const auto rig = systemd_rig(dir.path());
    rig->prototype.cores = 1;
    // Two loops for two seconds each, on one core: about two seconds of CPU time, not four.
    const auto id =
        rig->shell(1, "timeout 2 sh -c 'while :; do :; done' & timeout 2 sh -c 'while :; do :; done' & wait");
    CHECK(warnings_of(*rig, id).empty());
    const Outcome outcome = rig->outcome(id);
    CHECK(rig->record(id).find("\nlimits 1000000 0\n") != std::string::npos);
    REQUIRE(outcome.cpu_time);
    REQUIRE(outcome.started_at);
    const auto time = outcome.finished_at - *outcome.started_at; // two loops could use twice that
    MESSAGE("CPU time " << outcome.cpu_time->count() / 1000 << " ms in " << time.count() / 1000 << " ms");
    CHECK(*outcome.cpu_time < time + time / 4);
}

TEST_CASE("a task over its memory limit is killed for it") {
    if (!has_systemd() || !limits_hold()) return;
    const TempDir dir;
    const auto rig = systemd_rig(dir.path());
    rig->prototype.memory = Bytes{64'000'000};
    const auto id = rig->start(1, {"dd", "if=/dev/zero", "of=/dev/null", "bs=200M", "count=1"});
    CHECK(warnings_of(*rig, id).empty());
    const Outcome outcome = rig->outcome(id);
    CHECK(outcome.reason == EndReason::oom);
    CHECK(outcome.exit_code == 137);
    CHECK(outcome.message.find("limit of 64 MB") != std::string::npos);
    REQUIRE(outcome.peak_memory);
    CHECK(outcome.peak_memory->value > 50'000'000);
    CHECK(outcome.peak_memory->value < 70'000'000);
    const auto inside = rig->start(2, {"dd", "if=/dev/zero", "of=/dev/null", "bs=20M", "count=1"});
    CHECK(rig->outcome(inside).exit_code == 0);
}

TEST_CASE("a task that daemonises itself and ignores TERM leaves nothing behind") {
    if (!has_systemd()) return;
    const TempDir dir;
    const auto rig = systemd_rig(dir.path());
    const auto id = rig->shell(1, "trap '' TERM; (trap '' TERM; setsid sh -c 'sleep 1234.5' & ) & (trap '' "
                                  "TERM; setsid setsid sleep 1234.5 &) ; echo up; sleep 1234.5");
    REQUIRE(rig->wait([&] { return run("pgrep -fc 'sleep 1234.5'").find_first_of("3456789") == 0; }));
    rig->executor->stop(id, 300ms);
    CHECK(rig->outcome(id).reason == EndReason::killed);
    CHECK(run("pgrep -f 'sleep 1234[.]5'").empty());
    CHECK(rig->wait([&] { return !unit_is_known(id); }));
}

TEST_CASE("what a task leaves running ends with it") {
    if (!has_systemd()) return;
    const TempDir dir;
    const auto rig = systemd_rig(dir.path());
    const auto id = rig->shell(1, "setsid sleep 2345.6 & exit 4");
    CHECK(rig->outcome(id).exit_code == 4);
    CHECK(run("pgrep -f 'sleep 2345[.]6'").empty());
}

TEST_CASE("nothing of a task can be read in its unit") {
    if (!has_systemd()) return;
    const TempDir dir;
    const auto rig = systemd_rig(dir.path());
    rig->prototype.env = {{"TOKEN", "very-secret"}};
    const auto id = rig->start(1, {"sh", "-c", "sleep 30", "also-secret"});
    rig->await<exec::Started>(id);
    const std::string shown = run("systemctl show " + unit_of(id));
    CHECK(shown.find("SubState=running") != std::string::npos);
    CHECK(shown.find("secret") == std::string::npos);
    CHECK(std::filesystem::is_empty(dir.path() / "state/starts"));
    rig->executor->stop(id, 5s);
    CHECK(rig->outcome(id).reason == EndReason::killed);
}

TEST_CASE("an administrator who stops the unit ends the task, and its true end is told") {
    if (!has_systemd()) return;
    const TempDir dir;
    const auto rig = systemd_rig(dir.path());
    const auto id = rig->shell(1, "trap 'exit 9' TERM; while :; do sleep 0.05; done");
    rig->await<exec::Started>(id);
    rig->wait([&] { return false; }, 1); // until the shell has set its trap
    run("systemctl stop " + unit_of(id));
    const Outcome outcome = rig->outcome(id);
    CHECK(outcome.reason == EndReason::exited);
    CHECK(outcome.exit_code == 9);
}

TEST_CASE("an exit code is kept while no runner is there") {
    if (!has_systemd()) return;
    const TempDir dir;
    auto rig = systemd_rig(dir.path());
    const auto id = rig->shell(1, "while [ ! -e go ]; do sleep 0.02; done; exit 5");
    rig->await<exec::Started>(id);
    rig.reset();
    std::ofstream(dir.path() / "shared/shared_data/go").put('x');
    for (int i = 0; i < 500 && unit_is_known(id); ++i) ::usleep(20'000);
    CHECK_FALSE(unit_is_known(id));
    rig = systemd_rig(dir.path());
    const auto kept = rig->spool.records().records;
    REQUIRE(kept.size() == 1);
    rig->executor->recover(kept.front().assignment);
    CHECK(rig->outcome(id).exit_code == 5);
    CHECK(rig->count<exec::Ended>(id) == 1);
}

TEST_CASE("systemd and the message bus may be restarted under running tasks") {
    if (!has_systemd()) return;
    const TempDir dir;
    const auto rig = systemd_rig(dir.path());
    const auto id = rig->shell(1, "while [ ! -e go ]; do sleep 0.02; done; exit 6");
    rig->await<exec::Started>(id);
    run("systemctl daemon-reexec; systemctl restart dbus; systemctl daemon-reload");
    const auto meanwhile = rig->shell(2, "exit 3"); // perhaps while there is no connection
    const Outcome second = rig->outcome(meanwhile);
    CHECK_MESSAGE(second.exit_code == 3, second.message);
    std::ofstream(dir.path() / "shared/shared_data/go").put('x');
    CHECK(rig->outcome(id).exit_code == 6);
    CHECK(rig->count<exec::Started>(id) == 1);
}

TEST_CASE("a keeper that is killed is noticed, and systemd ends what it left") {
    if (!has_systemd()) return;
    const TempDir dir;
    const auto rig = systemd_rig(dir.path());
    const auto id = rig->shell(1, "sleep 3456.7 & wait");
    rig->await<exec::Started>(id);
    run("systemctl kill --kill-who=main -s KILL " + unit_of(id));
    const Outcome outcome = rig->outcome(id);
    CHECK(outcome.reason == EndReason::interrupted);
    CHECK(run("pgrep -f 'sleep 3456[.]7'").empty());
    CHECK(rig->wait([&] { return !unit_is_known(id); }));
}

TEST_CASE("many starts at once: each runs once, more than are on their way to systemd at one time") {
    if (!has_systemd()) return;
    const TempDir dir;
    const auto rig = systemd_rig(dir.path());
    constexpr int many = 100;
    const Mono before = BootClock::now();
    for (int task = 1; task <= many; ++task) rig->shell(task, "echo x; exit " + std::to_string(task));
    for (int task = 1; task <= many; ++task) {
        const AttemptId id{TaskId{task}, 1};
        CHECK(rig->outcome(id).exit_code == task);
        CHECK(rig->output(id) == "x\n");
    }
    MESSAGE(many << " tasks in " << (BootClock::now() - before).count() / 1000 << " ms");
}

TEST_CASE("a start can be taken back before systemd has it") {
    if (!has_systemd()) return;
    const TempDir dir;
    const auto rig = systemd_rig(dir.path());
    const auto id = rig->shell(1, "echo never");
    rig->executor->stop(id, 1s);
    const Outcome outcome = rig->outcome(id);
    CHECK(outcome.reason == EndReason::killed);
    CHECK(outcome.exit_code == 143);
    CHECK(rig->output(id).empty());
}

TEST_CASE("tasks run as the user that is named, in folders that root made") {
    if (!has_systemd() || !can_be_root()) return;
    const TempDir dir;
    std::filesystem::permissions(dir.path(), std::filesystem::perms::all);
    const auto rig = systemd_rig(dir.path(), [](exec::ExecSettings& settings) { settings.run_as = "nobody"; });
    const auto id = rig->shell(1, "id -un; echo $USER; cat /proc/self/status | grep -c '^CapEff:.*[1-9a-f]'");
    rig->outcome(id);
    CHECK(rig->output(id) == "nobody\nnobody\n0\n");
}

TEST_CASE("tasks of another user are paused, resumed and killed all the same") {
    if (!has_systemd() || !can_be_root()) return;
    const TempDir dir;
    std::filesystem::permissions(dir.path(), std::filesystem::perms::all);
    const auto rig = systemd_rig(dir.path(), [](exec::ExecSettings& settings) { settings.run_as = "nobody"; });
    const auto id = rig->shell(1, "trap '' TERM; while :; do echo x; sleep 0.02; done");
    rig->await<exec::Started>(id);
    REQUIRE(rig->wait([&] { return !rig->output(id).empty(); }));
    rig->executor->pause(id);
    rig->await<exec::Paused>(id);
    const auto size = rig->output(id).size();
    rig->executor->resume(id);
    rig->await<exec::Resumed>(id);
    CHECK(rig->wait([&] { return rig->output(id).size() > size; }));
    rig->executor->pause(id);
    REQUIRE(rig->wait([&] { return rig->count<exec::Paused>(id) == 2; }));
    rig->executor->stop(id, 200ms);
    CHECK(rig->outcome(id).reason == EndReason::killed);
    CHECK(rig->outcome(id).exit_code == 137);
    CHECK(rig->wait([&] { return !unit_is_known(id); }));
}

TEST_CASE("a unit of that name that is somebody else's is not waited for") {
    if (!has_systemd()) return;
    const TempDir dir;
    const TempDir other;
    const auto first = systemd_rig(dir.path());
    const auto second = systemd_rig(other.path());
    const auto id = first->shell(1, "sleep 60");
    first->await<exec::Started>(id);
    second->shell(1, "true");
    CHECK(second->outcome(id).reason == EndReason::not_started);
    CHECK(second->outcome(id).message.find("another runner") != std::string::npos);
    CHECK(first->find<exec::Ended>(id) == nullptr);
    first->executor->stop(id, 5s);
    CHECK(first->outcome(id).reason == EndReason::killed);
}

TEST_CASE("a unit that failed long ago does not stand in the way") {
    if (!has_systemd()) return;
    const TempDir dir;
    const auto rig = systemd_rig(dir.path());
    const AttemptId id{TaskId{1}, 1};
    run("systemd-run " + std::string(can_be_root() ? "" : "--user ") + "--quiet --wait --unit=" + unit_of(id) +
        " false");
    REQUIRE(unit_is_known(id));
    rig->shell(1, "exit 3");
    CHECK(rig->outcome(id).exit_code == 3);
}

TEST_CASE("a user that is not there is a problem of the offer") {
    if (!has_systemd()) return;
    const TempDir dir;
    ExecutorRig rig(dir.path(), [](ExecutorRig& self) -> std::unique_ptr<exec::Executor> {
        self.settings.run_as = "no-such-user";
        auto opened = exec::SystemdExecutor::open(self.loop, self.spool, self.settings, self);
        REQUIRE(opened);
        return std::move(*opened);
    });
    rig.open();
    CHECK_FALSE(rig.executor->offer().available);
    CHECK(rig.executor->offer().problem.find("no-such-user") != std::string::npos);
}

TEST_CASE("a NUMA node binds CPUs") {
    if (!has_systemd()) return;
    const TempDir dir;
    const auto rig = systemd_rig(dir.path(), [](exec::ExecSettings& settings) {
        settings.numa = {{.id = 0, .cpus = {0}, .memory = Bytes{1 << 30}}};
    });
    rig->placement.numa = 0;
    const auto id = rig->shell(1, "grep Cpus_allowed_list /proc/self/status; echo $HAKURIVER_TARGET_NUMA_NODE");
    CHECK(rig->outcome(id).exit_code == 0);
    CHECK(rig->output(id) == "Cpus_allowed_list:\t0\n0\n");
}

TEST_CASE("a second NUMA node binds CPUs and memory, where there is one") {
    const auto node = second_numa_node();
    if (!has_systemd() || !node) return;
    const TempDir dir;
    const auto rig = systemd_rig(dir.path(), [&](exec::ExecSettings& settings) { settings.numa = {*node}; });
    rig->placement.numa = node->id;
    const auto id = rig->shell(1, show_binding);
    CHECK(rig->outcome(id).exit_code == 0);
    CHECK_MESSAGE(is_bound_to_second(rig->output(id)), rig->output(id));
    CHECK(warnings_of(*rig, id).empty());
}

TEST_CASE("a task without a GPU cannot open one, and everything else as before") {
    if (!has_systemd() || ::geteuid() != 0) return;
    const TempDir dir;
    const auto rig = systemd_rig(dir.path(), [](exec::ExecSettings& settings) {
        settings.gpus.resize(1);
        settings.gpus[0].vendor = "nvidia";
        settings.gpus[0].pci_bus_id = "00000000:3B:00.0";
    });
    // A device of NVIDIA's number without a driver behind it: who may open it learns that there is
    // none.
    const std::string device = "/dev/hakuriver-test"; // devices do not work in /tmp
    ::unlink(device.c_str());
    if (::mknod(device.c_str(), S_IFCHR | 0666, makedev(195, 0)) != 0) return;
    const std::string script = "cat " + device + "; echo fine >/dev/null && head -c 1 /dev/urandom | wc -c";
    const auto without = rig->shell(1, script);
    CHECK(rig->outcome(without).exit_code == 0);
    CHECK(rig->output(without) == "1\n");
    const bool controlled =
        run("mount -t cgroup | grep -c devices") != "0\n" || run("stat -fc %T /sys/fs/cgroup") == "cgroup2fs\n";
    if (controlled) CHECK(rig->errors(without).find("Operation not permitted") != std::string::npos);
    rig->placement.gpus = {0}; // whose file is not known here: then nothing is taken away
    const auto with = rig->shell(2, script);
    CHECK(rig->outcome(with).exit_code == 0);
    CHECK(rig->errors(with).find("No such device") != std::string::npos);
    ::unlink(device.c_str());
}
