// The whole way to an NVIDIA driver: a process of its own that loads a library. The library is a
// double that reads what to say from a file; the last case takes the real one where there is one.
#include "probe/gpu_link.hpp"
#include "probe/prober.hpp"

#include <doctest/doctest.h>

#include <csignal>
#include <cstdlib>
#include <dlfcn.h>
#include <fstream>
#include <functional>
#include <poll.h>
#include <unistd.h>

using namespace hk;
using namespace hk::probe;
using namespace std::chrono_literals;

namespace {

namespace fs = std::filesystem;

/// The file that drives the double, and settings that lead to it.
class DriverDouble {
public:
    DriverDouble()
        : folder_(fs::temp_directory_path() / ("hk-nvml-" + std::to_string(::getpid()))) {
        fs::create_directories(folder_);
        ::setenv("HK_NVML_DOUBLE", file().c_str(), 1);
    }
    ~DriverDouble() {
        ::unsetenv("HK_NVML_DOUBLE");
        fs::remove_all(folder_);
    }
    DriverDouble(const DriverDouble&) = delete;
    DriverDouble& operator=(const DriverDouble&) = delete;

    void says(const std::string& text) const {
        const fs::path temporary = folder_ / "next";
        std::ofstream(temporary) << text;
        fs::rename(temporary, file()); // the double must never read half a file
    }
    void unload() const { fs::remove(file()); }
    fs::path file() const { return folder_ / "nvml.txt"; }

    static ProbeSettings settings() {
        ProbeSettings settings;
        settings.nvml_library = HK_NVML_DOUBLE_LIBRARY;
        settings.gpu_reader = HK_PROBE_DUMP;
        settings.gpu_first_wait = 20s;
        return settings;
    }
    static std::vector<std::string> arguments(const std::string& library = HK_NVML_DOUBLE_LIBRARY) {
        return {"gpu-reader", "nvidia", "/", library};
    }

private:
    fs::path folder_;
};

constexpr const char* two_gpus =
    "driver 535.104.05\n"
    "gpu uuid=GPU-aaaa name=NVIDIA_A100-SXM4-80GB bus=3B used=1024 load=37 temp=61 mclock=1593\n"
    "gpu uuid=GPU-bbbb name=NVIDIA_A100-SXM4-80GB bus=D8 fan=30 power=-1\n";

/// Readings until one satisfies the condition; the last one when none does within 20 s.
NodeUsage usage_when(Prober& prober, const std::function<bool(const std::vector<Gpu>&)>& condition) {
    const Mono deadline = BootClock::now() + 20s;
    NodeUsage usage = prober.usage();
    while (!condition(usage.gpus) && BootClock::now() < deadline) {
        ::poll(nullptr, 0, 5);
        usage = prober.usage();
    }
    return usage;
}

} // namespace

