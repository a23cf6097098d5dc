#pragma once
#include "model/attempt_event.hpp"
#include "model/node.hpp"
#include "model/task.hpp"

namespace hk::docker {
class Engine;
}

namespace hk::exec {

using attempt::Ended;
using attempt::Event;
using attempt::Paused;
using attempt::Progress;
using attempt::Refused;
using attempt::Resumed;
using attempt::Started;

/// Receives what happens to attempts; called on the event-loop thread, never from inside a call to
/// the executor.
class Listener {
public:
    virtual ~Listener() = default;
    virtual void on_event(const Event& event) = 0;
};

/// Where a shell in a running attempt goes: a container of this engine that has these labels.
struct ShellPlace {
    docker::Engine* engine = nullptr; ///< lives as long as the executor
    std::string container;
    std::map<std::string, std::string> labels;
    std::string working_directory;
};

/// One way to run attempts. Owned by the runner; event-loop thread only; no call blocks.
///
/// An attempt that was started outlives this object and this process: `recover` finds it again.
/// Every attempt given to `start` or found by `recover` is followed by exactly one Ended event,
/// also across restarts, until `forget`.
class Executor {
public:
    virtual ~Executor() = default;
    virtual ExecutorKind kind() const = 0;
    /// Whether it works on this machine, why not, and which limits it cannot enforce.
    virtual ExecutorOffer offer() const = 0;
    /// The versions of environments that are ready here, by environment; none where tasks need no environment.
    virtual std::map<std::string, std::string> environments() const { return {}; }
    /// Where a person's shell in the attempt goes; refused where attempts have no container.
    virtual Result<ShellPlace> shell_in(AttemptId attempt) const {
        return fail(Errc::unsupported, "task " + to_string(attempt.task) + " runs without a container");
    }
    /// The GPUs of this node from now on; a driver may wake up after the runner, or divide a GPU
    /// anew.
    virtual void use_gpus(const std::vector<Gpu>& gpus) = 0;

    /// The assignment is in the spool already. A second start of the same attempt is ignored.
    virtual void start(const Assignment& assignment) = 0;
    /// Takes charge of an attempt that an earlier life of the runner started.
    virtual void recover(const Assignment& assignment) = 0;
    /// TERM, then KILL after `grace`; a stop of an attempt that is not known is ignored.
    virtual void stop(AttemptId attempt, Duration grace) = 0;
    virtual void pause(AttemptId attempt) = 0;
    virtual void resume(AttemptId attempt) = 0;
    /// The Host has the result for good: removes what the attempt left (container, unit, cgroup,
    /// spool record).
    virtual void forget(AttemptId attempt) = 0;
};

} // namespace hk::exec
