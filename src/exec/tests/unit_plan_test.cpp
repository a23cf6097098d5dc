#include "exec/gpu_devices.hpp"
#include "exec/systemd_executor.hpp"
#include "exec/unit_plan.hpp"
#include "support/executor_rig.hpp"

#include <doctest/doctest.h>

using namespace hk;
using namespace hk::exec;
using hk::test::TempDir;

namespace {

struct Planned {
    ExecSettings settings;
    TaskSpec spec;
    Placement placement;

    std::vector<UnitProperty> properties(int machine_cores = 8) const {
        const Assignment assignment{AttemptId{TaskId{12}, 1}, std::make_shared<const TaskSpec>(spec), placement, ""};
        return unit_properties({.settings = settings,
                                .assignment = assignment,
                                .state_id = "0123456789abcdef",
                                .command = {"/state/keeper", "--unit", "/state", "/state/starts/12.1"},
                                .machine_cores = machine_cores,
                                .device_files = {},
                                .other_devices = {}});
    }
};

template <class T>
const T* find(const std::vector<UnitProperty>& properties, const std::string& name) {
    for (const auto& property : properties)
        if (property.name == name) return std::get_if<T>(&property.value);
    return nullptr;
}

void write(const std::filesystem::path& path, const std::string& text) {
    std::filesystem::create_directories(path.parent_path());
    std::ofstream(path) << text;
}

} // namespace

TEST_CASE("units have names that people find again") {
    CHECK(unit_name(AttemptId{TaskId{12}, 3}) == "hakuriver-task-12-3.service");
    CHECK(unit_path("hakuriver-task-12-3.service") ==
          "/org/freedesktop/systemd1/unit/hakuriver_2dtask_2d12_2d3_2eservice");
    CHECK(unit_path("9a") == "/org/freedesktop/systemd1/unit/_39a");
}

TEST_CASE("a unit carries the limits, and nothing of the command or its environment") {
    Planned planned;
    planned.spec.command = "secret-command";
    planned.spec.arguments = {"secret-argument"};
    planned.spec.env = {{"TOKEN", "secret-value"}};
    planned.spec.cores = 2;
    planned.spec.memory = Bytes{64'000'000};
    const auto properties = planned.properties();
    CHECK(*find<std::uint64_t>(properties, "CPUQuotaPerSecUSec") == 2'000'000);
    CHECK(*find<std::uint64_t>(properties, "MemoryMax") == 64'000'000);
    CHECK(*find<std::uint64_t>(properties, "MemorySwapMax") == 0);
    CHECK(*find<std::string>(properties, "Slice") == "hakuriver.slice");
    CHECK(find<UnitProperty::Command>(properties, "ExecStart")->words.front() == "/state/keeper");
    CHECK(*find<std::uint64_t>(properties, "TasksMax") == ~std::uint64_t{0});
    planned.settings.most_processes = 5000;
    CHECK(*find<std::uint64_t>(planned.properties(), "TasksMax") == 5000);
    for (const auto& property : properties) {
        if (const auto* text = std::get_if<std::string>(&property.value)) CHECK(text->find("secret") == text->npos);
        CHECK(property.name != "Environment");
    }
}

TEST_CASE("no limit is set where none was asked for, nor one as large as the machine") {
    Planned planned;
    planned.spec.cores = 0;
    CHECK(find<std::uint64_t>(planned.properties(), "CPUQuotaPerSecUSec") == nullptr);
    CHECK(find<std::uint64_t>(planned.properties(), "MemoryMax") == nullptr);
    planned.spec.cores = 8;
    CHECK(find<std::uint64_t>(planned.properties(8), "CPUQuotaPerSecUSec") == nullptr);
    CHECK(find<std::uint64_t>(planned.properties(9), "CPUQuotaPerSecUSec") != nullptr);
}

