#pragma once
#include "sched/explain.hpp"
#include "sched/step.hpp"

#include <functional>
#include <string>
#include <utility>
#include <vector>

namespace hk::test {

/// A scheduler with a clock of its own and short words for what happens to it.
struct Scheduler {
    sched::State state;
    Now now{Mono{std::chrono::hours(1)}, Time{std::chrono::hours(24 * 365 * 50)}};
    sched::Step last;
    std::int64_t sessions = 0;
    std::int64_t at_once = sched::most_at_once;
    std::function<void()> after_part; ///< called when a part of a submission was created, and more is to come

    sched::Step& operator()(const sched::Event& event) {
        last = sched::step(state, event, now);
        return last;
    }
    void pass(Duration duration) {
        now.mono += duration;
        now.wall += duration;
        (*this)(sched::Tick{});
    }
    sched::SessionId session_of(const char* name) { return state.nodes.at(NodeName{name}).session.value(); }

    sched::Step& hello(const char* name, NodeInventory inventory, std::vector<AttemptReport> attempts = {}) {
        return (*this)(
            sched::NodeHello{sched::SessionId{++sessions}, NodeName{name}, std::move(inventory), std::move(attempts)});
    }
    sched::Step& report(const char* name, std::vector<AttemptReport> attempts) {
        return (*this)(sched::NodeReports{session_of(name), NodeName{name}, std::move(attempts)});
    }
    sched::Step& hear(const char* name) { return (*this)(sched::NodeHeartbeat{session_of(name), NodeName{name}, {}}); }
    sched::Step& disconnect(const char* name) { return (*this)(sched::NodeGone{session_of(name), NodeName{name}}); }

    sched::Step& submit(TaskSpec spec, const std::vector<std::string>& targets = {}, std::int64_t count = 1,
                        bool no_queue = false) {
        sched::Submit event{
            .spec = std::make_shared<const TaskSpec>(std::move(spec)), .count = count, .no_queue = no_queue};
        for (const auto& target : targets) event.targets.push_back(parse_target(target).value());
        event.at_once = at_once;
        std::vector<TaskId> tasks = (*this)(event).submitted.tasks;
        while (last.submitted.more) {
            const sched::SubmitMore more = *last.submitted.more;
            if (after_part) after_part();
            (*this)(more);
            tasks.insert(tasks.end(), last.submitted.tasks.begin(), last.submitted.tasks.end());
        }
        last.submitted.tasks = std::move(tasks);
        return last;
    }
    /// "gone" when the task is over.
    std::string state_of(std::int64_t id) const {
        const auto task = state.tasks.find(TaskId{id});
        return task == state.tasks.end() ? "gone" : std::string(to_string(sched::state_of(task->second)));
    }
    std::string why(std::int64_t id) const {
        return sched::explain(state, state.tasks.at(TaskId{id}), now.mono).summary;
    }
};

inline NodeInventory machine(int cores, Bytes memory = Bytes{16'000'000'000}, int gpus = 0) {
    NodeInventory inventory{.cores = cores, .memory = memory};
    inventory.executors.push_back({.kind = ExecutorKind::process, .available = true});
    inventory.state_id = "records";
    for (int id = 0; id < gpus; ++id) inventory.gpus.push_back(Gpu{.id = id});
    return inventory;
}

inline NodeInventory dual_socket(int cores_each) {
    NodeInventory inventory = machine(2 * cores_each);
    for (int id = 0; id < 2; ++id) {
        NumaNode numa{.id = id, .memory = Bytes{8'000'000'000}};
        for (int cpu = 0; cpu < cores_each; ++cpu) numa.cpus.push_back(id * cores_each + cpu);
        inventory.numa.push_back(std::move(numa));
    }
    return inventory;
}

inline TaskSpec job(int cores = 1) {
    TaskSpec spec;
    spec.command = "true";
    spec.cores = cores;
    return spec;
}

inline AttemptReport said(std::int64_t task, AttemptPhase phase, Time at = Time{}) {
    AttemptReport report{.attempt = {TaskId{task}, 1}, .phase = phase};
    if (phase == AttemptPhase::running || phase == AttemptPhase::paused) report.started_at = at;
    if (phase == AttemptPhase::ended) report.outcome = Outcome{.exit_code = 0, .finished_at = at};
    return report;
}

} // namespace hk::test
