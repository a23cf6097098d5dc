#include "docker/engine_client.hpp"
#include "exec/docker_executor.hpp"
#include "exec/environment_sync.hpp"

namespace hk::exec {

namespace {

constexpr unsigned pool_threads = 3;
constexpr std::size_t pool_queue = 1000;

/// The executor and what it works with, in the order in which they must go.
class OwningDocker final : public Executor {
public:
    OwningDocker(net::Loop& loop, net::Address engine, oci::EnvironmentStore store, SyncSettings sync)
        : pool_(loop, pool_threads, pool_queue)
        , engine_(std::move(engine))
        , sync_(loop, pool_, engine_, std::move(store), std::move(sync)) {}

    Result<> open(net::Loop& loop, Spool& spool, ExecSettings settings, Listener& listener, DockerPolicy policy) {
        HK_TRY(docker_, DockerExecutor::open(loop, spool, std::move(settings), listener,
                                             DockerParts{engine_, sync_, pool_, std::move(policy)}));
        sync_.keep_looking();
        return {};
    }

    ExecutorKind kind() const override { return docker_->kind(); }
    ExecutorOffer offer() const override { return docker_->offer(); }
    std::map<std::string, std::string> environments() const override { return sync_.present(); }
    Result<ShellPlace> shell_in(AttemptId attempt) const override { return docker_->shell_in(attempt); }
    void use_gpus(const std::vector<Gpu>& gpus) override { docker_->use_gpus(gpus); }
    void start(const Assignment& assignment) override { docker_->start(assignment); }
    void recover(const Assignment& assignment) override { docker_->recover(assignment); }
    void stop(AttemptId attempt, Duration grace) override { docker_->stop(attempt, grace); }
    void pause(AttemptId attempt) override { docker_->pause(attempt); }
    void resume(AttemptId attempt) override { docker_->resume(attempt); }
    void forget(AttemptId attempt) override { docker_->forget(attempt); }

private:
    net::Pool pool_;
    docker::EngineClient engine_;
    EnvironmentSync sync_;
    std::unique_ptr<DockerExecutor> docker_;
};

} // namespace

Result<std::unique_ptr<Executor>> open_docker(net::Loop& loop, Spool& spool, ExecSettings settings, Listener& listener,
                                              const DockerOptions& options) {
    HK_TRY(auto address, docker::find_engine(options.socket));
    SyncSettings sync{.node = settings.node.value, .record = spool.state_dir() / "images"};
    auto docker = std::make_unique<OwningDocker>(loop, std::move(address), oci::EnvironmentStore(options.environments),
                                                 std::move(sync));
    HK_CHECK(docker->open(loop, spool, std::move(settings), listener, options.policy));
    return docker;
}

} // namespace hk::exec
