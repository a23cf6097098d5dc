#pragma once
#include "exec/exec_settings.hpp"
#include "exec/executor.hpp"
#include "exec/spool.hpp"

#include <memory>

namespace hk::net {
class Loop;
}

namespace hk::exec {

/// Runs attempts directly on the node, as children of the keeper. For machines without systemd; see
/// blueprint of the keeper in src/keeper/README.md for why no death of one of our processes loses a
/// task or its exit code.
///
/// Kill, pause and "nothing is left" go by control group where there is one, else by the tree of
/// processes below the attempt's watcher, which adopts whatever daemonises itself.
class ProcessExecutor final : public Executor {
public:
    /// Installs the keeper and connects to it, or starts it, in the background. Fails when the
    /// state directory cannot be used. `loop`, `spool` and `listener` outlive the executor.
    static Result<std::unique_ptr<ProcessExecutor>> open(net::Loop& loop, Spool& spool, ExecSettings settings,
                                                         Listener& listener);
    ~ProcessExecutor() override;

    ExecutorKind kind() const override { return ExecutorKind::process; }
    ExecutorOffer offer() const override;
    void use_gpus(const std::vector<Gpu>& gpus) override;
    void start(const Assignment& assignment) override;
    void recover(const Assignment& assignment) override;
    void stop(AttemptId attempt, Duration grace) override;
    void pause(AttemptId attempt) override;
    void resume(AttemptId attempt) override;
    void forget(AttemptId attempt) override;

private:
    class Impl;
    explicit ProcessExecutor(std::shared_ptr<Impl> impl);
    std::shared_ptr<Impl> impl_;
};

} // namespace hk::exec
