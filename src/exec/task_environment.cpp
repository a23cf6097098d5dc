#include "exec/task_environment.hpp"

#include <algorithm>
#include <array>
#include <unistd.h>

namespace hk::exec {
namespace {

constexpr std::string_view index_name = "HAKURIVER_TASK_INDEX"; ///< which the Host sets

/// What a task outside containers gets of the runner's environment. A list of what may pass, not of
/// what may not: nobody can name every variable that holds a secret.
constexpr std::array kept_names{
    "PATH",
    "HOME",
    "USER",
    "LOGNAME",
    "SHELL",
    "LANG",
    "LANGUAGE",
    "TZ",
    "TMPDIR",
    "http_proxy",
    "https_proxy",
    "ftp_proxy",
    "no_proxy",
    "all_proxy",
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "FTP_PROXY",
    "NO_PROXY",
    "ALL_PROXY",
    "CUDA_HOME",
    "CUDA_PATH",
    "LD_LIBRARY_PATH",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
    "XDG_RUNTIME_DIR",
};
constexpr char default_path[] = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

bool is_kept(const std::string& name) {
    return name.starts_with("LC_") || std::ranges::find(kept_names, name) != kept_names.end();
}

const Gpu* find_gpu(const ExecSettings& settings, int id) {
    const auto found = std::ranges::find(settings.gpus, id, &Gpu::id);
    return found == settings.gpus.end() ? nullptr : &*found;
}

/// Drivers count the GPUs of their own vendor only.
std::string place_in_vendor(const ExecSettings& settings, const Gpu* gpu, int id) {
    if (gpu == nullptr) return std::to_string(id);
    return std::to_string(std::ranges::count_if(
        settings.gpus, [&](const Gpu& other) { return other.vendor == gpu->vendor && other.id < id; }));
}

/// The uuid, which stays right whatever the driver counts; without one the place in PCI order.
std::string cuda_name(const ExecSettings& settings, const Gpu* gpu, int id) {
    return gpu != nullptr && !gpu->uuid.empty() ? gpu->uuid : place_in_vendor(settings, gpu, id);
}

void append(std::string& list, const std::string& name) { list += (list.empty() ? "" : ",") + name; }

bool has_vendor(const ExecSettings& settings, std::string_view vendor) {
    return std::ranges::any_of(settings.gpus, [&](const Gpu& gpu) { return gpu.vendor == vendor; });
}

} // namespace

Environment task_environment(const ExecSettings& settings, const Assignment& assignment, const TaskPlaces& places) {
    Environment out;
    for (const auto& [name, value] : assignment.spec->env)
        if (!name.starts_with("HAKURIVER_") || name == index_name) out[name] = value;
    out["HAKURIVER_TASK_ID"] = to_string(assignment.attempt.task);
    out["HAKURIVER_ATTEMPT"] = to_string(assignment.attempt);
    out["HAKURIVER_NODE"] = settings.node.value;
    out["HAKURIVER_SHARED_DIR"] = places.shared_dir;
    out["HAKURIVER_LOCAL_TEMP_DIR"] = places.local_temp_dir;
    if (assignment.placement.numa) out["HAKURIVER_TARGET_NUMA_NODE"] = std::to_string(*assignment.placement.numa);
    return out;
}

Environment gpu_environment(const ExecSettings& settings, const Placement& placement) {
    Environment out;
    if (settings.gpus.empty() && placement.gpus.empty()) return out;
    std::string cuda;
    std::string hip;
    for (const int id : placement.gpus) {
        const Gpu* gpu = find_gpu(settings, id);
        if (gpu != nullptr && gpu->vendor == "amd") append(hip, place_in_vendor(settings, gpu, id));
        else append(cuda, cuda_name(settings, gpu, id));
    }
    if (!cuda.empty()) out["CUDA_DEVICE_ORDER"] = "PCI_BUS_ID"; // else CUDA counts by speed
    out["CUDA_VISIBLE_DEVICES"] = cuda;
    if (has_vendor(settings, "amd")) out["HIP_VISIBLE_DEVICES"] = hip;
    return out;
}

Environment container_gpu_environment(const ExecSettings& settings, const Placement& placement) {
    Environment out;
    if (!has_vendor(settings, "nvidia")) return out;
    std::string cuda;
    for (const int id : placement.gpus) {
        const Gpu* gpu = find_gpu(settings, id);
        if (gpu == nullptr || gpu->vendor != "nvidia") continue;
        if (gpu->uuid.empty()) return {}; // its place is another one inside
        append(cuda, gpu->uuid);
    }
    out["CUDA_VISIBLE_DEVICES"] = cuda;
    if (cuda.empty()) out["NVIDIA_VISIBLE_DEVICES"] = "void";
    else out["CUDA_DEVICE_ORDER"] = "PCI_BUS_ID";
    return out;
}

Environment native_environment(const ExecSettings& settings, const Assignment& assignment) {
    Environment out;
    for (const auto& [name, value] : settings.environment)
        if (is_kept(name)) out[name] = value;
    out.try_emplace("PATH", default_path);
    if (!settings.hakurun.empty()) out["PATH"] += ":" + settings.hakurun.parent_path().string();
    out.try_emplace("LANG", "C.UTF-8");
    const TaskPlaces places{settings.shared_dir.string(), settings.local_temp_dir.string()};
    for (const auto& [name, value] : task_environment(settings, assignment, places)) out[name] = value;
    for (const auto& [name, value] : gpu_environment(settings, assignment.placement)) out[name] = value;
    return out;
}

} // namespace hk::exec
