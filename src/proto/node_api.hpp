#pragma once
#include "base/result.hpp"
#include "base/time.hpp"
#include "model/node.hpp"

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// Bodies of the node, health and cluster routes, with the field names of the original program
/// where it has them.
namespace hk::proto {

struct GpuProcessView {
    int pid = 0;
    std::string user;
    std::string command;
    Bytes memory_bytes;
    std::optional<TaskId> task_id;
    static const std::string_view schema_name;
};

/// -1 in a reading means unknown.
struct GpuView {
    int gpu_id = 0;
    std::string uuid;
    std::string name;
    std::string vendor;
    std::string driver_version;
    std::string pci_bus_id;
    bool healthy = true;
    std::string problem;
    int gpu_utilization = -1;
    int mem_utilization = -1;
    int graphics_clock_mhz = -1;
    int mem_clock_mhz = -1;
    double memory_total_mib = -1;
    double memory_used_mib = -1;
    double memory_free_mib = -1;
    int temperature = -1;
    int fan_speed = -1;
    int power_usage_mw = -1;
    int power_limit_mw = -1;
    std::optional<TaskId> task_id; ///< of ours that holds it
    std::string task_user;         ///< who submitted that task
    std::vector<GpuProcessView> processes;
    static const std::string_view schema_name;
};

struct NumaView {
    std::vector<int> cores;
    std::optional<Bytes> memory_bytes;
    int cores_in_use = 0;        ///< by tasks that are bound to it
    Bytes memory_reserved_bytes; ///< by tasks that are bound to it
    int available_cores = 0;     ///< for a task that is to be bound to it
    static const std::string_view schema_name;
};

struct ExecutorView {
    std::string name;
    bool available = false;
    std::string problem;
    std::vector<std::string> warnings;
    static const std::string_view schema_name;
};

struct NodeView {
    std::string hostname;
    std::string url;
    std::string status;
    bool drained = false;
    std::string version;
    int total_cores = 0;
    int cores_in_use = 0;
    int available_cores = 0;
    Bytes memory_total_bytes;
    Bytes memory_reserved_bytes;
    Bytes memory_used_bytes;
    double memory_percent = 0;
    double cpu_percent = 0;
    std::optional<double> current_avg_temp;
    std::optional<double> current_max_temp;
    std::optional<Time> last_heartbeat;
    std::map<std::string, NumaView> numa_topology;
    std::vector<GpuView> gpu_info;
    std::vector<ExecutorView> executors;
    std::vector<TaskId> tasks;
    static const std::string_view schema_name;
};

struct NodeList {
    std::vector<NodeView> nodes;
    static const std::string_view schema_name;
};

/// One node in one sample of GET /api/health.
struct HealthNode {
    std::string hostname;
    std::string status;
    std::optional<Time> last_heartbeat;
    double cpu_percent = 0;
    double memory_percent = 0;
    Bytes memory_used_bytes;
    Bytes memory_total_bytes;
    int total_cores = 0;
    std::map<std::string, NumaView> numa_topology;
    std::optional<double> current_avg_temp;
    std::optional<double> current_max_temp;
    std::vector<GpuView> gpu_info;
    static const std::string_view schema_name;
};

/// The cluster in one sample.
struct HealthAggregate {
    int totalNodes = 0;
    int onlineNodes = 0;
    int totalCores = 0;
    Bytes totalMemBytes;
    Bytes usedMemBytes;
    double avgCpuPercent = 0;
    double avgMemPercent = 0;
    std::optional<double> maxAvgCpuTemp;
    std::optional<double> maxMaxCpuTemp;
    double avgGpuPercent = -1;
    Time lastUpdated{};
    static const std::string_view schema_name;
};

/// GET /api/health: the last 60 one-second samples, oldest first.
struct Health {
    std::vector<std::vector<HealthNode>> nodes;
    std::vector<HealthAggregate> aggregate;
    static const std::string_view schema_name;
};

/// GET /api/cluster: the numbers at the top of every page.
struct ClusterView {
    std::string version;
    Time now{};
    int nodes_online = 0;
    int nodes_total = 0;
    int cores_total = 0;
    int cores_in_use = 0;
    Bytes memory_total_bytes;
    Bytes memory_reserved_bytes;
    int gpus_total = 0;
    int gpus_in_use = 0;
    std::map<std::string, std::int64_t> tasks;
    std::string default_container;
    std::string default_strategy;
    static const std::string_view schema_name;
};

std::string to_json(const NodeView& node);
std::string to_json(const NodeList& list);
std::string to_json(const Health& health);
/// The newest sample for live views: {"aggregate":{...}}
std::string to_json(const HealthAggregate& aggregate);
std::string to_json(const ClusterView& cluster);
Result<NodeList> parse_node_list(std::string_view body);
Result<Health> parse_health(std::string_view body);
Result<ClusterView> parse_cluster(std::string_view body);

GpuView view_of(const Gpu& gpu);
/// Without what is in use of it.
NumaView view_of(const NumaNode& node);

} // namespace hk::proto