TEST_CASE("a NUMA node becomes masks of CPUs and memory") {
    Planned planned;
    planned.settings.numa = {{.id = 0, .cpus = {0, 1, 8, 9}, .memory = Bytes{1}},
                             {.id = 1, .cpus = {2, 3}, .memory = Bytes{}}};
    planned.placement.numa = 0;
    CHECK(find<UnitProperty::Bits>(planned.properties(), "AllowedCPUs")->bytes == std::string("\x03\x03"));
    CHECK(find<UnitProperty::Bits>(planned.properties(), "AllowedMemoryNodes")->bytes == std::string("\x01"));
    planned.placement.numa = 1; // it has no memory to bind to
    CHECK(find<UnitProperty::Bits>(planned.properties(), "AllowedCPUs")->bytes == std::string("\x0c"));
    CHECK(find<UnitProperty::Bits>(planned.properties(), "AllowedMemoryNodes") == nullptr);
    CHECK(bit_mask({-1, 70'000}).empty());
}

TEST_CASE("limits that the kernel does not have are named") {
    TaskSpec spec;
    spec.cores = 2;
    spec.memory = Bytes{64'000'000};
    LimitsFact good{Duration{2'000'000}, Bytes{63'999'980}};
    CHECK(missing_limits(spec, 8, good).empty());
    CHECK(missing_limits(spec, 8, {}).size() == 2);
    CHECK(missing_limits(spec, 2, {}).size() == 1); // the whole machine needs no quota
    good.memory = Bytes{128'000'000};
    CHECK(missing_limits(spec, 8, good) ==
          std::vector<std::string>{"the memory limit of 64 MB is not enforced on this node"});
}

TEST_CASE("a task may open its own GPUs and everything that is none") {
    const TempDir root;
    write(root.path() / "proc/devices",
          "Character devices:\n  1 mem\n  5 /dev/tty\n136 pts\n195 nvidia\n195 nvidiactl\n"
          "226 drm\n508 nvidia-uvm\n\nBlock devices:\n  8 sd\n");
    write(root.path() / "proc/driver/nvidia/gpus/0000:3b:00.0/information", "Model: \t X\nDevice Minor: \t 1\n");
    write(root.path() / "proc/driver/nvidia/gpus/0000:d8:00.0/information", "Device Minor: \t 0\n");
    std::vector<Gpu> gpus(2);
    gpus[0].id = 0, gpus[0].vendor = "nvidia", gpus[0].pci_bus_id = "00000000:3B:00.0";
    gpus[1].id = 1, gpus[1].vendor = "nvidia", gpus[1].pci_bus_id = "00000000:D8:00.0";
    const auto one = device_rules(root.path(), gpus, {0});
    REQUIRE(one);
    CHECK(one->files == std::vector<std::string>{"/dev/nvidia1", "/dev/nvidiactl"});
    CHECK(one->drivers == std::vector<std::string>{"block-*", "char-drm", "char-mem", "char-nvidia-uvm", "char-pts"});
    CHECK(device_rules(root.path(), gpus, {})->files.empty());
    CHECK_FALSE(device_rules(root.path(), {}, {}));
    gpus[1].pci_bus_id = "00000000:FF:00.0"; // the driver does not know it: nothing is taken away
    CHECK_FALSE(device_rules(root.path(), gpus, {1}));
    CHECK_FALSE(device_rules("/nowhere", gpus, {}));
}

TEST_CASE("an AMD GPU is its render node") {
    const TempDir root;
    write(root.path() / "proc/devices", "Character devices:\n  1 mem\n226 drm\n235 kfd\n");
    std::filesystem::create_directories(root.path() / "sys/bus/pci/devices/0000:43:00.0/drm/renderD128");
    std::vector<Gpu> gpus(1);
    gpus[0].vendor = "amd", gpus[0].pci_bus_id = "0000:43:00.0";
    const auto rules = device_rules(root.path(), gpus, {0});
    REQUIRE(rules);
    CHECK(rules->files == std::vector<std::string>{"/dev/dri/renderD128"});
    CHECK(rules->drivers == std::vector<std::string>{"block-*", "char-kfd", "char-mem"});
}

TEST_CASE("without systemd the offer says so, and an attempt ends with the reason") {
    if (std::filesystem::exists("/run/systemd/system")) return; // then systemd_test is the place
    const TempDir dir;
    test::ExecutorRig rig(dir.path(), [](test::ExecutorRig& self) -> std::unique_ptr<Executor> {
        auto opened = SystemdExecutor::open(self.loop, self.spool, self.settings, self);
        REQUIRE(opened);
        return std::move(*opened);
    });
    rig.open();
    CHECK_FALSE(rig.executor->offer().available);
    CHECK(rig.executor->offer().problem == "systemd does not run this machine");
    const auto id = rig.shell(1, "true");
    CHECK(rig.outcome(id).reason == EndReason::not_started);
    CHECK(rig.outcome(id).message == "systemd does not run this machine");
}
