#pragma once
#include "exec/exec_settings.hpp"
#include "exec/executor.hpp"
#include "exec/spool.hpp"

#include <memory>

namespace hk::net {
class Loop;
}

namespace hk::exec {

/// Runs attempts directly on the node, each in a transient service of systemd: limits, accounting
/// and "nothing is left" are systemd's. The service runs the keeper, which starts the task and
/// writes what happens into the spool; so neither a restart of the runner, of systemd or of the
/// message bus nor an administrator who resets the unit loses an exit code.
///
/// As root, or through `sudo -n`, with the system's manager; otherwise with the user's own.
class SystemdExecutor final : public Executor {
public:
    /// Finds a systemd and connects to it; may take some seconds where sudo or systemd do. One that
    /// cannot be used is no failure but an offer with its reason; fails when the state directory
    /// cannot be used. `loop`, `spool` and `listener` outlive the executor.
    static Result<std::unique_ptr<SystemdExecutor>> open(net::Loop& loop, Spool& spool, ExecSettings settings,
                                                         Listener& listener);
    ~SystemdExecutor() override;

    ExecutorKind kind() const override { return ExecutorKind::systemd; }
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
    explicit SystemdExecutor(std::shared_ptr<Impl> impl);
    std::shared_ptr<Impl> impl_;
};

} // namespace hk::exec
