#include "probe/gpu_frame.hpp"
#include "probe/gpu_table.hpp"
#include "probe/nvml_api.hpp"

#include <doctest/doctest.h>
#include <rapidcheck.h>

using namespace hk;
using namespace hk::probe;
using namespace std::chrono_literals;

namespace {

Gpu make_gpu(const std::string& uuid, const std::string& bus) {
    Gpu gpu;
    gpu.uuid = uuid;
    gpu.name = "NVIDIA A100-SXM4-80GB";
    gpu.vendor = "nvidia";
    gpu.driver_version = "550.54.14";
    gpu.pci_bus_id = bus;
    gpu.utilization = 40;
    gpu.memory_total_mib = 81920;
    gpu.memory_used_mib = 1023.25;
    gpu.memory_free_mib = 80896.75;
    gpu.temperature = 61;
    gpu.processes.push_back(
        {.pid = 4711, .user = "alice", .command = "python a.py", .memory = Bytes{1 << 30}, .task = {}});
    return gpu;
}

GpuFrame frame_of(std::vector<Gpu> gpus) { return {.gpus = std::move(gpus), .problem = {}}; }

} // namespace

TEST_CASE("a frame comes out of its text as it went in") {
    GpuFrame frame = frame_of({make_gpu("GPU-1", "00000000:3B:00.0"), make_gpu("GPU-2", "00000000:D8:00.0")});
    frame.gpus[1].healthy = false;
    frame.gpus[1].problem = "the GPU needs a reset";
    frame.gpus[1].processes.clear();
    frame.gpus[0].processes[0].task = TaskId{12};
    CHECK(decode_frame(encode_frame(frame)) == frame);
    CHECK(decode_frame(encode_frame({})) == GpuFrame{});
    const GpuFrame problem{.gpus = {}, .problem = "the NVIDIA driver is not loaded"};
    CHECK(decode_frame(encode_frame(problem)) == problem);
}

TEST_CASE("texts of other people cannot forge fields or lines") {
    GpuFrame frame = frame_of({make_gpu("GPU-1", "00000000:3B:00.0")});
    frame.gpus[0].processes[0].command = "evil\nend\ngpu\t0\tx";
    const auto read = decode_frame(encode_frame(frame));
    REQUIRE(read);
    CHECK(read->gpus.size() == 1);
    CHECK(read->gpus[0].processes[0].command == "evil end gpu 0 x");
}

TEST_CASE("a frame cut off or damaged is refused, and never crashes the reader") {
    const std::string good = encode_frame(frame_of({make_gpu("GPU-1", "00000000:3B:00.0")}));
    CHECK(frame_length(good) == good.size());
    CHECK(frame_length(good + good) == good.size());
    CHECK(frame_length(good.substr(0, good.size() - 1)) == 0);
    CHECK(frame_length("end\n") == 4);
    rc::check("a prefix is no frame", [&] {
        const auto cut = *rc::gen::inRange<std::size_t>(0, good.size());
        RC_ASSERT(!decode_frame(good.substr(0, cut)).has_value());
    });
    rc::check("any one byte may change", [&] {
        std::string text = good;
        text[*rc::gen::inRange<std::size_t>(0, good.size())] = *rc::gen::arbitrary<char>();
        const auto read = decode_frame(text);
        if (read) RC_ASSERT(read->gpus.size() <= 2);
    });
    rc::check("any text", [](const std::string& text) { (void)decode_frame(text + "\nend\n"); });
    for (const char* wrong : {"gpu\t1\nend\n", "process\t1\ta\tb\t5\nend\n", "hello\nend\n", "gpu\nend\n"}) {
        CAPTURE(wrong);
        CHECK(decode_frame(wrong).error().code == Errc::corrupt);
    }
}

TEST_CASE("limits of a frame: GPUs are refused above theirs, processes are cut at theirs") {
    GpuFrame many;
    for (std::size_t i = 0; i <= most_gpus; ++i) many.gpus.push_back(make_gpu("GPU-" + std::to_string(i), "0"));
    CHECK_FALSE(decode_frame(encode_frame(many)));
    GpuFrame busy = frame_of({make_gpu("GPU-1", "0")});
    busy.gpus[0].processes.resize(most_gpu_processes + 5, busy.gpus[0].processes[0]);
    CHECK(decode_frame(encode_frame(busy))->gpus[0].processes.size() == most_gpu_processes);
}

