#include "proto/node_api.hpp"

#include "proto/body.hpp"
#include "proto/node_describe.hpp"

namespace hk::proto {

const std::string_view GpuProcessView::schema_name = "GpuProcess";
const std::string_view GpuView::schema_name = "Gpu";
const std::string_view NumaView::schema_name = "NumaNode";
const std::string_view ExecutorView::schema_name = "Executor";
const std::string_view NodeView::schema_name = "Node";
const std::string_view NodeList::schema_name = "NodeList";
const std::string_view HealthNode::schema_name = "HealthNode";
const std::string_view HealthAggregate::schema_name = "HealthAggregate";
const std::string_view Health::schema_name = "Health";
const std::string_view ClusterView::schema_name = "Cluster";

std::string to_json(const NodeView& node) { return body_of(node); }
std::string to_json(const NodeList& list) { return body_of(list); }
std::string to_json(const Health& health) { return body_of(health); }
std::string to_json(const HealthAggregate& aggregate) {
    return json::serialize(json::Object{{"aggregate", json::encode(aggregate)}});
}
std::string to_json(const ClusterView& cluster) { return body_of(cluster); }
Result<NodeList> parse_node_list(std::string_view body) { return parse_lenient<NodeList>(body); }
Result<Health> parse_health(std::string_view body) { return parse_lenient<Health>(body); }
Result<ClusterView> parse_cluster(std::string_view body) { return parse_lenient<ClusterView>(body); }

GpuView view_of(const Gpu& gpu) {
    GpuView view{.gpu_id = gpu.id,
                 .uuid = gpu.uuid,
                 .name = gpu.name,
                 .vendor = gpu.vendor,
                 .driver_version = gpu.driver_version,
                 .pci_bus_id = gpu.pci_bus_id,
                 .healthy = gpu.healthy,
                 .problem = gpu.problem,
                 .gpu_utilization = gpu.utilization,
                 .mem_utilization = gpu.memory_utilization,
                 .graphics_clock_mhz = gpu.graphics_clock_mhz,
                 .mem_clock_mhz = gpu.memory_clock_mhz,
                 .memory_total_mib = gpu.memory_total_mib,
                 .memory_used_mib = gpu.memory_used_mib,
                 .memory_free_mib = gpu.memory_free_mib,
                 .temperature = gpu.temperature,
                 .fan_speed = gpu.fan_speed,
                 .power_usage_mw = gpu.power_usage_mw,
                 .power_limit_mw = gpu.power_limit_mw};
    for (const GpuProcess& process : gpu.processes)
        view.processes.push_back({process.pid, process.user, process.command, process.memory, process.task});
    return view;
}

NumaView view_of(const NumaNode& node) {
    NumaView view{.cores = node.cpus};
    if (node.memory.value > 0) view.memory_bytes = node.memory;
    return view;
}

} // namespace hk::proto
