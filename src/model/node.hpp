#pragma once
#include "base/time.hpp"
#include "base/units.hpp"
#include "model/ids.hpp"

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace hk {

struct NumaNode {
    int id = 0;
    std::vector<int> cpus;
    Bytes memory; ///< zero when the machine does not say
    friend bool operator==(const NumaNode&, const NumaNode&) = default;
};

/// A process that uses a GPU, ours or not: "who is on GPU 3?".
struct GpuProcess {
    int pid = 0;
    std::string user;
    std::string command;
    Bytes memory;
    std::optional<TaskId> task; ///< set when the process belongs to a task of ours
    friend bool operator==(const GpuProcess&, const GpuProcess&) = default;
};

/// One GPU and its last reading. -1 in a reading means unknown, as the API's users know it.
struct Gpu {
    int id = 0; ///< index in PCI order; what "::0,1" in a target means
    std::string uuid;
    std::string name;
    std::string vendor; ///< "nvidia" or "amd"
    std::string driver_version;
    std::string pci_bus_id;
    bool healthy = true;
    std::string problem; ///< why it is not healthy
    int utilization = -1;
    int memory_utilization = -1;
    int graphics_clock_mhz = -1;
    int memory_clock_mhz = -1;
    double memory_total_mib = -1;
    double memory_used_mib = -1;
    double memory_free_mib = -1;
    int temperature = -1;
    int fan_speed = -1;
    int power_usage_mw = -1;
    int power_limit_mw = -1;
    std::string mig_parent; ///< uuid of the whole GPU when this is a MIG device of it
    std::vector<GpuProcess> processes;
    friend bool operator==(const Gpu&, const Gpu&) = default;
};

/// A way to run a task on a node. `native` is systemd where it works and the process executor elsewhere.
enum class ExecutorKind { process, systemd, docker };
std::string_view to_string(ExecutorKind kind);
std::optional<ExecutorKind> parse_executor_kind(std::string_view text);

/// What one executor of a node can do; `problem` says why it is not offered.
struct ExecutorOffer {
    ExecutorKind kind = ExecutorKind::process;
    bool available = false;
    std::string problem;
    std::vector<std::string> warnings; ///< such as "memory limits are not enforced: ..."
    bool may_return = false; ///< what is not available now may be so later, without anybody changing the machine
    friend bool operator==(const ExecutorOffer&, const ExecutorOffer&) = default;
};

/// What a node is made of. Changes only when the runner says hello again.
struct NodeInventory {
    int cores = 0;
    Bytes memory;
    std::vector<NumaNode> numa;
    std::vector<Gpu> gpus;
    std::vector<ExecutorOffer> executors;
    std::string version;  ///< of the runner
    std::string boot_id;  ///< of the kernel; a change means that every task on the node has ended
    std::string state_id; ///< of the runner's state folder; a change means that its records of attempts are gone
    std::string address;  ///< `runner_address` of the config; shown only
    friend bool operator==(const NodeInventory&, const NodeInventory&) = default;
};

/// One reading of a node, taken by its runner at every heartbeat.
struct NodeUsage {
    double cpu_percent = 0;
    double memory_percent = 0;
    Bytes memory_used;
    Bytes memory_total;
    std::optional<double> average_temperature; ///< degrees Celsius over all CPU sensors; absent without sensors
    std::optional<double> maximum_temperature;
    std::vector<Gpu> gpus;
    std::map<std::string, std::string> environments; ///< the version that is ready to run here, by environment
    friend bool operator==(const NodeUsage&, const NodeUsage&) = default;
};

} // namespace hk
