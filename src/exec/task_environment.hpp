#pragma once
#include "exec/exec_settings.hpp"
#include "model/task.hpp"

#include <map>
#include <string>

namespace hk::exec {

using Environment = std::map<std::string, std::string>;

/// The directories of a task as the task sees them: the node's own outside containers, /shared and
/// /local_temp inside.
struct TaskPlaces {
    std::string shared_dir;
    std::string local_temp_dir;
};

/// The task's own variables over `spec.env`: HAKURIVER_TASK_ID, _ATTEMPT, _NODE, _SHARED_DIR,
/// _LOCAL_TEMP_DIR and, when the placement names one, _TARGET_NUMA_NODE. HAKURIVER_ names of the
/// submission are overwritten, never passed on, but for _TASK_INDEX, which the Host sets.
Environment task_environment(const ExecSettings& settings, const Assignment& assignment, const TaskPlaces& places);

/// What lets a task use its GPUs and no other: CUDA_VISIBLE_DEVICES (by uuid) with
/// CUDA_DEVICE_ORDER, HIP_VISIBLE_DEVICES. Empty lists on a node that has GPUs of which none is
/// placed; nothing at all on a node without GPUs. For tasks outside containers; these win over
/// `spec.env`.
Environment gpu_environment(const ExecSettings& settings, const Placement& placement);

/// The same in a container, where the engine hands out the devices and counts them anew.
/// NVIDIA_VISIBLE_DEVICES=void where none is placed: images name "all" themselves, and an engine
/// whose default runtime is NVIDIA's obeys them.
Environment container_gpu_environment(const ExecSettings& settings, const Placement& placement);

/// Everything for a task outside containers: PATH, HOME, USER, LANG and the like from the runner's
/// environment (a list of names, so that no secret of the runner reaches a task), then the two
/// above.
Environment native_environment(const ExecSettings& settings, const Assignment& assignment);

} // namespace hk::exec
