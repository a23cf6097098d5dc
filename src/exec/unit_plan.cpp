#include "exec/unit_plan.hpp"

#include "keeper/protocol.hpp"

#include <algorithm>

namespace hk::exec {
namespace {

constexpr std::uint64_t micros_per_second = 1'000'000;
/// What is left of a task when its unit is stopped by somebody else gets so long before it is
/// killed.
constexpr std::uint64_t stop_timeout = 10 * micros_per_second;
constexpr std::uint64_t no_limit = ~std::uint64_t{0};
constexpr int most_cpus = 65'536;

void add_limits(std::vector<UnitProperty>& out, const UnitPlan& plan) {
    const TaskSpec& spec = *plan.assignment.spec;
    if (spec.cores > 0 && (plan.machine_cores == 0 || spec.cores < plan.machine_cores))
        out.push_back({"CPUQuotaPerSecUSec", static_cast<std::uint64_t>(spec.cores) * micros_per_second});
    if (spec.memory) {
        out.push_back({"MemoryMax", static_cast<std::uint64_t>(spec.memory->value)});
        out.push_back({"MemorySwapMax", std::uint64_t{0}});
    }
    const std::int64_t processes = plan.settings.most_processes;
    out.push_back({"TasksMax", processes > 0 ? static_cast<std::uint64_t>(processes) : no_limit});
}

void add_numa(std::vector<UnitProperty>& out, const UnitPlan& plan) {
    const auto wanted = plan.assignment.placement.numa;
    const auto node = std::ranges::find(plan.settings.numa, wanted.value_or(-1), &NumaNode::id);
    if (!wanted || node == plan.settings.numa.end()) return;
    out.push_back({"AllowedCPUs", UnitProperty::Bits{bit_mask(node->cpus)}});
    if (node->memory.value > 0) out.push_back({"AllowedMemoryNodes", UnitProperty::Bits{bit_mask({node->id})}});
}

void add_devices(std::vector<UnitProperty>& out, const UnitPlan& plan) {
    if (plan.other_devices.empty()) return;
    UnitProperty::Pairs allowed;
    for (const auto& driver : plan.other_devices) allowed.emplace_back(driver, "rwm");
    for (const auto& file : plan.device_files) allowed.emplace_back(file, "rw");
    out.push_back({"DevicePolicy", std::string("closed")});
    out.push_back({"DeviceAllow", std::move(allowed)});
}

} // namespace

std::string unit_name(AttemptId attempt) {
    return keeper::unit_prefix + to_string(attempt.task) + "-" + std::to_string(attempt.number) + ".service";
}

std::string unit_description(AttemptId attempt, const std::string& state_id) {
    return "HakuRiver task " + to_string(attempt.task) + ", attempt " + std::to_string(attempt.number) + " (" +
           state_id.substr(0, 12) + ")";
}

std::vector<UnitProperty> unit_properties(const UnitPlan& plan) {
    std::vector<UnitProperty> out;
    out.push_back({"Description", unit_description(plan.assignment.attempt, plan.state_id)});
    out.push_back({"Slice", std::string(unit_slice)});
    out.push_back({"Type", std::string("exec")});
    out.push_back({"ExecStart", UnitProperty::Command{plan.command}});
    // At shutdown the task ends before the file systems of its output go away.
    out.push_back({"After", UnitProperty::Strings{"remote-fs.target"}});
    out.push_back({"KillMode", std::string("control-group")});
    out.push_back({"SendSIGKILL", true});
    out.push_back({"TimeoutStopUSec", stop_timeout});
    // A process killed for memory ends alone: the keeper has to live to say so.
    out.push_back({"OOMPolicy", std::string("continue")});
    add_limits(out, plan);
    add_numa(out, plan);
    add_devices(out, plan);
    return out;
}

std::vector<std::string> missing_limits(const TaskSpec& spec, int machine_cores, const LimitsFact& in_force) {
    std::vector<std::string> missing;
    const bool limits_cores = spec.cores > 0 && (machine_cores == 0 || spec.cores < machine_cores);
    const auto asked = std::chrono::seconds(spec.cores);
    if (limits_cores && (!in_force.cpu_per_second || *in_force.cpu_per_second > asked + asked / 100))
        missing.push_back("the limit of " + std::to_string(spec.cores) + " CPU cores is not enforced on this node");
    if (spec.memory && (!in_force.memory || *in_force.memory > *spec.memory))
        missing.push_back("the memory limit of " + format_size(*spec.memory) + " is not enforced on this node");
    return missing;
}

std::string bit_mask(const std::vector<int>& numbers) {
    std::string mask;
    for (const int number : numbers) {
        if (number < 0 || number >= most_cpus) continue;
        const auto byte = static_cast<std::size_t>(number) / 8;
        if (mask.size() <= byte) mask.resize(byte + 1, '\0');
        mask[byte] = static_cast<char>(mask[byte] | 1 << number % 8);
    }
    return mask;
}

} // namespace hk::exec
