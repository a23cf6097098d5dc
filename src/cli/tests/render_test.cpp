#include "rig.hpp"

#include "cli/render_node.hpp"
#include "cli/render_task.hpp"
#include "support/golden.hpp"

#include <doctest/doctest.h>

using namespace hk;
using namespace hk::cli;
using namespace hk::cli::test;

namespace {

const Time now = *parse_time("2026-03-01T12:00:00Z");

std::vector<proto::TaskView> some_tasks() {
    std::vector<proto::TaskView> tasks;
    for (auto state = TaskState::pending; state <= TaskState::killed_oom; state = TaskState(int(state) + 1))
        tasks.push_back(make_task(40 - int(state), state));
    tasks[0].waiting_reason = "node1: 1 of 4 GPUs free, needs 2; node2: offline for 3 m";
    tasks[1].progress = "syncing 412 MB of 1.2 GB";
    tasks[2].arguments = {"-c", "print('a\nb')", "", "\x1b[31mred"};
    tasks[2].required_gpus = {0, 1};
    tasks[2].required_memory_bytes = Bytes{8'000'000'000};
    tasks[3].kill_requested = true;
    tasks[4].error_message = "node1 is silent";
    tasks[8].error_message = "over its memory limit of 512 MB";
    tasks[8].container_name = "my-env";
    return tasks;
}

proto::GpuView make_gpu(int id) {
    proto::GpuView gpu;
    gpu.gpu_id = id;
    gpu.name = "NVIDIA A100-SXM4-40GB";
    gpu.driver_version = "535.104";
    gpu.gpu_utilization = 97 - 60 * id;
    gpu.memory_total_mib = 40960;
    gpu.memory_used_mib = 30000 - 20000 * id;
    gpu.temperature = 71;
    gpu.power_usage_mw = 312000;
    gpu.power_limit_mw = 400000;
    return gpu;
}

proto::NodeList some_nodes() {
    proto::NodeView one;
    one.hostname = "node1";
    one.status = "online";
    one.version = "0.1.0";
    one.total_cores = 32;
    one.cores_in_use = 30;
    one.memory_total_bytes = Bytes{128'000'000'000};
    one.memory_reserved_bytes = Bytes{64'000'000'000};
    one.memory_percent = 40.4;
    one.cpu_percent = 93.6;
    one.last_heartbeat = now - std::chrono::seconds(2);
    one.numa_topology = {{"0", {}}, {"1", {}}};
    one.gpu_info = {make_gpu(0), make_gpu(1)};
    one.gpu_info[0].task_id = TaskId{12};
    one.gpu_info[0].task_user = "alice";
    one.gpu_info[0].processes = {{.pid = 6, .user = "root", .command = "train", .task_id = TaskId{12}}};
    one.gpu_info[1].processes = {{.pid = 7, .user = "bob", .command = "python", .memory_bytes = Bytes{9'000'000'000}}};
    one.tasks = {TaskId{12}, TaskId{13}};
    one.executors = {{"process", true, "", {}}, {"systemd", true, "", {}}, {"docker", true, "", {}}};
    proto::NodeView two;
    two.hostname = "node2";
    two.status = "offline";
    two.drained = true;
    two.total_cores = 8;
    two.memory_total_bytes = Bytes{16'000'000'000};
    two.executors = {{"process", true, "", {}}, {"systemd", false, "systemd does not run this machine", {}}};
    two.gpu_info = {make_gpu(0)};
    two.gpu_info[0].healthy = false;
    two.gpu_info[0].problem = "fell off the bus";
    return {{one, two}};
}

proto::Health some_health() {
    proto::HealthNode one{.hostname = "node1",
                          .status = "online",
                          .cpu_percent = 50.4,
                          .memory_percent = 95,
                          .memory_used_bytes = Bytes{15'000'000'000},
                          .memory_total_bytes = Bytes{16'000'000'000},
                          .total_cores = 8,
                          .current_avg_temp = 55.2,
                          .current_max_temp = 61.0};
    one.gpu_info = {make_gpu(0)};
    const proto::HealthNode two{.hostname = "node2", .status = "offline", .total_cores = 4};
    proto::Health health;
    health.nodes = {{two}, {one, two}};
    health.aggregate = {{},
                        {.totalNodes = 2,
                         .onlineNodes = 1,
                         .totalCores = 12,
                         .totalMemBytes = Bytes{16'000'000'000},
                         .usedMemBytes = Bytes{15'000'000'000},
                         .avgCpuPercent = 50.4,
                         .maxMaxCpuTemp = 61.0,
                         .avgGpuPercent = 97}};
    return health;
}

template <class Render>
std::string at_widths(const Render& render) {
    std::string text;
    for (const int width : {0, 120, 80, 50})
        text += "width " + std::to_string(width) + "\n" +
                render(Terminal{.is_tty = width > 0, .unicode = true, .width = width}) + "\n";
    return text + "ASCII\n" + render(Terminal{.is_tty = true, .unicode = false, .width = 80}) + "\ncolour\n" +
           render(Terminal{.is_tty = true, .colour = true, .unicode = true, .width = 80});
}

} // namespace

TEST_CASE("render: the table of tasks") {
    check_golden("cli/tasks.txt",
                 at_widths([](const Terminal& terminal) { return render_task_table(terminal, some_tasks(), now); }));
}

TEST_CASE("render: everything about a task") {
    auto task = some_tasks()[2];
    task.batch_id = BatchId{30};
    task.attempt = 2;
    task.env_vars = {{"A", "1"}, {"B", "two\nlines"}};
    task.container_name = "my-env";
    task.environment_version = "1744643963";
    task.privileged = true;
    task.additional_mounts = {"/data:/data:ro"};
    task.working_directory = "/shared/x";
    task.priority = 5;
    task.strategy = Strategy::least_loaded;
    task.target_numa_node_id = 0;
    task.warnings = {"memory limits are not enforced"};
    task.peak_memory_bytes = Bytes{1'200'000'000};
    task.cpu_time_us = std::chrono::seconds(75);
    task.stdout_path = "/shared/task_outputs/38.out";
    task.stderr_path = "/shared/task_errors/38.err";
    std::string text = render_task({.unicode = true}, task, now) + "\n";
    auto crashed = make_task(5, TaskState::failed);
    crashed.exit_code = 139;
    crashed.signal = 11;
    crashed.error_message = "ended by a signal";
    text += render_task({.unicode = true}, crashed, now) + "\n";
    text += render_task({.unicode = true}, some_tasks()[0], now);
    check_golden("cli/task.txt", text);
}

TEST_CASE("render: why a task waits") {
    proto::Explanation why{.task_id = TaskId{12}, .status = TaskState::pending, .summary = "needs 2 GPUs", .ahead = 3};
    why.nodes = {{"node1", false, "1 of 4 GPUs free (task 37)"}, {"node2", true, "fits, and is kept for task 9"}};
    check_golden("cli/explain.txt", render_explanation({.unicode = true}, why));
}

TEST_CASE("render: nodes") {
    check_golden("cli/nodes.txt", at_widths([](const Terminal& terminal) {
                     return render_node_table(terminal, some_nodes().nodes, now);
                 }));
}

TEST_CASE("render: GPUs and who uses them") {
    check_golden("cli/gpus.txt",
                 at_widths([](const Terminal& terminal) { return render_gpu_table(terminal, some_nodes().nodes); }));
    CHECK(render_gpu_table({}, {}) == "no node has a GPU\n");
}

TEST_CASE("render: health") {
    check_golden("cli/health.txt",
                 at_widths([](const Terminal& terminal) { return render_health(terminal, some_health(), ""); }));
    const std::string one = render_health({}, some_health(), "node2");
    CHECK(one.contains("node2"));
    CHECK_FALSE(one.contains("node1"));
    CHECK(render_health({}, {}, "") == "no node has been seen yet\n");
}

TEST_CASE("render: the commands show them") {
    Rig rig;
    rig.host->on("GET /api/nodes", proto::to_json(some_nodes()));
    rig.host->on("GET /api/health?hostname=node1", proto::to_json(some_health()));
    rig.host->on("GET /api/health", proto::to_json(some_health()));
    CHECK(rig.client({"--list-nodes"}) == 0);
    CHECK(rig.out == render_node_table({.unicode = true}, some_nodes().nodes, now));
    rig.clear();
    CHECK(rig.client({"--list-nodes", "-q"}) == 0);
    CHECK(rig.out == "node1\nnode2\n");
    rig.clear();
    CHECK(rig.client({"--list-nodes", "--json"}) == 0);
    CHECK(rig.out == proto::to_json(some_nodes()) + "\n");
    rig.clear();
    CHECK(rig.client({"--list-gpus"}) == 0);
    CHECK(rig.out.contains("bob: python (9 GB)"));
    rig.clear();
    CHECK(rig.client({"--health", "node1"}) == 0);
    CHECK(rig.out.contains("node1"));
    CHECK_FALSE(rig.out.contains("node2"));
    rig.clear();
    CHECK(rig.client({"--health"}) == 0);
    CHECK(rig.out.contains("1 of 2 nodes online"));
    rig.clear();
    rig.host->on("GET /api/health?hostname=node9", R"({"nodes":[[]],"aggregate":[]})");
    CHECK(rig.client({"--health", "node9"}) == 125);
    CHECK(rig.err == "hakuriver.client: there is no node node9\n");
}
