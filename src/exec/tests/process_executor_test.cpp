#include "exec/process_tree.hpp"
#include "process_rig.hpp"
#include "support/second_numa_node.hpp"

#include <pwd.h>
#include <sys/resource.h>

using namespace hk;
using namespace hk::test;
using namespace std::chrono_literals;

TEST_CASE("contract: process") {
    executor_contract([](const std::filesystem::path& dir) { return process_rig(dir); });
}

TEST_CASE("contract: process without control groups") {
    executor_contract([](const std::filesystem::path& dir) { return process_rig(dir, false); });
}

TEST_CASE("thousands of quick tasks end once each") {
    constexpr int tasks = 2000;
    const TempDir dir;
    const auto rig = process_rig(dir.path());
    std::vector<Assignment> all;
    for (int i = 1; i <= tasks; ++i) all.push_back(rig->assignment(i, {"sh", "-c", "exit " + std::to_string(i % 100)}));
    REQUIRE(rig->spool.put(std::vector<exec::NewRecord>(all.begin(), all.end())));
    for (const auto& assignment : all) rig->executor->start(assignment);
    int ended = 0;
    std::size_t seen = 0;
    REQUIRE(rig->wait(
        [&] {
            for (; seen < rig->events.size(); ++seen) ended += std::holds_alternative<exec::Ended>(rig->events[seen]);
            return ended == tasks;
        },
        120));
    std::unordered_map<AttemptId, int> times;
    for (const auto& event : rig->events) {
        const auto* end = std::get_if<exec::Ended>(&event);
        if (end == nullptr) continue;
        CHECK(end->outcome.exit_code == static_cast<int>(end->attempt.task.value % 100));
        CHECK(++times[end->attempt] == 1);
    }
    CHECK(times.size() == tasks);
    for (const auto& assignment : all) rig->executor->forget(assignment.attempt);
}

TEST_CASE("folders for output and work are made when they are missing") {
    const TempDir dir;
    const auto rig = process_rig(dir.path());
    std::filesystem::remove_all(rig->settings.shared_dir / "shared_data");
    const auto id = rig->shell(1, "pwd");
    CHECK(rig->outcome(id).exit_code == 0);
    CHECK(rig->output(id) == (rig->settings.shared_dir / "shared_data").string() + "\n");
}

TEST_CASE("output that cannot be opened is said, not lost") {
    const TempDir dir;
    const auto rig = process_rig(dir.path());
    std::ofstream(rig->settings.shared_dir / "task_outputs").put('x'); // a file where the folder should be
    const Outcome outcome = rig->outcome(rig->shell(1, "true"));
    CHECK(outcome.reason == EndReason::not_started);
    CHECK(outcome.exit_code == 125);
    CHECK(outcome.message.find("task_outputs") != std::string::npos);
}

