#pragma once
#include "proto/node_api.hpp"
#include "json/model_codec.hpp"

/// The JSON keys of the node bodies. Included by node_api.cpp and openapi.cpp only: it is costly to
/// compile.
namespace hk::proto {

BOOST_DESCRIBE_STRUCT(GpuProcessView, (), (pid, user, command, memory_bytes, task_id))
BOOST_DESCRIBE_STRUCT(GpuView, (),
                      (gpu_id, uuid, name, vendor, driver_version, pci_bus_id, healthy, problem, gpu_utilization,
                       mem_utilization, graphics_clock_mhz, mem_clock_mhz, memory_total_mib, memory_used_mib,
                       memory_free_mib, temperature, fan_speed, power_usage_mw, power_limit_mw, task_id, task_user,
                       processes))
BOOST_DESCRIBE_STRUCT(NumaView, (), (cores, memory_bytes, cores_in_use, memory_reserved_bytes, available_cores))
BOOST_DESCRIBE_STRUCT(ExecutorView, (), (name, available, problem, warnings))
BOOST_DESCRIBE_STRUCT(NodeView, (),
                      (hostname, url, status, drained, version, total_cores, cores_in_use, available_cores,
                       memory_total_bytes, memory_reserved_bytes, memory_used_bytes, memory_percent, cpu_percent,
                       current_avg_temp, current_max_temp, last_heartbeat, numa_topology, gpu_info, executors, tasks))
BOOST_DESCRIBE_STRUCT(NodeList, (), (nodes))
BOOST_DESCRIBE_STRUCT(HealthNode, (),
                      (hostname, status, last_heartbeat, cpu_percent, memory_percent, memory_used_bytes,
                       memory_total_bytes, total_cores, numa_topology, current_avg_temp, current_max_temp, gpu_info))
BOOST_DESCRIBE_STRUCT(HealthAggregate, (),
                      (totalNodes, onlineNodes, totalCores, totalMemBytes, usedMemBytes, avgCpuPercent, avgMemPercent,
                       maxAvgCpuTemp, maxMaxCpuTemp, avgGpuPercent, lastUpdated))
BOOST_DESCRIBE_STRUCT(Health, (), (nodes, aggregate))
BOOST_DESCRIBE_STRUCT(ClusterView, (),
                      (version, now, nodes_online, nodes_total, cores_total, cores_in_use, memory_total_bytes,
                       memory_reserved_bytes, gpus_total, gpus_in_use, tasks, default_container, default_strategy))

} // namespace hk::proto
