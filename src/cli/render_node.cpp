#include "cli/render_node.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>

namespace hk::cli {
namespace {

constexpr double mebi = 1024.0 * 1024.0;

std::string with_decimals(double value, int decimals) {
    std::array<char, 32> text{};
    std::snprintf(text.data(), text.size(), "%.*f", decimals, value);
    return text.data();
}

std::string percent(double value) { return value < 0 ? "-" : with_decimals(value, 0) + " %"; }
std::string temperature(const std::optional<double>& value) { return value ? with_decimals(*value, 0) + " C" : "-"; }

std::string of_total(Bytes used, Bytes total) {
    return total.value <= 0 ? "-" : format_size(used) + " / " + format_size(total);
}

Cell status_cell(const Terminal& terminal, std::string_view status, bool drained) {
    const bool online = status == "online";
    const std::string_view mark = terminal.unicode ? (online ? "● " : "○ ") : (online ? "* " : "o ");
    const Colour colour = !online ? Colour::red : drained ? Colour::yellow : Colour::green;
    return {std::string(mark) + harmless(status, terminal.unicode) + (drained ? ", draining" : ""), colour};
}

/// Green, yellow, red: how full something is.
Colour load_colour(double value) {
    if (value < 0) return Colour::none;
    return value >= 90 ? Colour::red : value >= 60 ? Colour::yellow : Colour::green;
}

std::string gpu_summary(const proto::NodeView& node) {
    if (node.gpu_info.empty()) return "-";
    std::size_t used = 0;
    for (const auto& gpu : node.gpu_info)
        if (gpu.task_id) ++used;
    return std::to_string(used) + " / " + std::to_string(node.gpu_info.size());
}

/// "systemd, docker": how tasks run there. Where systemd does not work they run as plain processes.
std::string ways(const proto::NodeView& node) {
    const auto works = [&](std::string_view name) {
        return std::ranges::any_of(
            node.executors, [&](const proto::ExecutorView& each) { return each.available && each.name == name; });
    };
    std::string text = works("systemd") ? "systemd" : works("process") ? "process" : "";
    if (works("docker")) text += text.empty() ? "docker" : ", docker";
    return text.empty() ? "-" : text;
}

std::string heard(const proto::NodeView& node, Time now) {
    return node.last_heartbeat ? format_duration(now - *node.last_heartbeat) + " ago" : "never";
}

std::string task_ids(const std::vector<TaskId>& tasks) {
    std::string text;
    for (const TaskId id : tasks) text += (text.empty() ? "" : ",") + to_string(id);
    return text;
}

/// Six blocks, as full as the share says; the rest of a line of 80 columns is for who uses the GPU.
std::string bar(const Terminal& terminal, double percent_full) {
    constexpr int blocks = 6;
    const int full = static_cast<int>(std::lround(std::clamp(percent_full, 0.0, 100.0) / 100 * blocks));
    std::string text;
    for (int i = 0; i < blocks; ++i) text += i < full ? (terminal.unicode ? "█" : "#") : (terminal.unicode ? "░" : ".");
    return text + " ";
}

/// "31.5/42.9 GB"
std::string gpu_memory(const proto::GpuView& gpu) {
    if (gpu.memory_total_mib <= 0) return "-";
    const auto gigabytes = [](double mib) { return with_decimals(mib * mebi / 1e9, 1); };
    const std::string used = gpu.memory_used_mib < 0 ? "-" : gigabytes(gpu.memory_used_mib);
    return used + "/" + gigabytes(gpu.memory_total_mib) + " GB";
}

/// "task 12 (alice)", "bob: python train.py", or nothing.
std::string gpu_users(const proto::GpuView& gpu) {
    std::string text = gpu.task_id ? "task " + to_string(*gpu.task_id) : std::string();
    if (gpu.task_id && !gpu.task_user.empty()) text += " (" + gpu.task_user + ")";
    for (const auto& process : gpu.processes) {
        if (process.task_id && process.task_id == gpu.task_id) continue;
        text += (text.empty() ? "" : "; ") + process.user + ": " + process.command;
        if (process.memory_bytes.value > 0) text += " (" + format_size(process.memory_bytes) + ")";
    }
    if (!gpu.healthy) text = "not healthy: " + gpu.problem + (text.empty() ? "" : "; ") + text;
    return text;
}

std::string power(const proto::GpuView& gpu) {
    if (gpu.power_usage_mw < 0) return "-";
    std::string text = with_decimals(gpu.power_usage_mw / 1000.0, 0);
    if (gpu.power_limit_mw > 0) text += "/" + with_decimals(gpu.power_limit_mw / 1000.0, 0);
    return text + " W";
}

Table gpu_table() {
    return Table({{.title = "NODE", .elastic = true},
                  {.title = "GPU", .align = Align::right},
                  {.title = "NAME", .rank = 3, .elastic = true, .least = 20},
                  {.title = "UTIL", .align = Align::right},
                  {.title = "MEMORY", .align = Align::right},
                  {.title = "TEMP", .align = Align::right, .rank = 2},
                  {.title = "POWER", .align = Align::right, .rank = 1},
                  {.title = "DRIVER", .rank = 4},
                  {.title = "USED BY", .elastic = true, .least = 15}});
}

void add_gpu(Table& table, const Terminal& terminal, std::string_view node, const proto::GpuView& gpu) {
    const bool known = gpu.memory_total_mib > 0 && gpu.memory_used_mib >= 0;
    const double memory_share = known ? 100 * gpu.memory_used_mib / gpu.memory_total_mib : -1;
    const bool foreign = !gpu.task_id && !gpu.processes.empty();
    table.add({cell(terminal, node),
               {std::to_string(gpu.gpu_id)},
               cell(terminal, gpu.name),
               {bar(terminal, gpu.gpu_utilization) + percent(gpu.gpu_utilization), load_colour(gpu.gpu_utilization)},
               {bar(terminal, memory_share) + gpu_memory(gpu), load_colour(memory_share)},
               {gpu.temperature < 0 ? "-" : std::to_string(gpu.temperature) + " C"},
               {power(gpu)},
               cell(terminal, gpu.driver_version),
               cell(terminal, gpu_users(gpu),
                    !gpu.healthy ? Colour::red
                    : foreign    ? Colour::dim
                                 : Colour::none)});
}

std::string cluster_line(const Terminal& terminal, const proto::HealthAggregate& all) {
    std::string text = std::to_string(all.onlineNodes) + " of " + std::to_string(all.totalNodes) + " nodes online, " +
                       std::to_string(all.totalCores) + " cores, CPU " + percent(all.avgCpuPercent) + ", memory " +
                       of_total(all.usedMemBytes, all.totalMemBytes);
    if (all.avgGpuPercent >= 0) text += ", GPU " + percent(all.avgGpuPercent);
    if (all.maxMaxCpuTemp) text += ", hottest " + temperature(all.maxMaxCpuTemp);
    return paint(terminal, Colour::bold, text) + "\n";
}

} // namespace

std::string render_node_table(const Terminal& terminal, const std::vector<proto::NodeView>& nodes, Time now) {
    Table table({{.title = "NODE", .elastic = true},
                 {.title = "STATUS"},
                 {.title = "CORES", .align = Align::right},
                 {.title = "MEMORY RESERVED", .align = Align::right, .rank = 2},
                 {.title = "CPU", .align = Align::right, .rank = 3},
                 {.title = "MEMORY USED", .align = Align::right, .rank = 5},
                 {.title = "GPUS", .align = Align::right, .rank = 1},
                 {.title = "NUMA", .align = Align::right, .rank = 4},
                 {.title = "HEARD", .align = Align::right, .rank = 6},
                 {.title = "RUNS", .rank = 9},
                 {.title = "VERSION", .rank = 8},
                 {.title = "TASKS", .rank = 7, .elastic = true}});
    for (const proto::NodeView& node : nodes) {
        const bool online = node.status == "online";
        table.add(
            {cell(terminal, node.hostname),
             status_cell(terminal, node.status, node.drained),
             {std::to_string(node.cores_in_use) + " / " + std::to_string(node.total_cores)},
             {of_total(node.memory_reserved_bytes, node.memory_total_bytes)},
             {online ? percent(node.cpu_percent) : "-", online ? load_colour(node.cpu_percent) : Colour::none},
             {online ? percent(node.memory_percent) : "-", online ? load_colour(node.memory_percent) : Colour::none},
             {gpu_summary(node)},
             {node.numa_topology.empty() ? "-" : std::to_string(node.numa_topology.size())},
             {heard(node, now)},
             {ways(node)},
             cell(terminal, node.version),
             cell(terminal, task_ids(node.tasks))});
    }
    return table.render(terminal);
}

std::string render_gpu_table(const Terminal& terminal, const std::vector<proto::NodeView>& nodes) {
    Table table = gpu_table();
    for (const proto::NodeView& node : nodes)
        for (const proto::GpuView& gpu : node.gpu_info) add_gpu(table, terminal, node.hostname, gpu);
    return table.empty() ? "no node has a GPU\n" : table.render(terminal);
}

std::string render_health(const Terminal& terminal, const proto::Health& health, std::string_view node) {
    if (health.nodes.empty()) return "no node has been seen yet\n";
    Table table({{.title = "NODE", .elastic = true},
                 {.title = "STATUS"},
                 {.title = "CORES", .align = Align::right, .rank = 2},
                 {.title = "CPU", .align = Align::right},
                 {.title = "MEMORY", .align = Align::right},
                 {.title = "AVG TEMP", .align = Align::right, .rank = 3},
                 {.title = "MAX TEMP", .align = Align::right, .rank = 1},
                 {.title = "NUMA", .align = Align::right, .rank = 4}});
    Table gpus = gpu_table();
    for (const proto::HealthNode& sample : health.nodes.back()) {
        if (!node.empty() && sample.hostname != node) continue;
        const double cpu = sample.status == "online" ? sample.cpu_percent : -1;
        table.add({cell(terminal, sample.hostname),
                   status_cell(terminal, sample.status, false),
                   {std::to_string(sample.total_cores)},
                   {percent(cpu), load_colour(cpu)},
                   {of_total(sample.memory_used_bytes, sample.memory_total_bytes),
                    cpu < 0 ? Colour::none : load_colour(sample.memory_percent)},
                   {temperature(sample.current_avg_temp)},
                   {temperature(sample.current_max_temp)},
                   {sample.numa_topology.empty() ? "-" : std::to_string(sample.numa_topology.size())}});
        for (const proto::GpuView& gpu : sample.gpu_info) add_gpu(gpus, terminal, sample.hostname, gpu);
    }
    std::string text = table.render(terminal);
    if (!gpus.empty()) text += "\n" + gpus.render(terminal);
    if (node.empty() && !health.aggregate.empty()) text += "\n" + cluster_line(terminal, health.aggregate.back());
    return text;
}

} // namespace hk::cli
