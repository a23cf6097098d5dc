#include "exec/cgroup.hpp"
#include "exec/cgroup_file.hpp"
#include "exec/cgroup_mounts.hpp"
#include "support/executor_rig.hpp"

#include <sys/wait.h>

using namespace hk;
using namespace hk::exec;

namespace {

constexpr char hybrid[] = "25 24 0:22 / /sys/fs/cgroup rw,relatime - tmpfs tmpfs rw,mode=755\n"
                          "26 25 0:23 / /sys/fs/cgroup/cpu rw,relatime shared:9 - cgroup cgroup rw,cpu,cpuacct\n"
                          "27 25 0:24 / /sys/fs/cgroup/mem\\040ory rw,relatime - cgroup cgroup rw,memory\n"
                          "28 25 0:25 / /sys/fs/cgroup/systemd rw,relatime - cgroup cgroup rw,name=systemd\n"
                          "29 25 0:26 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw\n";
constexpr char own[] = "4:memory:/a/b\n3:cpu,cpuacct:/\n1:name=systemd:/user.slice\n0::/user.slice/x.service\n";

/// An identity that no runner has.
std::string fresh_id() { return "te" + std::to_string(::getpid() % 1'000'000); }

} // namespace

TEST_CASE("hierarchies are found by controller, and our place in them") {
    const auto mounts = CgroupMounts::parse(hybrid, own);
    CHECK(mounts.find("cpu")->mount == "/sys/fs/cgroup/cpu");
    CHECK(mounts.find("cpu")->own == "/sys/fs/cgroup/cpu");
    CHECK(mounts.find("cpuacct")->mount == "/sys/fs/cgroup/cpu");
    CHECK(mounts.find("memory")->own == "/sys/fs/cgroup/mem ory/a/b");
    CHECK(mounts.find("name=systemd")->own == "/sys/fs/cgroup/systemd/user.slice");
    CHECK(mounts.find("")->own == "/sys/fs/cgroup/unified/user.slice/x.service");
    CHECK(!mounts.find("freezer"));
}

TEST_CASE("inside a container's namespace only what is mounted counts") {
    const auto mounts =
        CgroupMounts::parse("30 25 0:26 /docker/abc /sys/fs/cgroup rw - cgroup2 cgroup rw\n", "0::/docker/abc/x\n");
    CHECK(mounts.find("")->own == "/sys/fs/cgroup/x");
    const auto outside =
        CgroupMounts::parse("30 25 0:26 /docker/abc /sys/fs/cgroup rw - cgroup2 cgroup rw\n", "0::/else\n");
    CHECK(outside.find("")->own == "/sys/fs/cgroup");
}

TEST_CASE("texts that are no mounts are passed over") {
    CHECK(!CgroupMounts::parse("", "").find(""));
    CHECK(!CgroupMounts::parse("nonsense\n1 2 3 - cgroup2\n- cgroup2 x rw\n", "x\n::\n").find(""));
}

TEST_CASE("kernel files are read as numbers, by key where there is one") {
    const test::TempDir dir;
    const auto file = dir.path() / "f";
    std::ofstream(file) << "low 1\noom_kill 3\nmax 9223372036854771712\n";
    CHECK(group_file_number(file, "oom_kill") == 3);
    CHECK(!group_file_number(file, "oom"));
    CHECK(!group_file_number(file));
    CHECK(!group_file_number(dir.path() / "none"));
    std::ofstream(file) << "99999999999999999999\n";
    CHECK(group_file_number(file) == no_memory_limit);
    std::ofstream(file) << "max\n";
    CHECK(!group_file_number(file));
}

TEST_CASE("a node without control groups says so and makes none") {
    const CgroupTree tree = CgroupTree::none();
    CHECK(tree.warnings().size() == 1);
    CHECK(tree.keeper_join_files().empty());
    const auto made = tree.make(AttemptId{TaskId{1}, 1}, {1, Bytes{1'000'000}});
    CHECK(made.group.empty());
    CHECK(!made.warnings.empty());
    CHECK(made.group.processes().empty());
    CHECK(!made.group.freeze(true));
    CHECK(!made.group.kill());
    CHECK(made.group.remove());
}

TEST_CASE("the groups of this machine limit, hold, freeze, kill and go away") {
    const CgroupTree tree = CgroupTree::find(fresh_id());
    if (!tree.warnings().empty()) {
        MESSAGE("SKIPPED: " << tree.warnings().front());
        return;
    }
    const AttemptId id{TaskId{1}, 1};
    auto made = tree.make(id, {0, Bytes{64'000'000}});
    CHECK(made.warnings.empty());
    REQUIRE(made.group.memory_limit());
    CHECK(made.group.memory_limit()->value <= 64'000'000);
    CHECK(made.group.memory_limit()->value > 63'990'000);
    CHECK(made.group.oom_kills() == 0);
    tree.make_freezable(id, made.group);
    const int child = ::fork();
    if (child == 0) {
        for (;;) ::pause();
    }
    made.group.take_in({child, 0}); // zero would move this process, which would then freeze itself
    CHECK(made.group.processes() == std::vector<int>{child});
    CHECK(tree.existing(id).processes() == std::vector<int>{child});
    CHECK(!made.group.remove());
    if (made.group.can_freeze()) {
        CHECK(made.group.freeze(true));
        while (!made.group.frozen()) {
        }
        CHECK(made.group.freeze(false));
        while (made.group.frozen()) {
        }
    }
    if (!made.group.kill()) ::kill(child, SIGKILL);
    int status = 0;
    ::waitpid(child, &status, 0);
    CHECK(WTERMSIG(status) == SIGKILL);
    while (!made.group.remove()) {
    }
    CHECK(tree.existing(id).empty());
    tree.remove_if_unused();
}
