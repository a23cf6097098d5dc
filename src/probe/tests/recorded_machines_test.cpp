#include "probe/cgroup_limits.hpp"
#include "probe/cpu.hpp"
#include "probe/gpu_amd.hpp"
#include "probe/prober.hpp"
#include "probe/temperature.hpp"
#include "probe/text.hpp"

#include <doctest/doctest.h>
#include <rapidcheck.h>

#include <algorithm>
#include <ctime>
#include <fstream>
#include <unistd.h>

using namespace hk;
using namespace hk::probe;

namespace {

namespace fs = std::filesystem;

fs::path machine(const std::string& name) { return fs::path(HK_TEST_DATA) / "sysfs" / name; }

ProbeSettings settings_for(const std::string& name) {
    ProbeSettings settings;
    settings.root = machine(name);
    settings.gpu_reader.clear();
    return settings;
}

Temperatures temperatures_of(const std::string& name) { return read_temperatures(find_cpu_sensors(machine(name))); }

} // namespace

TEST_CASE("a server with two Xeons") {
    Prober prober(settings_for("dual_xeon"));
    const NodeInventory inventory = prober.inventory();
    CHECK(inventory.cores == 32);
    CHECK(inventory.memory == Bytes{131'651'912LL * 1024});
    REQUIRE(inventory.numa.size() == 2);
    CHECK(inventory.numa[0].cpus == parse_cpu_list("0-7,16-23"));
    CHECK(inventory.numa[1].id == 1);
    CHECK(inventory.numa[1].memory == Bytes{65'955'200LL * 1024});
    CHECK(inventory.boot_id == "5e0b6d2c-1f7a-4c1e-9d54-000000000001");
    const NodeUsage usage = prober.usage();
    CHECK(usage.memory_total == inventory.memory);
    CHECK(usage.memory_used == Bytes{(131'651'912LL - 98'304'000) * 1024});
    CHECK(usage.memory_percent == doctest::Approx(25.33).epsilon(0.001));
    CHECK(usage.maximum_temperature == 61.0);
    CHECK(usage.average_temperature == doctest::Approx((52 + 61 + 8 * 47.5 + 8 * 53.5) / 18));
}

TEST_CASE("an EPYC split into four NUMA nodes") {
    Prober prober(settings_for("epyc_nps4"));
    const NodeInventory inventory = prober.inventory();
    REQUIRE(inventory.numa.size() == 4);
    CHECK(inventory.numa[3].cpus == std::vector<int>{12, 13, 14, 15});
    CHECK(prober.usage().maximum_temperature == 58.125);
}

TEST_CASE("a laptop: only sensors of the CPU count, a control value does not, and its graphics "
          "part is no GPU") {
    const Temperatures temperatures = temperatures_of("laptop");
    CHECK(temperatures.maximum == 51.25);
    CHECK(temperatures.average == 51.25);
    ProcessOwners owners(machine("laptop"));
    CHECK(has_amd_gpus(machine("laptop")));
    CHECK(read_amd_gpus(machine("laptop"), owners).gpus.empty());
}

TEST_CASE("a virtual machine has no temperatures") {
    const NodeUsage usage = Prober(settings_for("vm_plain")).usage();
    CHECK_FALSE(usage.average_temperature);
    CHECK_FALSE(usage.maximum_temperature);
    CHECK(usage.gpus.empty());
}

TEST_CASE("CPUs that are off are not cores, and thermal zones stand in for sensors") {
    Prober prober(settings_for("offline_cpus"));
    CHECK(prober.inventory().cores == 6);
    CHECK(prober.inventory().numa[0].cpus == std::vector<int>{0, 1, 2, 3, 6, 7});
    CHECK(prober.usage().maximum_temperature == 63.0);
}

