#include "exec/container_plan.hpp"

#include <algorithm>
#include <doctest/doctest.h>

using namespace hk;
using namespace hk::exec;

namespace {

struct Fixture {
    ExecSettings settings;
    TaskSpec spec;
    Placement placement;

    Fixture() {
        settings.node = NodeName{"n1"};
        settings.shared_dir = "/srv/shared";
        settings.local_temp_dir = "/scratch";
        settings.numa = {{0, {0, 1}, Bytes{1}}, {1, {2, 3}, Bytes{1}}};
        Gpu known;
        known.id = 1;
        known.uuid = "GPU-aaaa";
        known.vendor = "nvidia";
        settings.gpus = {known};
        spec.command = "python";
        spec.cores = 0;
        spec.container = "env";
    }
    int engine_cpus = 0;
    docker::ContainerSpec plan(GpuRequest request = GpuRequest::driver) const {
        const Assignment assignment{AttemptId{TaskId{12}, 1}, std::make_shared<const TaskSpec>(spec), placement, ""};
        return plan_container({settings,
                               assignment,
                               "image",
                               "0123456789abcdef",
                               "/state/keeper",
                               "/state/spool/12.1",
                               spec.mounts,
                               request,
                               {},
                               engine_cpus});
    }
};

bool ends_with(const std::vector<std::string>& words, const std::vector<std::string>& end) {
    return words.size() >= end.size() && std::equal(end.rbegin(), end.rend(), words.rbegin());
}

} // namespace

TEST_CASE("a plan names its runner and mounts what the keeper needs") {
    const auto plan = Fixture{}.plan();
    CHECK(plan.name == "hakuriver-task-12.1-01234567");
    CHECK(plan.labels.at("hakuriver.runner") == "0123456789abcdef");
    CHECK(plan.labels.at("hakuriver.attempt") == "12.1");
    CHECK(plan.entrypoint == std::vector<std::string>{"/.hakuriver/keeper"});
    CHECK(ends_with(plan.command, {"--cwd", "/shared", "--", "python"}));
    CHECK(plan.network == "host");
    const auto mounted = [&](const docker::BindMount& mount) {
        return std::ranges::find(plan.mounts, mount) != plan.mounts.end();
    };
    CHECK(mounted({"/srv/shared/shared_data", "/shared", false}));
    CHECK(mounted({"/scratch", "/local_temp", false}));
    CHECK(mounted({"/state/keeper", "/.hakuriver/keeper", true}));
    CHECK(mounted({"/state/spool/12.1", "/.hakuriver/record", false}));
    CHECK(mounted({"/srv/shared/task_outputs/12.out", "/.hakuriver/stdout", false}));
    CHECK(std::ranges::none_of(plan.mounts, [](const auto& mount) { return mount.target == "/.hakuriver/bin"; }));
    CHECK_FALSE(plan.nano_cpus);
    CHECK_FALSE(plan.memory);
    CHECK(plan.cpuset_cpus.empty());
    CHECK(plan.capabilities == std::vector<std::string>{"SYS_NICE"});
}

TEST_CASE("hakurun is mounted for the task, and its folder is in PATH") {
    Fixture fixture;
    fixture.settings.hakurun = "/state/bin/hakurun";
    const auto plan = fixture.plan();
    CHECK(ends_with(plan.command, {"--path", "/.hakuriver/bin", "--", "python"}));
    CHECK(std::ranges::find(plan.mounts, docker::BindMount{"/state/bin", "/.hakuriver/bin", true}) !=
          plan.mounts.end());
}

TEST_CASE("limits are exactly what was asked") {
    Fixture f;
    f.spec.cores = 3;
    f.spec.memory = Bytes{512'000'000};
    f.spec.privileged = true;
    f.spec.working_directory = "/work";
    f.placement.numa = 1;
    const auto plan = f.plan();
    CHECK(plan.nano_cpus == 3'000'000'000);
    f.engine_cpus = 3;
    CHECK(f.plan().nano_cpus == 3'000'000'000);
    f.engine_cpus = 2; // a limit above would be refused, and limits nothing
    CHECK_FALSE(f.plan().nano_cpus);
    CHECK(plan.memory == Bytes{512'000'000});
    CHECK_FALSE(plan.processes);
    f.settings.most_processes = 5000;
    CHECK(f.plan().processes == 5000);
    CHECK(plan.cpuset_cpus == "2,3");
    CHECK(plan.cpuset_mems == "1");
    CHECK(plan.privileged);
    CHECK(plan.capabilities.empty());
    CHECK(ends_with(plan.command, {"--cwd", "/work", "--", "python"}));
    CHECK(std::ranges::find(plan.env, "HAKURIVER_TARGET_NUMA_NODE=1") != plan.env.end());
}

TEST_CASE("GPUs go by their uuid where it is known, and by CDI names where the engine wants those") {
    Fixture f;
    f.placement.gpus = {1, 2};
    REQUIRE(f.plan().gpus.size() == 1);
    CHECK(f.plan().gpus[0] == docker::DeviceRequest{false, {"GPU-aaaa", "2"}});
    CHECK(f.plan(GpuRequest::cdi_uuid).gpus[0] ==
          docker::DeviceRequest{true, {"nvidia.com/gpu=GPU-aaaa", "nvidia.com/gpu=2"}});
    CHECK(f.plan(GpuRequest::cdi_index).gpus[0] ==
          docker::DeviceRequest{true, {"nvidia.com/gpu=1", "nvidia.com/gpu=2"}});
    f.placement.gpus.clear();
    CHECK(f.plan().gpus.empty());
}

TEST_CASE("arguments that JSON cannot carry are coded, all others are left alone") {
    Fixture f;
    f.spec.arguments = {"a b", "--", "gr\xc3\xbc\xc3\x9f", "100%"};
    CHECK(ends_with(f.plan().command, {"--", "python", "a b", "--", "gr\xc3\xbc\xc3\x9f", "100%"}));
    for (const std::string& odd : {std::string("\xff"), std::string("\xc3"), std::string("\xed\xa0\x80"),
                                   std::string("\xf5\x80\x80\x80"), std::string("\xc0\xaf"), std::string("x\x80")}) {
        f.spec.arguments = {odd, "100%"};
        const auto command = f.plan().command;
        CAPTURE(command.back());
        CHECK(std::ranges::find(command, "--coded") != command.end());
        CHECK(command.back() == "100%25");
        CHECK(std::ranges::all_of(command[command.size() - 2],
                                  [](char c) { return static_cast<unsigned char>(c) < 0x80; }));
    }
}
