#include "support/scheduler.hpp"

#include <doctest/doctest.h>
#include <rapidcheck.h>

#include <set>

using namespace hk;
using namespace hk::test;
using namespace std::chrono_literals;

namespace {

/// Does random things to a scheduler, as users, runners and time do, and remembers what must never change.
struct Chaos {
    Scheduler s;
    std::set<std::int64_t> accepted;
    std::map<std::int64_t, TaskState> ended;
    std::map<std::string, std::map<AttemptId, AttemptReport>> really; ///< what each runner has
    bool backfill = *rc::gen::arbitrary<bool>();

    Chaos() { s.state.settings.backfill = backfill; }

    static const char* any_node() { return *rc::gen::element("a", "b", "c"); }
    bool online(const char* name) {
        const auto node = s.state.nodes.find(NodeName{name});
        return node != s.state.nodes.end() && node->second.online();
    }

    NodeInventory inventory_of(const char* name) {
        return name[0] == 'b' ? dual_socket(2) : machine(4, Bytes{4'000'000'000}, name[0] == 'a' ? 3 : 0);
    }

    TaskSpec any_spec() {
        TaskSpec spec = job(*rc::gen::inRange(0, 5));
        if (*rc::gen::arbitrary<bool>()) spec.memory = Bytes{*rc::gen::inRange(1, 5) * 1'000'000'000LL};
        spec.gpu_count = *rc::gen::weightedElement<int>({{8, 0}, {1, 1}, {1, 2}});
        spec.priority = *rc::gen::inRange(-1, 2);
        spec.max_running = *rc::gen::weightedElement<int>({{6, 0}, {1, 1}, {1, 2}});
        if (*rc::gen::weightedElement<bool>({{6, false}, {1, true}})) spec.max_fails = 0;
        spec.submitted_by = *rc::gen::element<std::string>("u", "v");
        spec.strategy =
            *rc::gen::element(Strategy::first_fit, Strategy::best_fit, Strategy::least_loaded, Strategy::round_robin);
        return spec;
    }

    void act() {
        s.last = {};
        switch (
            *rc::gen::weightedElement<int>({{6, 0}, {3, 1}, {8, 2}, {1, 3}, {1, 4}, {2, 5}, {1, 6}, {1, 7}, {1, 8}})) {
        case 0: submit(); break;
        case 1: connect(any_node()); break;
        case 2: runner_works(any_node()); break;
        case 3:
            if (const char* name = any_node(); online(name)) s.disconnect(name);
            break;
        case 4: s.pass(*rc::gen::element<Duration>(1s, 20s, 40s)); break;
        case 5: s(sched::Kill{TaskId{*rc::gen::inRange<std::int64_t>(1, 30)}}); break;
        case 7: s(sched::Pause{TaskId{*rc::gen::inRange<std::int64_t>(1, 30)}}); break;
        case 8: s(sched::Resume{TaskId{*rc::gen::inRange<std::int64_t>(1, 30)}}); break;
        default: s(sched::Drain{NodeName{any_node()}, *rc::gen::arbitrary<bool>()}); break;
        }
        settle();
    }

    void submit() {
        s.at_once = *rc::gen::inRange<std::int64_t>(1, 4);
        s.after_part = [this] {
            for (const TaskId id : s.last.submitted.tasks) accepted.insert(id.value);
            settle();
        };
        using Targets = std::vector<std::string>;
        const auto targets = *rc::gen::element(Targets{}, Targets{"a"}, Targets{"b:0"}, Targets{"a::1"},
                                               Targets{"b", "c"}, Targets{"a::0,2"});
        s.submit(any_spec(), targets, *rc::gen::inRange<std::int64_t>(1, 4),
                 *rc::gen::weightedElement<bool>({{5, false}, {1, true}}));
        if (!s.last.refused)
            for (const TaskId id : s.last.submitted.tasks) accepted.insert(id.value);
    }

    void connect(const char* name) {
        std::vector<AttemptReport> attempts;
        for (const auto& [id, report] : really[name]) attempts.push_back(report);
        s.hello(name, inventory_of(name), attempts);
    }

    /// The runner of the node starts, ends or reports something it has.
    void runner_works(const char* name) {
        auto& mine = really[name];
        if (mine.empty()) return;
        auto at = mine.begin();
        std::advance(at, *rc::gen::inRange<std::size_t>(0, mine.size()));
        if (at->second.phase == AttemptPhase::accepted) at->second = said(0, AttemptPhase::running, s.now.wall);
        else if (at->second.phase == AttemptPhase::running) at->second = said(0, AttemptPhase::ended, s.now.wall);
        at->second.attempt = at->first;
        if (online(name)) s.report(name, {at->second});
    }

    /// What the step ordered reaches runners that are connected; what it saved is remembered.
    void settle() {
        for (const auto& task : s.last.effects.tasks) {
            if (!std::holds_alternative<sched::Ended>(task.phase)) continue;
            RC_ASSERT(accepted.contains(task.id.value));
            RC_ASSERT(ended.emplace(task.id.value, sched::state_of(task)).second); // one last word
        }
        for (const auto& [name, orders] : s.last.effects.orders) {
            auto& mine = really[name.value];
            for (const auto& start : orders.start) {
                AttemptReport report{.attempt = start.attempt};
                mine.try_emplace(start.attempt, report);
            }
            for (const auto& stop : orders.stop)
                if (const auto found = mine.find(stop.attempt); found != mine.end()) {
                    found->second = said(0, AttemptPhase::ended, s.now.wall);
                    found->second.attempt = stop.attempt;
                    found->second.outcome->reason = EndReason::killed;
                }
            for (const auto& forget : orders.forget) mine.erase(forget);
        }
    }

    void check() {
        for (const auto& [name, node] : s.state.nodes) check_node(node);
        for (const std::int64_t id : accepted) {
            const bool alive = s.state.tasks.contains(TaskId{id});
            RC_ASSERT(alive != ended.contains(id)); // never lost, never two at once
            if (alive && s.state_of(id) == "pending") RC_ASSERT(!s.why(id).empty());
        }
        RC_ASSERT(s.state.tasks.size() + ended.size() == accepted.size());
    }

    void check_node(const sched::Node& node) {
        int cores = 0;
        std::int64_t memory = 0;
        std::map<int, int> gpu_users;
        std::map<int, int> numa_cores;
        for (const auto& [id, task] : s.state.tasks) {
            const auto* at = sched::placed(task);
            if (at == nullptr || at->placement.node != node.name) continue;
            cores += task.spec().cores;
            memory += task.spec().memory.value_or(Bytes{}).value;
            for (const int gpu : at->placement.gpus) RC_ASSERT(++gpu_users[gpu] == 1);
            if (at->placement.numa) numa_cores[*at->placement.numa] += task.spec().cores;
        }
        RC_ASSERT(cores <= node.inventory.cores);
        RC_ASSERT(memory <= node.inventory.memory.value);
        RC_ASSERT(cores == node.ledger.cores_held());
        for (const auto& numa : node.inventory.numa)
            RC_ASSERT(numa_cores[numa.id] <= static_cast<int>(numa.cpus.size()));
    }

    /// Everybody connects and everything that runs ends: then nothing is left but what cannot run.
    void drain_out() {
        for (const char* name : {"a", "b", "c"}) {
            connect(name);
            settle();
            s(sched::Drain{NodeName{name}, false});
            settle();
        }
        for (int round = 0; round < 2000 && !s.state.tasks.empty(); ++round) {
            for (const char* name : {"a", "b", "c"}) {
                for (auto& [id, report] : really[name]) {
                    report = said(0, AttemptPhase::ended, s.now.wall);
                    report.attempt = id;
                }
                std::vector<AttemptReport> all;
                for (const auto& [id, report] : really[name]) all.push_back(report);
                if (all.empty()) continue;
                s.report(name, all);
                settle();
            }
        }
        for (const auto& [id, task] : s.state.tasks) {
            const auto explanation = sched::explain(s.state, task, s.now.mono);
            for (const auto& verdict : explanation.nodes) RC_ASSERT(!verdict.fits);
        }
    }
};

} // namespace

TEST_CASE("whatever happens: nothing is oversold, nothing is lost, every task ends once or says why it waits") {
    const bool ok = rc::check([] {
        Chaos chaos;
        const int steps = *rc::gen::inRange(0, 60);
        for (int i = 0; i < steps; ++i) {
            chaos.act();
            chaos.check();
        }
        chaos.drain_out();
        chaos.check();
    });
    CHECK(ok);
}

TEST_CASE("the short answer and the long answer to whether a task fits are the same") {
    const bool ok = rc::check([] {
        Chaos chaos;
        const int steps = *rc::gen::inRange(0, 30);
        for (int i = 0; i < steps; ++i) chaos.act();
        const auto target = parse_target(*rc::gen::element<std::string>("a", "b:0", "b:7", "a::1", "a::9")).value();
        const sched::Shape shape = sched::shape_of(chaos.any_spec(), target);
        for (const auto& [name, node] : chaos.s.state.nodes)
            RC_ASSERT(sched::fit(node, shape, chaos.s.now.mono).fits() == sched::can_start(node, shape));
    });
    CHECK(ok);
}