TEST_CASE("NUMA nodes without memory have 0, and those without CPUs are no targets") {
    const NodeInventory inventory = Prober(settings_for("memoryless_nodes")).inventory();
    REQUIRE(inventory.numa.size() == 2);
    CHECK(inventory.numa[0].memory == Bytes{65'000'000LL * 1024});
    CHECK(inventory.numa[1].id == 1);
    CHECK(inventory.numa[1].memory == Bytes{});
}

TEST_CASE("a container is as large as its limits (cgroup v2)") {
    Prober prober(settings_for("container_v2"));
    const NodeInventory inventory = prober.inventory();
    CHECK(inventory.cores == 3); // 8 CPUs allowed, 3.5 of them paid for
    CHECK(inventory.memory == Bytes{8LL << 30});
    REQUIRE(inventory.numa.size() == 1);
    CHECK(inventory.numa[0].id == 1);
    CHECK(inventory.numa[0].cpus == parse_cpu_list("32-39"));
    const NodeUsage usage = prober.usage();
    CHECK(usage.memory_total == Bytes{8LL << 30});
    CHECK(usage.memory_used == Bytes{2LL << 30});
    CHECK(usage.memory_percent == 25.0);
    CHECK(usage.cpu_percent == 0.0); // its CPU time stands still in a recording
}