TEST_CASE("GPUs are numbered in PCI order, whatever order the driver has") {
    GpuTable table;
    table.apply(frame_of({make_gpu("GPU-b", "00000000:D8:00.0"), make_gpu("GPU-a", "00000000:3B:00.0")}));
    REQUIRE(table.gpus().size() == 2);
    CHECK(table.gpus()[0].uuid == "GPU-a");
    CHECK(table.gpus()[0].id == 0);
    CHECK(table.gpus()[1].id == 1);
}

TEST_CASE("a GPU that disappears keeps its number and says so; it returns when it returns") {
    GpuTable table;
    const Gpu a = make_gpu("GPU-a", "00000000:3B:00.0");
    const Gpu b = make_gpu("GPU-b", "00000000:D8:00.0");
    table.apply(frame_of({a, b}));
    table.apply(frame_of({b}));
    REQUIRE(table.gpus().size() == 2);
    CHECK_FALSE(table.gpus()[0].healthy);
    CHECK(table.gpus()[0].problem == "the driver no longer lists this GPU");
    CHECK(table.gpus()[0].utilization == -1);
    CHECK(table.gpus()[0].memory_total_mib == 81920);
    CHECK(table.gpus()[1].uuid == "GPU-b");
    CHECK(table.gpus()[1].id == 1);
    table.apply(frame_of({a, b}));
    CHECK(table.gpus()[0].healthy);
    CHECK(table.gpus()[0].problem.empty());
}

TEST_CASE("a lost GPU that cannot say who it is keeps its identity") {
    GpuTable table;
    table.apply(frame_of({make_gpu("GPU-a", "00000000:3B:00.0"), make_gpu("GPU-b", "00000000:D8:00.0")}));
    Gpu lost;
    lost.pci_bus_id = "00000000:3B:00.0";
    lost.healthy = false;
    lost.problem = "the GPU has fallen off the bus; the machine needs a restart";
    table.apply(frame_of({lost, make_gpu("GPU-b", "00000000:D8:00.0")}));
    REQUIRE(table.gpus().size() == 2);
    CHECK(table.gpus()[0].uuid == "GPU-a");
    CHECK(table.gpus()[0].name == "NVIDIA A100-SXM4-80GB");
    CHECK(table.gpus()[0].problem == lost.problem);
}

TEST_CASE("a driver that is gone takes the health of its GPUs with it") {
    GpuTable table;
    table.apply(frame_of({make_gpu("GPU-a", "1")}));
    table.apply({.gpus = {}, .problem = "the NVIDIA driver is not loaded"});
    REQUIRE(table.gpus().size() == 1);
    CHECK(table.gpus()[0].problem == "the NVIDIA driver is not loaded");
}

TEST_CASE("MIG devices come after the whole GPUs, and vanish when an administrator removes them") {
    GpuTable table;
    Gpu part = make_gpu("MIG-1", "00000000:3B:00.0");
    part.mig_parent = "GPU-a";
    const Gpu a = make_gpu("GPU-a", "00000000:3B:00.0");
    const Gpu b = make_gpu("GPU-b", "00000000:D8:00.0");
    table.apply(frame_of({a, part, b}));
    REQUIRE(table.gpus().size() == 3);
    CHECK(table.gpus()[1].uuid == "GPU-b");
    CHECK(table.gpus()[2].uuid == "MIG-1");
    table.apply(frame_of({a, b}));
    CHECK(table.gpus().size() == 2);
}

TEST_CASE("a silent driver: first the readings are called old, then the GPUs unhealthy") {
    GpuTable table;
    table.apply(frame_of({make_gpu("GPU-a", "1")}));
    const auto after = [&](Duration lasts) {
        return table.gpus_after({.lasts = lasts, .limit = 15s, .reason = "NVML does not answer"})[0];
    };
    CHECK(after(0s).problem.empty());
    CHECK(after(9s).healthy);
    CHECK(after(9s).utilization == 40);
    CHECK(after(9s).problem == "NVML does not answer for 9 s");
    CHECK_FALSE(after(15s).healthy);
    CHECK(after(15s).problem == "NVML does not answer");
    CHECK(after(15s).utilization == -1);
    CHECK(table.gpus()[0].healthy);
}

TEST_CASE("the size of NVML's process record is measured") {
    CHECK(nvml::measure_stride(48, 3) == 16);
    CHECK(nvml::measure_stride(48, 2) == 24);
    CHECK(nvml::measure_stride(32, 1) == 32);
    CHECK(nvml::measure_stride(40, 1) == 0);
    CHECK(nvml::measure_stride(0, 0) == 0);
}