TEST_CASE("NVIDIA: what the driver says arrives") {
    const DriverDouble driver;
    driver.says(std::string(two_gpus) + "process 0 " + std::to_string(::getpid()) + " 512\n");
    Prober prober(DriverDouble::settings());
    const NodeInventory inventory = prober.inventory();
    REQUIRE(inventory.gpus.size() == 2);
    const Gpu& first = inventory.gpus[0];
    CHECK(first.id == 0);
    CHECK(first.uuid == "GPU-aaaa");
    CHECK(first.name == "NVIDIA A100-SXM4-80GB");
    CHECK(first.vendor == "nvidia");
    CHECK(first.driver_version == "535.104.05");
    CHECK(first.pci_bus_id == "00000000:3B:00.0");
    CHECK(first.healthy);
    CHECK(first.utilization == 37);
    CHECK(first.memory_utilization == 1);
    CHECK(first.memory_total_mib == 81920);
    CHECK(first.memory_used_mib == 1024);
    CHECK(first.memory_free_mib == 80896);
    CHECK(first.graphics_clock_mhz == 1410);
    CHECK(first.memory_clock_mhz == 1593);
    CHECK(first.temperature == 61);
    CHECK(first.fan_speed == -1);
    CHECK(first.power_usage_mw == 60'000);
    CHECK(first.power_limit_mw == 400'000);
    REQUIRE(first.processes.size() == 1);
    CHECK(first.processes[0].pid == ::getpid());
    CHECK_FALSE(first.processes[0].user.empty());
    CHECK(first.processes[0].command.find("test_probe") != std::string::npos);
    CHECK(first.processes[0].memory == Bytes{512 << 20});
    CHECK(inventory.gpus[1].fan_speed == 30);
    CHECK(inventory.gpus[1].power_usage_mw == -1);
}

TEST_CASE("NVIDIA: process records of every known size are read, several at once") {
    const DriverDouble driver;
    for (const char* size : {"16", "24", "32"}) {
        CAPTURE(size);
        driver.says("record " + std::string(size) +
                    "\ngpu uuid=GPU-1\nprocess 0 1 100\nprocess 0 999999 200\nprocess 0 3 300\n");
        Prober prober(DriverDouble::settings());
        const auto inventory = prober.inventory();
        REQUIRE(inventory.gpus.size() == 1);
        const auto& processes = inventory.gpus[0].processes;
        REQUIRE(processes.size() == 3);
        CHECK(processes[1].pid == 999'999);
        CHECK(processes[1].user.empty()); // nobody has this pid here
        CHECK(processes[2].memory == Bytes{300 << 20});
    }
}

TEST_CASE("NVIDIA: a MIG device is listed with its parent") {
    const DriverDouble driver;
    driver.says("gpu uuid=GPU-1 bus=3B mig=1 temp=50\ngpu uuid=GPU-2 bus=D8\n"
                "part 0 uuid=MIG-7 name=NVIDIA_A100_MIG_1g.10gb total=9728 used=10\n");
    const auto inventory = Prober(DriverDouble::settings()).inventory();
    REQUIRE(inventory.gpus.size() == 3);
    const Gpu& part = inventory.gpus[2];
    CHECK(part.uuid == "MIG-7");
    CHECK(part.id == 2);
    CHECK(part.mig_parent == "GPU-1");
    CHECK(part.pci_bus_id == "00000000:3B:00.0");
    CHECK(part.memory_total_mib == 9728);
    CHECK(part.utilization == -1);
    CHECK(part.temperature == 50);
}

TEST_CASE("NVIDIA: a lost GPU is unhealthy, keeps its place, and comes back") {
    const DriverDouble driver;
    driver.says(two_gpus);
    Prober prober(DriverDouble::settings());
    REQUIRE(prober.inventory().gpus.size() == 2);
    driver.says("gpu uuid=GPU-aaaa bus=3B fail=15\ngpu uuid=GPU-bbbb bus=D8\n");
    const auto lost = usage_when(prober, [](const auto& gpus) { return !gpus[0].healthy; }).gpus;
    REQUIRE(lost.size() == 2);
    CHECK(lost[0].uuid == "GPU-aaaa");
    CHECK(lost[0].problem.find("fallen off the bus") != std::string::npos);
    CHECK(lost[1].healthy);
    CHECK(lost[1].id == 1);
    driver.says(two_gpus);
    CHECK(usage_when(prober, [](const auto& gpus) { return gpus[0].healthy; }).gpus[0].healthy);
}

TEST_CASE("NVIDIA: a driver that is unloaded and loaded again in another version is followed") {
    const DriverDouble driver;
    driver.says(two_gpus);
    Prober prober(DriverDouble::settings());
    REQUIRE(prober.inventory().gpus.size() == 2);
    driver.unload();
    const auto gone = usage_when(prober, [](const auto& gpus) { return !gpus[0].healthy; }).gpus;
    CHECK(gone[0].problem == "the NVIDIA driver is not loaded");
    driver.says("driver 570.1\n" + std::string(two_gpus).substr(std::string(two_gpus).find('\n') + 1));
    const auto back = usage_when(prober, [](const auto& gpus) { return gpus[0].driver_version == "570.1"; }).gpus;
    CHECK(back[0].healthy);
    CHECK(back[0].driver_version == "570.1");
}

TEST_CASE("NVIDIA: a driver that hangs delays no reading, and its GPUs become unhealthy") {
    const DriverDouble driver;
    driver.says(two_gpus);
    ProbeSettings settings = DriverDouble::settings();
    settings.gpu_silence_limit = 200ms;
    Prober prober(settings);
    REQUIRE(prober.inventory().gpus.size() == 2);
    driver.says(std::string(two_gpus) + "hang\n");
    const auto hung = usage_when(prober, [](const auto& gpus) { return !gpus[0].healthy; }).gpus;
    CHECK(hung[0].problem == "NVML does not answer");
    CHECK(hung[0].uuid == "GPU-aaaa");
    CHECK_FALSE(hung[1].healthy);
}

TEST_CASE("NVIDIA: a driver that hangs from the start costs the inventory its limited wait, no more") {
    const DriverDouble driver;
    driver.says("hang\n");
    ProbeSettings settings = DriverDouble::settings();
    settings.gpu_first_wait = 50ms;
    Prober prober(settings);
    CHECK(prober.inventory().gpus.empty());
    CHECK(prober.usage().gpus.empty());
}

TEST_CASE("a reader that hangs is given up and another one is tried") {
    const DriverDouble driver;
    driver.says("hang\n");
    GpuLink link(HK_PROBE_DUMP, DriverDouble::arguments());
    Mono now{};
    now += 1h;
    CHECK_FALSE(link.poll(now));
    const pid_t first = link.reader();
    CHECK(first > 0);
    CHECK_FALSE(link.poll(now + GpuLink::hang_limit));
    CHECK(link.reader() == first);
    now += GpuLink::hang_limit + 1s;
    CHECK_FALSE(link.poll(now));
    CHECK(link.reader() == 0);
    CHECK(link.silence(now) == GpuLink::hang_limit + 1s);
    driver.says(two_gpus);
    CHECK_FALSE(link.poll(now + 500ms)); // it pauses before it starts the next
    CHECK(link.reader() == 0);
    now += 2s;
    CHECK_FALSE(link.poll(now));
    CHECK(link.reader() != first);
    CHECK(link.silence(now) > GpuLink::hang_limit); // a new process is no answer yet
}

TEST_CASE("a reader that crashes is started again, ever more slowly") {
    const DriverDouble driver;
    driver.says("gpu uuid=GPU-1\ncrash\n");
    GpuLink link(HK_PROBE_DUMP, DriverDouble::arguments());
    std::vector<Duration> pauses;
    Mono now = Mono{} + 1h;
    for (int crash = 0; crash < 8; ++crash) {
        const Mono deadline = BootClock::now() + 20s;
        Mono started = now;
        while (link.reader() == 0) link.poll(now), now += 100ms;
        pauses.push_back(now - started);
        while (link.reader() != 0 && BootClock::now() < deadline) link.poll(now), ::poll(nullptr, 0, 2);
        REQUIRE(link.reader() == 0);
    }
    CHECK(pauses[2] > pauses[1]);
    CHECK(pauses[7] >= GpuLink::longest_pause - 1s);
    CHECK(pauses[7] <= GpuLink::longest_pause + 1s);
}

TEST_CASE("a machine without NVIDIA's library has no reader most of the time") {
    GpuLink link(HK_PROBE_DUMP, DriverDouble::arguments("libnvidia-ml-that-nobody-has.so.1"));
    const auto answer = link.wait(20s);
    REQUIRE(answer);
    CHECK(answer->gpus.empty());
    CHECK(answer->problem.find("cannot be loaded") != std::string::npos);
    const Mono deadline = BootClock::now() + 20s;
    while (link.reader() != 0 && BootClock::now() < deadline) link.poll(BootClock::now()), ::poll(nullptr, 0, 2);
    CHECK(link.reader() == 0);
    CHECK(link.silence(BootClock::now()) == 0s);
    CHECK_FALSE(link.poll(BootClock::now() + 2min));
    CHECK(link.reader() == 0);
}

TEST_CASE("an executable that is no GPU reader does no harm") {
    const DriverDouble driver;
    const fs::path talker = driver.file().parent_path() / "talker";
    std::ofstream(talker) << "#!/bin/sh\nprintf 'nonsense\\nend\\n' >&0\nread answer\n";
    fs::permissions(talker, fs::perms::owner_all);
    for (const std::string& program : {std::string("/bin/true"), talker.string(), std::string("/does/not/exist")}) {
        CAPTURE(program);
        ProbeSettings settings = DriverDouble::settings();
        settings.gpu_reader = program;
        settings.gpu_first_wait = 100ms;
        Prober prober(settings);
        CHECK(prober.inventory().gpus.empty());
        CHECK(prober.usage().gpus.empty());
    }
}

TEST_CASE("the readers of a prober end with it") {
    const DriverDouble driver;
    driver.says(two_gpus);
    pid_t reader = 0;
    {
        GpuLink link(HK_PROBE_DUMP, DriverDouble::arguments());
        REQUIRE(link.wait(20s));
        reader = link.reader();
        CHECK(::kill(reader, 0) == 0);
    }
    CHECK(::kill(reader, 0) != 0);
}

TEST_CASE("the real NVIDIA library, where there is one") {
    void* library = ::dlopen("libnvidia-ml.so.1", RTLD_LAZY | RTLD_LOCAL);
    if (library == nullptr) {
        MESSAGE("skipped: this machine has no libnvidia-ml.so.1");
        return;
    }
    ProbeSettings settings = DriverDouble::settings();
    settings.nvml_library = "libnvidia-ml.so.1";
    const NodeInventory inventory = Prober(settings).inventory();
    for (const Gpu& gpu : inventory.gpus) {
        MESSAGE("GPU " << gpu.id << ": " << gpu.name << ", " << gpu.uuid << ", " << gpu.memory_total_mib << " MiB");
        CHECK(gpu.uuid.starts_with(gpu.mig_parent.empty() ? "GPU-" : "MIG-"));
        CHECK_FALSE(gpu.name.empty());
        CHECK_FALSE(gpu.driver_version.empty());
        CHECK(gpu.memory_total_mib >= gpu.memory_used_mib);
        CHECK(gpu.pci_bus_id.size() == 16);
    }
}
