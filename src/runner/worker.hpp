#pragma once
#include "agent/agent.hpp"
#include "exec/executor.hpp"
#include "exec/facts.hpp"
#include "exec/spool.hpp"
#include "net/loop.hpp"
#include "proto/link.hpp"

#include <functional>
#include <memory>
#include <set>
#include <vector>

namespace hk::runner {

/// Performs what the agent decides: records assignments, drives the executors, reports. Knows
/// nothing of the network. Owned by the wiring; loop thread only.
class Worker final : public exec::Listener {
public:
    using Executors = std::vector<std::unique_ptr<exec::Executor>>;

    Worker(net::Loop& loop, exec::Spool& spool)
        : loop_(loop)
        , spool_(spool) {}
    /// The executors of this node; before anything else.
    void use(Executors executors);

    /// Takes up what an earlier life of the runner left.
    void recover();
    void take(const proto::Orders& orders);
    void on_event(const exec::Event& event) override;
    /// The GPUs as they are now: tasks on those that are not healthy are flagged.
    void see_gpus(const std::vector<Gpu>& gpus) { step(agent::GpuReading{gpus}); }
    /// Other GPUs than before: tasks that start from now on get these.
    void use_gpus(const std::vector<Gpu>& gpus);

    /// For the hello: every attempt, and what the executors offer now.
    std::vector<AttemptReport> all_reports() { return agent::take_all(state_); }
    std::vector<ExecutorOffer> offers() const;
    /// Nothing is offered while there is a reason; an empty one ends that.
    void withhold(std::string why) { withheld_ = std::move(why); }
    /// Which version of each environment is ready here.
    std::map<std::string, std::string> environments() const;
    /// Asks the executors again what they offer; true when that has changed.
    bool refresh_offers();
    /// Makes results durable that the Host has not acknowledged within a moment; call once a
    /// second.
    void sync_results();
    /// Where a shell in the attempt goes, or why there can be none.
    Result<exec::ShellPlace> shell_in(AttemptId attempt);
    std::vector<AttemptId> attempt_ids() const;
    /// Tasks whose outputs may have grown, in their order: also paused ones, for what they wrote just before.
    std::vector<TaskId> active() const;
    std::size_t attempts() const { return state_.attempts.size(); }

    /// Called on a later turn of the loop with what the Host does not know yet. False: it could not
    /// be sent, and the next hello says it.
    std::function<bool(std::vector<AttemptReport>)> on_news;
    /// Whether anybody would take the news now. They are kept until then; `announce` when it becomes true.
    std::function<bool()> can_tell = [] { return true; };
    void announce();

private:
    void perform(const agent::Effects& effects);
    void append(AttemptId attempt, const exec::Fact& fact, std::string_view what);
    void begin(const std::vector<agent::Effects::Begin>& begins);
    bool record(const std::vector<agent::Effects::Begin>& begins, const std::vector<Assignment>& others);
    void end_unrecorded(const std::vector<agent::Effects::Begin>& begins, const Error& why);
    void forget(const std::vector<agent::Effects::Act>& forgets);
    exec::Executor* executor(ExecutorKind kind);
    void step(const agent::Event& event);

    net::Loop& loop_;
    exec::Spool& spool_;
    Executors executors_;
    std::string withheld_; ///< why nothing is offered
    agent::State state_;
    std::set<AttemptId> unsynced_; ///< ended, not acknowledged, perhaps only in the page cache
    bool announcing_ = false;
};

} // namespace hk::runner