TEST_CASE("a container is as large as its limits (cgroup v1)") {
    Prober prober(settings_for("container_v1"));
    CHECK(prober.inventory().cores == 1); // half a CPU is still one core
    CHECK(prober.inventory().memory == Bytes{2LL << 30});
    CHECK(prober.usage().memory_used == Bytes{1'000'000'000});
    const CgroupLimits limits = read_cgroup_limits(machine("container_v1"));
    CHECK(read_cpu_time(limits) == Duration{5'000'000});
}

TEST_CASE("the configuration has the last word on cores and memory") {
    ProbeSettings settings = settings_for("container_v1");
    settings.cores = 12;
    settings.memory = Bytes{3'000};
    const NodeInventory inventory = Prober(settings).inventory();
    CHECK(inventory.cores == 12);
    CHECK(inventory.memory == Bytes{3'000});
}

TEST_CASE("AMD GPUs: identity, load and who uses them") {
    ProcessOwners owners(machine("epyc_nps4"));
    const GpuFrame frame = read_amd_gpus(machine("epyc_nps4"), owners);
    REQUIRE(frame.gpus.size() == 3);
    const Gpu& first = frame.gpus[0];
    CHECK(first.uuid == "GPU-a1b2c3d4e5f60718");
    CHECK(first.name == "AMD Instinct MI210");
    CHECK(first.pci_bus_id == "0000:43:00.0");
    CHECK(first.driver_version == "amdgpu of Linux 6.1.0-28-amd64");
    CHECK(first.utilization == 93);
    CHECK(first.memory_utilization == 7);
    CHECK(first.memory_total_mib == 65520.0);
    CHECK(first.memory_free_mib == 55280.0);
    CHECK(first.temperature == 47);
    CHECK(first.power_usage_mw == 211'000);
    CHECK(first.power_limit_mw == 300'000);
    CHECK(first.graphics_clock_mhz == 1700);
    CHECK(first.fan_speed == -1);
    REQUIRE(first.processes.size() == 1);
    CHECK(first.processes[0].pid == 3'204'123);
    CHECK(first.processes[0].user == "root");
    CHECK(first.processes[0].command == "python3 train.py --lr 0.1");
    CHECK(first.processes[0].memory == Bytes{10'601'103'360});
    CHECK(frame.gpus[1].processes.empty());
    CHECK(frame.gpus[2].name == "AMD Radeon RX 7900 XTX");
    CHECK(frame.gpus[2].uuid == "PCI-0000:c1:00.0");
    CHECK(frame.gpus[2].fan_speed == 40);
}

TEST_CASE("this machine has cores, memory and a boot id") {
    ProbeSettings settings;
    settings.gpu_reader.clear();
    Prober prober(settings);
    const NodeInventory inventory = prober.inventory();
    CHECK(inventory.cores >= 1);
    CHECK(inventory.memory > Bytes{1 << 20});
    CHECK(inventory.boot_id.size() == 36);
    const NodeUsage usage = prober.usage();
    CHECK(usage.memory_used > Bytes{});
    CHECK(usage.memory_used <= usage.memory_total);
    CHECK(usage.cpu_percent >= 0);
    CHECK(usage.cpu_percent <= 100);
}

TEST_CASE("what it costs: a reading every five seconds stays far below half a percent of a core") {
    ProbeSettings settings = settings_for("dual_xeon");
    Prober prober(settings);
    prober.usage();
    const std::clock_t before = std::clock();
    constexpr int readings = 200;
    for (int i = 0; i < readings; ++i) prober.usage();
    const double milliseconds = 1000.0 * static_cast<double>(std::clock() - before) / CLOCKS_PER_SEC / readings;
    MESSAGE("one reading costs " << milliseconds << " ms of CPU time");
    CHECK(milliseconds < 25.0); // 0.5 % of 5 s
}

namespace {

/// A machine whose every file holds the same garbage.
class GarbageMachine {
public:
    GarbageMachine()
        : root_(fs::temp_directory_path() / ("hk-probe-" + std::to_string(::getpid()))) {
        fs::remove_all(root_);
        fs::copy(machine("epyc_nps4"), root_, fs::copy_options::recursive);
        fs::copy(machine("container_v1") / "sys/fs", root_ / "sys/fs", fs::copy_options::recursive);
    }
    ~GarbageMachine() { fs::remove_all(root_); }
    GarbageMachine(const GarbageMachine&) = delete;
    GarbageMachine& operator=(const GarbageMachine&) = delete;
    const fs::path& root() const { return root_; }
    std::vector<fs::path> files() const {
        std::vector<fs::path> found;
        for (const auto& entry : fs::recursive_directory_iterator(root_))
            if (entry.is_regular_file()) found.push_back(entry.path());
        std::ranges::sort(found);
        return found;
    }

private:
    fs::path root_;
};

std::string read_all(const fs::path& path) {
    std::ifstream file(path, std::ios::binary);
    return std::string(std::istreambuf_iterator<char>(file), {});
}

} // namespace

TEST_CASE("garbage in the files of the kernel crashes nothing") {
    const GarbageMachine broken;
    const auto files = broken.files();
    REQUIRE(files.size() > 60);
    ProbeSettings settings = settings_for("epyc_nps4");
    settings.root = broken.root();
    rc::check("one damaged file at a time", [&] {
        const fs::path file = *rc::gen::elementOf(files);
        const std::string kept = read_all(file);
        const std::string shape =
            *rc::gen::element<std::string>("", "-1", "99999999999999999999", "0-99999999", "9223372036854775807");
        const std::string text = *rc::gen::oneOf(rc::gen::just(shape), rc::gen::arbitrary<std::string>(),
                                                 rc::gen::map(rc::gen::inRange<std::size_t>(0, kept.size() + 1),
                                                              [&](std::size_t cut) { return kept.substr(cut); }));
        std::ofstream(file, std::ios::binary) << text;
        Prober prober(settings);
        const NodeInventory inventory = prober.inventory();
        const NodeUsage usage = prober.usage();
        ProcessOwners owners(broken.root());
        const GpuFrame frame = read_amd_gpus(broken.root(), owners);
        std::ofstream(file, std::ios::binary) << kept;
        RC_ASSERT(inventory.cores >= 1);
        RC_ASSERT(inventory.memory.value >= 0);
        RC_ASSERT(usage.memory_percent >= 0 && usage.memory_percent <= 100);
        RC_ASSERT(usage.cpu_percent >= 0 && usage.cpu_percent <= 100);
        RC_ASSERT(!usage.maximum_temperature || *usage.maximum_temperature <= 150);
        for (const Gpu& gpu : frame.gpus)
            RC_ASSERT(decode_frame(encode_frame({.gpus = {gpu}, .problem = {}})).has_value());
    });
}
