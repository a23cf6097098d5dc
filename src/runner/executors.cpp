#include "runner/executors.hpp"

#include "base/log.hpp"
#include "exec/docker_executor.hpp"
#include "exec/process_executor.hpp"
#include "exec/systemd_executor.hpp"

#include <algorithm>
#include <cerrno>
#include <unistd.h>

namespace hk::runner {
namespace {

bool allowed(const config::RunnerConfig& config, ExecutorKind kind) {
    return config.executors.empty() || std::ranges::find(config.executors, kind) != config.executors.end();
}

/// A program that cannot be run must not keep tasks from running.
std::string usable_numactl(const std::filesystem::path& program) {
    if (program.empty() || ::access(program.c_str(), X_OK) == 0) return program.string();
    log::warn("paths.numactl_path cannot be executed; tasks are bound to NUMA nodes without it",
              {{"path", program.string()}, {"why", system_error("access", errno).message}});
    return {};
}

exec::DockerOptions docker_options(const config::RunnerConfig& config) {
    return {.socket = config.shared.docker_socket.string(),
            .environments = config.shared.container_dir,
            .policy = {config.shared.allow_privileged, config.shared.allowed_mounts}};
}

} // namespace

exec::ExecSettings exec_settings(const config::RunnerConfig& config, const NodeInventory& inventory) {
    return {.node = config.name,
            .shared_dir = config.shared.shared_dir,
            .local_temp_dir = config.local_temp_dir,
            .run_as = config.user,
            .numactl = usable_numactl(config.numactl),
            .numa = inventory.numa,
            .gpus = inventory.gpus,
            .most_processes = exec::share_of_processes(),
            .environment = exec::own_environment()};
}

Result<Worker::Executors> open_executors(const ExecutorContext& context, const config::RunnerConfig& config,
                                         const exec::ExecSettings& settings) {
    Worker::Executors executors;
    if (allowed(config, ExecutorKind::process)) {
        HK_TRY(auto process, exec::ProcessExecutor::open(context.loop, context.spool, settings, context.listener));
        executors.push_back(std::move(process));
    }
    if (allowed(config, ExecutorKind::systemd)) {
        HK_TRY(auto systemd, exec::SystemdExecutor::open(context.loop, context.spool, settings, context.listener));
        executors.push_back(std::move(systemd));
    }
    if (allowed(config, ExecutorKind::docker)) {
        HK_TRY(auto docker,
               exec::open_docker(context.loop, context.spool, settings, context.listener, docker_options(config)));
        executors.push_back(std::move(docker));
    }
    return executors;
}

} // namespace hk::runner