TEST_CASE("a long command travels beside the message; one over the limit is refused") {
    const TempDir dir;
    const auto rig = process_rig(dir.path());
    const std::vector<std::string> parts(8, std::string(100'000, 'a'));
    std::vector<std::string> words{"sh", "-c", "echo $#; echo ${#8}", "sh"};
    words.insert(words.end(), parts.begin(), parts.end());
    const auto fits = rig->start(1, words);
    words.insert(words.end(), parts.begin(), parts.end());
    const auto too_long = rig->start(2, words);
    CHECK(rig->outcome(fits).exit_code == 0);
    CHECK(rig->output(fits) == "8\n100000\n");
    CHECK(rig->outcome(too_long).reason == EndReason::not_started);
    CHECK(rig->outcome(too_long).message.find("1024 KiB") != std::string::npos);
}

TEST_CASE("a script without a first line that names its shell runs all the same") {
    const TempDir dir;
    const auto rig = process_rig(dir.path());
    const auto script = rig->settings.shared_dir / "shared_data" / "script";
    std::ofstream(script) << "echo from $1\n";
    std::filesystem::permissions(script, std::filesystem::perms::owner_all);
    const auto id = rig->start(1, {"./script", "here"});
    CHECK(rig->outcome(id).exit_code == 0);
    CHECK(rig->output(id) == "from here\n");
}

TEST_CASE("a stop that comes first keeps the attempt from starting") {
    const TempDir dir;
    const auto rig = process_rig(dir.path());
    const auto id = rig->shell(1, "touch ran"); // its message has not left yet
    rig->executor->stop(id, 10s);
    CHECK(rig->outcome(id).reason == EndReason::killed);
    CHECK(!std::filesystem::exists(rig->settings.shared_dir / "shared_data" / "ran"));
}

TEST_CASE("a stop that meets the start half way ends the task") {
    const TempDir dir;
    const auto rig = process_rig(dir.path());
    rig->outcome(rig->shell(1, "true")); // the keeper is there now
    for (int i = 2; i < 40; ++i) {
        const auto id = rig->shell(i, "sleep 60");
        rig->wait([&] { return true; });
        for (int turn = 0; turn < i % 7; ++turn) rig->wait([n = 0]() mutable { return n++ > 0; });
        rig->executor->stop(id, 50ms);
        CHECK(rig->outcome(id).reason == EndReason::killed);
    }
}

TEST_CASE("a task is bound to the CPUs and the memory of its NUMA node") {
    const TempDir dir;
    ProcessRig rig(dir.path());
    rig.settings.numa = {NumaNode{0, {1}, {}}};
    rig.placement.numa = 0;
    rig.open();
    const auto id = rig.shell(1, "grep Cpus_allowed_list: /proc/self/status; echo $HAKURIVER_TARGET_NUMA_NODE; "
                                 "grep -c bind:0 /proc/self/numa_maps");
    CHECK(rig.outcome(id).exit_code == 0);
    CHECK(rig.output(id).starts_with("Cpus_allowed_list:\t1\n0\n"));
    for (const auto& warning : rig.await<exec::Started>(id).warnings) CHECK(warning.find("NUMA") == warning.npos);
}

TEST_CASE("a task is bound to a second NUMA node, where there is one") {
    const auto node = second_numa_node();
    if (!node) return;
    const TempDir dir;
    ProcessRig rig(dir.path());
    rig.settings.numa = {*node};
    rig.placement.numa = node->id;
    rig.open();
    const auto id = rig.shell(1, show_binding);
    CHECK(rig.outcome(id).exit_code == 0);
    CHECK_MESSAGE(is_bound_to_second(rig.output(id)), rig.output(id));
}

TEST_CASE("tasks run as the user that the settings name") {
    const TempDir dir;
    ProcessRig rig(dir.path());
    if (::geteuid() != 0 || ::getpwnam("nobody") == nullptr) {
        MESSAGE("SKIPPED: only root can run tasks as another user");
        return;
    }
    std::filesystem::permissions(dir.path(), std::filesystem::perms(0755));
    rig.settings.run_as = "nobody";
    rig.open();
    const auto id = rig.shell(1, "id -un; echo $USER; id -Gn; stat -c %U /proc/self/fd/1");
    CHECK(rig.outcome(id).exit_code == 0);
    CHECK(rig.output(id) == "nobody\nnobody\nnogroup\nnobody\n");
    CHECK(rig.executor->offer().available);
}

TEST_CASE("a user that does not exist is a reason not to offer tasks") {
    const TempDir dir;
    ProcessRig rig(dir.path());
    rig.settings.run_as = "no-such-user-here";
    rig.open();
    CHECK(!rig.executor->offer().available);
    CHECK(rig.executor->offer().problem.find("no-such-user-here") != std::string::npos);
}

TEST_CASE("a runner that the kernel spares when memory is short hands that on to no task") {
    if (::geteuid() != 0) {
        MESSAGE("SKIPPED: only root can ask for that");
        return;
    }
    const TempDir dir;
    std::ofstream("/proc/self/oom_score_adj") << "-500" << std::flush;
    const auto rig = process_rig(dir.path());
    const auto id = rig->shell(1, "cat /proc/self/oom_score_adj");
    const Outcome outcome = rig->outcome(id);
    std::ofstream("/proc/self/oom_score_adj") << "0" << std::flush;
    CHECK(outcome.exit_code == 0);
    CHECK(rig->output(id) == "0\n");
}

TEST_CASE("tasks get the runner's limit of open files, not the keeper's") {
    const TempDir dir;
    rlimit before{};
    REQUIRE(::getrlimit(RLIMIT_NOFILE, &before) == 0);
    const rlimit lower{500, before.rlim_max};
    REQUIRE(::setrlimit(RLIMIT_NOFILE, &lower) == 0);
    {
        const auto rig = process_rig(dir.path());
        const auto id = rig->shell(1, "ulimit -Sn");
        CHECK(rig->outcome(id).exit_code == 0);
        CHECK(rig->output(id) == "500\n");
    }
    REQUIRE(::setrlimit(RLIMIT_NOFILE, &before) == 0);
}
