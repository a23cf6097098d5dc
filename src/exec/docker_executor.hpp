#pragma once
#include "docker/engine.hpp"
#include "exec/environment_source.hpp"
#include "exec/exec_settings.hpp"
#include "exec/executor.hpp"
#include "exec/spool.hpp"
#include "net/pool.hpp"

#include <memory>

namespace hk::exec {

/// What this node lets tasks ask for.
struct DockerPolicy {
    bool allow_privileged = true;
    std::vector<std::filesystem::path> allowed_mounts; ///< folders; empty: everything may be mounted
};

/// What the executor works with; all of it outlives the executor.
struct DockerParts {
    docker::Engine& engine;
    EnvironmentSource& source;
    net::Pool& pool; ///< for the shared storage, which may be slow
    DockerPolicy policy;
};

/// Where a node's engine and environments are, for `open_docker`.
struct DockerOptions {
    std::string socket;                 ///< empty: DOCKER_HOST, or where engines usually listen
    std::filesystem::path environments; ///< shared_dir/container_dir
    DockerPolicy policy;
};

/// Runs attempts in containers: one per attempt, made from the image of its environment, with the
/// keeper as PID 1.
///
/// The keeper inside writes output and facts to files, so the engine carries no byte of either and
/// may go away and come back; the container itself stays until `forget`. Owned by the runner;
/// event-loop thread only.
class DockerExecutor final : public Executor {
public:
    /// Looks for the engine in the background and again for as long as the executor lives.
    static Result<std::unique_ptr<DockerExecutor>> open(net::Loop& loop, Spool& spool, ExecSettings settings,
                                                        Listener& listener, DockerParts parts);
    ~DockerExecutor() override;

    ExecutorKind kind() const override { return ExecutorKind::docker; }
    ExecutorOffer offer() const override;
    void use_gpus(const std::vector<Gpu>& gpus) override;
    void start(const Assignment& assignment) override;
    void recover(const Assignment& assignment) override;
    void stop(AttemptId attempt, Duration grace) override;
    void pause(AttemptId attempt) override;
    void resume(AttemptId attempt) override;
    void forget(AttemptId attempt) override;

    Result<ShellPlace> shell_in(AttemptId attempt) const override;

private:
    class Impl;
    explicit DockerExecutor(std::shared_ptr<Impl> impl);
    std::shared_ptr<Impl> impl_;
};

/// The executor with an engine, a pool and a sync of its own.
Result<std::unique_ptr<Executor>> open_docker(net::Loop& loop, Spool& spool, ExecSettings settings, Listener& listener,
                                              const DockerOptions& options);

} // namespace hk::exec
