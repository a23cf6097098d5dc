#include "exec/native_start.hpp"

#include "exec/log_files.hpp"
#include "exec/task_environment.hpp"

#include <algorithm>

namespace hk::exec {
namespace {

/// By the program that the configuration names, else by the keeper.
void bind_to(const NumaNode& node, const std::string& numactl, StartRequest& request) {
    if (numactl.empty()) {
        request.cpus = node.cpus;
        request.memory_node = node.id;
        return;
    }
    const std::string id = std::to_string(node.id);
    const std::vector<std::string> words{numactl, "--cpunodebind=" + id, "--membind=" + id, "--"};
    request.command.insert(request.command.begin(), words.begin(), words.end());
}

} // namespace

StartRequest native_request(const ExecSettings& settings, const Assignment& assignment) {
    const TaskSpec& spec = *assignment.spec;
    const LogFiles logs = log_files(settings.shared_dir, assignment.attempt.task);
    StartRequest request;
    request.attempt = assignment.attempt;
    request.command.push_back(spec.command);
    request.command.insert(request.command.end(), spec.arguments.begin(), spec.arguments.end());
    request.environment = native_environment(settings, assignment);
    request.make_directory = spec.working_directory.empty(); // ours; a mistyped one of the user's is a mistake
    request.directory = request.make_directory ? shared_data(settings.shared_dir).string() : spec.working_directory;
    request.output = logs.output.string();
    request.errors = logs.errors.string();
    const auto& wanted = assignment.placement.numa;
    const auto node = std::ranges::find(settings.numa, wanted.value_or(-1), &NumaNode::id);
    if (wanted && node != settings.numa.end()) bind_to(*node, settings.numactl, request);
    return request;
}

} // namespace hk::exec
