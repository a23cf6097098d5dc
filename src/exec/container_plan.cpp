#include "exec/container_plan.hpp"

#include "exec/task_environment.hpp"

#include <algorithm>

namespace hk::exec {

namespace {

std::string join(const std::vector<int>& numbers) {
    std::string text;
    for (const int number : numbers) text += (text.empty() ? "" : ",") + std::to_string(number);
    return text;
}

const Gpu* find_gpu(const ExecSettings& settings, int id) {
    const auto found = std::ranges::find(settings.gpus, id, &Gpu::id);
    return found == settings.gpus.end() ? nullptr : &*found;
}

/// The uuid where it is known: it stays right when the driver counts anew.
std::string device_id(const Gpu* gpu, int id) {
    return gpu != nullptr && !gpu->uuid.empty() ? gpu->uuid : std::to_string(id);
}

/// A byte sequence that JSON can carry: the engine would replace what is no UTF-8.
bool is_utf8(std::string_view text) {
    for (std::size_t i = 0; i < text.size();) {
        const auto lead = static_cast<unsigned char>(text[i]);
        const std::size_t more = lead < 0x80                   ? 0
                                 : lead >= 0xc2 && lead < 0xe0 ? 1
                                 : lead >= 0xe0 && lead < 0xf0 ? 2
                                 : lead >= 0xf0 && lead < 0xf5 ? 3
                                                               : 9;
        if (i + more >= text.size()) return false;
        for (std::size_t k = 1; k <= more; ++k)
            if ((static_cast<unsigned char>(text[i + k]) & 0xc0) != 0x80) return false;
        const auto second = more > 0 ? static_cast<unsigned char>(text[i + 1]) : 0;
        if ((lead == 0xe0 && second < 0xa0) || (lead == 0xed && second > 0x9f) || (lead == 0xf0 && second < 0x90) ||
            (lead == 0xf4 && second > 0x8f))
            return false;
        i += more + 1;
    }
    return true;
}

/// As the keeper's --coded wants it: everything that is not plain ASCII, and %, as %ff.
std::string coded(std::string_view text) {
    constexpr char digits[] = "0123456789abcdef";
    std::string out;
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if (byte < 0x80 && c != '%') out.push_back(c);
        else out += {'%', digits[byte >> 4], digits[byte & 15]};
    }
    return out;
}

void put_command(const TaskSpec& task, docker::ContainerSpec& spec) {
    std::vector<std::string> words{task.command};
    words.insert(words.end(), task.arguments.begin(), task.arguments.end());
    if (!std::ranges::all_of(words, is_utf8)) {
        spec.command.insert(spec.command.end(), {"--coded", "yes"});
        for (std::string& word : words) word = coded(word);
    }
    spec.command.push_back("--");
    spec.command.insert(spec.command.end(), words.begin(), words.end());
}

void put_gpus(const ContainerInputs& in, docker::ContainerSpec& spec) {
    docker::DeviceRequest request;
    request.cdi = in.gpu_request != GpuRequest::driver;
    for (const int id : in.assignment.placement.gpus) {
        const Gpu* gpu = find_gpu(in.settings, id);
        if (gpu != nullptr && gpu->vendor == "amd") continue;
        const bool by_number = in.gpu_request == GpuRequest::cdi_index;
        request.device_ids.push_back((request.cdi ? "nvidia.com/gpu=" : "") + device_id(by_number ? nullptr : gpu, id));
    }
    if (!request.device_ids.empty()) spec.gpus.push_back(std::move(request));
    for (const auto& path : in.gpu_files) spec.devices.push_back({path});
}

void put_mounts(const ContainerInputs& in, docker::ContainerSpec& spec) {
    for (const Mount& mount : in.mounts) spec.mounts.push_back({mount.source, mount.target, mount.read_only});
    const LogFiles logs = log_files(in.settings.shared_dir, in.assignment.attempt.task);
    spec.mounts.push_back({shared_data(in.settings.shared_dir).string(), inside_shared, false});
    spec.mounts.push_back({in.settings.local_temp_dir.string(), inside_temp, false});
    spec.mounts.push_back({in.keeper.string(), inside_keeper, true});
    if (!in.settings.hakurun.empty())
        spec.mounts.push_back({in.settings.hakurun.parent_path().string(), inside_programs, true});
    spec.mounts.push_back({in.record.string(), inside_record, false});
    spec.mounts.push_back({logs.output.string(), inside_output, false});
    spec.mounts.push_back({logs.errors.string(), inside_errors, false});
}

void put_limits(const ContainerInputs& in, docker::ContainerSpec& spec) {
    const TaskSpec& task = *in.assignment.spec;
    // More than the machine has is no limit: a node may offer more than that.
    const bool limits_cores = task.cores > 0 && (in.engine_cpus == 0 || task.cores <= in.engine_cpus);
    if (limits_cores) spec.nano_cpus = std::int64_t{task.cores} * 1'000'000'000;
    spec.memory = task.memory;
    if (in.settings.most_processes > 0) spec.processes = in.settings.most_processes;
    const auto& numa = in.assignment.placement.numa;
    const auto node = std::ranges::find(in.settings.numa, numa.value_or(-1), &NumaNode::id);
    if (!numa || node == in.settings.numa.end()) return;
    spec.cpuset_cpus = join(node->cpus);
    spec.cpuset_mems = std::to_string(node->id);
}

} // namespace

std::string container_name(AttemptId attempt, const std::string& state_id) {
    return "hakuriver-task-" + to_string(attempt) + "-" + state_id.substr(0, 8);
}

docker::ContainerSpec plan_container(const ContainerInputs& in) {
    const TaskSpec& task = *in.assignment.spec;
    docker::ContainerSpec spec;
    spec.name = container_name(in.assignment.attempt, in.state_id);
    spec.image = in.image;
    spec.entrypoint = {inside_keeper};
    spec.command = {
        "--init",      "--facts",     inside_record,
        "--out",       inside_output, "--err",
        inside_errors, "--cwd",       task.working_directory.empty() ? inside_shared : task.working_directory};
    if (!in.settings.hakurun.empty()) spec.command.insert(spec.command.end(), {"--path", inside_programs});
    put_command(task, spec);
    Environment environment = task_environment(in.settings, in.assignment, {inside_shared, inside_temp});
    for (auto& [name, value] : container_gpu_environment(in.settings, in.assignment.placement))
        environment[name] = std::move(value);
    for (const auto& [name, value] : environment) spec.env.push_back(name + "=" + value);
    spec.labels = {{runner_label, in.state_id}, {attempt_label, to_string(in.assignment.attempt)}};
    spec.network = "host";
    spec.privileged = task.privileged;
    if (!task.privileged) spec.capabilities = {"SYS_NICE"};
    put_mounts(in, spec);
    put_limits(in, spec);
    put_gpus(in, spec);
    return spec;
}

std::vector<std::string> amd_device_files(const ExecSettings& settings, const Placement& placement) {
    std::vector<std::string> files;
    for (const int id : placement.gpus) {
        const Gpu* gpu = find_gpu(settings, id);
        if (gpu == nullptr || gpu->vendor != "amd") continue;
        std::error_code ignored;
        for (const auto& entry :
             std::filesystem::directory_iterator("/sys/bus/pci/devices/" + gpu->pci_bus_id + "/drm", ignored))
            files.push_back("/dev/dri/" + entry.path().filename().string());
    }
    if (!files.empty()) files.push_back("/dev/kfd");
    return files;
}

} // namespace hk::exec
