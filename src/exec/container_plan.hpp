#pragma once
#include "docker/container.hpp"
#include "exec/exec_settings.hpp"
#include "exec/log_files.hpp"
#include "model/task.hpp"

#include <filesystem>
#include <string>

/// What the container of an attempt looks like: pure, so that every limit can be looked at in a test.
namespace hk::exec {

/// How an engine is asked for NVIDIA's GPUs.
enum class GpuRequest {
    driver,    ///< through the engine's own driver, as "--gpus" does
    cdi_uuid,  ///< by CDI names made of uuids, which stay right when the driver counts anew
    cdi_index, ///< by CDI names made of numbers: all that older toolkits write
};

/// Everything the plan depends on.
struct ContainerInputs {
    const ExecSettings& settings;
    const Assignment& assignment;
    std::string image;
    std::string state_id;         ///< of the runner; tells its containers from those of others
    std::filesystem::path keeper; ///< the program that is mounted as PID 1
    std::filesystem::path record; ///< of the attempt in the spool
    std::vector<Mount> mounts;    ///< that the task asked for, as they are on this node
    GpuRequest gpu_request = GpuRequest::driver;
    std::vector<std::string> gpu_files; ///< device files of GPUs that no driver of the engine hands out
    int engine_cpus = 0;                ///< of the engine's machine; an engine refuses a limit above; 0: not known
};
docker::ContainerSpec plan_container(const ContainerInputs& inputs);

inline constexpr char runner_label[] = "hakuriver.runner";
inline constexpr char attempt_label[] = "hakuriver.attempt";
/// "hakuriver-task-12.1-8f3a2b1c"
std::string container_name(AttemptId attempt, const std::string& state_id);

/// Where the engine finds our own files in the container.
inline constexpr char inside_keeper[] = "/.hakuriver/keeper";
inline constexpr char inside_programs[] = "/.hakuriver/bin"; ///< hakurun, last in PATH
inline constexpr char inside_record[] = "/.hakuriver/record";
inline constexpr char inside_output[] = "/.hakuriver/stdout";
inline constexpr char inside_errors[] = "/.hakuriver/stderr";
inline constexpr char inside_shared[] = "/shared";
inline constexpr char inside_temp[] = "/local_temp";

/// Device files of the placed GPUs that are AMD's; reads /sys.
std::vector<std::string> amd_device_files(const ExecSettings& settings, const Placement& placement);

} // namespace hk::exec
