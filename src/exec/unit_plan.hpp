#pragma once
#include "exec/exec_settings.hpp"
#include "exec/outcome.hpp"
#include "exec/systemd_manager.hpp"
#include "model/task.hpp"

#include <filesystem>
#include <string>
#include <vector>

namespace hk::exec {

/// "hakuriver-task-12-1.service" for attempt 12.1. It is the same in every life of the runner.
std::string unit_name(AttemptId attempt);
inline constexpr char unit_slice[] = "hakuriver.slice";

/// What a unit is made from besides the assignment.
struct UnitPlan {
    const ExecSettings& settings;
    const Assignment& assignment;
    std::string state_id;                   ///< tells the units of two runners on one machine apart
    std::vector<std::string> command;       ///< the keeper and its arguments
    int machine_cores = 0;                  ///< as many and more need no limit; 0: not known
    std::vector<std::string> device_files;  ///< allowed besides what is no GPU; empty: all devices
    std::vector<std::string> other_devices; ///< the drivers ("char-pts") whose devices are no GPUs
};

/// The transient service of one attempt. Pure. Command line and environment of the task are not in
/// it: properties are readable for every user of the machine.
std::vector<UnitProperty> unit_properties(const UnitPlan& plan);
/// The description by which a runner knows its own units.
std::string unit_description(AttemptId attempt, const std::string& state_id);

/// The limits that were asked for and that the kernel does not have, one sentence each.
std::vector<std::string> missing_limits(const TaskSpec& spec, int machine_cores, const LimitsFact& in_force);

/// CPUs as systemd takes them: bit N of byte N/8.
std::string bit_mask(const std::vector<int>& numbers);

} // namespace hk::exec
