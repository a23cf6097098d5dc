#pragma once
#include "host/journal.hpp"
#include "net/task.hpp"
#include "sched/step.hpp"

#include <functional>
#include <unordered_map>

namespace hk::host {

/// Runs the scheduler: each event is one step, its changes are made durable, then its orders go out.
/// Owned by the wiring; loop thread only.
class Engine {
public:
    /// What the rest of the Host does with the effects of a step.
    struct Hooks {
        /// Durable by now. The runner may have left: then reconcile at its return does the same.
        std::function<void(const NodeName&, const sched::NodeOrders&)> order;
        std::function<void(sched::SessionId)> drop;
        /// At once, before anything is durable: for live views.
        std::function<void(const sched::Effects&)> changed;
    };

    Engine(Journal& journal, sched::State state, Hooks hooks);

    /// Takes a submission in and resumes when it is durable. Nothing is kept of one that cannot be made durable.
    net::Task<Result<sched::Submitted>> submit(sched::Submit event);
    /// Every other event. The result says only whether it was refused; what it causes is durable later.
    Result<> tell(const sched::Event& event);

    const sched::State& state() const { return state_; }
    const Journal& journal() const { return journal_; }
    /// A task that is not over, or whose last word is not on disk yet. Null otherwise: then the store knows it.
    const sched::Task* find(TaskId id) const;
    /// Notified after every step that changed a task.
    net::Signal& task_changed() { return task_changed_; }
    /// Resumes when `done` says so or after the limit; looks again after each step that changed a task.
    net::Task<bool> wait_until(std::function<bool()> done, Duration limit);

    /// Resumes when everything that has happened so far is durable, so that the store knows what anybody was shown.
    /// Does not wait for a disk that cannot be written.
    net::Task<void> settle();

    /// Steps since the start, for /metrics.
    std::int64_t steps() const { return steps_; }

private:
    using Done = std::function<void()>;
    sched::Step run(const sched::Event& event, const Done& done);
    void perform(sched::Effects effects, const Done& done);
    void send_orders(const sched::Effects& effects);
    sched::NodeOrders still_wanted(sched::NodeOrders orders) const;

    Journal& journal_;
    sched::State state_;
    Hooks hooks_;
    std::unordered_map<TaskId, sched::Task> ended_; ///< until their last word is durable
    net::Signal task_changed_;
    std::int64_t steps_ = 0;
};

} // namespace hk::host
