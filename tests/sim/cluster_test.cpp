// A whole cluster in one process and in virtual time: the real scheduler, the real agents, the real messages and a real
// database, with machines that die and cables that are pulled as one seed decides. Environment: SIM_SEEDS (how many,
// default 60), SIM_SEED (one only).
#include "host.hpp"
#include "node.hpp"

#include <doctest/doctest.h>

#include <cstdlib>
#include <string>

using namespace hk;
using namespace std::chrono_literals;

namespace {

std::int64_t setting(const char* name, std::int64_t otherwise) {
    const char* text = std::getenv(name);
    return text == nullptr ? otherwise : std::atoll(text);
}

struct Cluster {
    sim::World world;
    sim::Host host{world};
    std::vector<std::unique_ptr<sim::Node>> nodes;
    std::map<TaskId, std::shared_ptr<const TaskSpec>> accepted;
    std::map<TaskId, TaskState> ended;
    std::set<TaskId> kills;
    bool faults = true;

    explicit Cluster(std::uint64_t seed)
        : world(seed) {
        host.on_ended = [this](const sched::Task& task) { take_end(task); };
        add("a", test::machine(4, Bytes{8'000'000'000}, 2));
        add("b", test::dual_socket(2));
        add("c", test::machine(2));
        plan_user();
        plan_fault();
    }

    void add(const char* name, NodeInventory inventory) {
        nodes.push_back(std::make_unique<sim::Node>(world, name, std::move(inventory)));
        nodes.back()->dial = [this](sim::Node&) { return host.accept(); };
    }

    void take_end(const sched::Task& task) {
        const TaskState state = sched::state_of(task);
        const auto [entry, is_new] = ended.emplace(task.id, state);
        CHECK_MESSAGE((is_new || entry->second == state), "task ", task.id.value, " ended twice, differently");
        check_truth(task);
    }
    /// The exit code that users see is the one that happened.
    void check_truth(const sched::Task& task) {
        const Outcome& told = std::get<sched::Ended>(task.phase).outcome;
        if (told.reason != EndReason::exited) return;
        for (const auto& node : nodes)
            if (const auto found = node->truth.find(task.attempt_id()); found != node->truth.end()) {
                REQUIRE(found->second.outcome);
                CHECK(found->second.outcome->exit_code == told.exit_code);
            }
    }

    void plan_user() {
        world.after(world.between(10ms, 4s), [this] {
            if (!faults) return;
            if (world.chance(0.8)) submit();
            else kill_one();
            plan_user();
        });
    }
    void submit() {
        TaskSpec spec = test::job(static_cast<int>(world.pick(0, 4)));
        if (world.chance(0.2)) spec.gpu_count = static_cast<int>(world.pick(1, 2));
        if (world.chance(0.3)) spec.memory = Bytes{world.pick(1, 6) * 1'000'000'000};
        spec.priority = static_cast<int>(world.pick(0, 1));
        sched::Submit event{.spec = std::make_shared<const TaskSpec>(spec), .count = world.pick(1, 3)};
        if (world.chance(0.3)) event.targets.push_back(parse_target("b:1").value());
        host.submit(event, [this, spec = event.spec](const sched::Submitted& submitted) {
            for (const TaskId id : submitted.tasks) accepted.emplace(id, spec);
        });
    }
    void kill_one() {
        if (accepted.empty() || !host.alive()) return;
        auto one = accepted.begin();
        std::advance(one, world.pick(0, static_cast<std::int64_t>(accepted.size()) - 1));
        kills.insert(one->first);
        host.step(sched::Kill{one->first});
    }

    void plan_fault() {
        world.after(world.between(1s, 20s), [this] {
            if (!faults) return;
            fault(*nodes[static_cast<std::size_t>(world.pick(0, 2))]);
            plan_fault();
        });
    }
    void fault(sim::Node& node) {
        switch (world.pick(0, 4)) {
        case 0:
            host.die();
            world.after(world.between(10ms, 50s), [this] { host.start(); });
            break;
        case 1: node.cut_link(); break;
        case 2: node.reboot(); [[fallthrough]];
        case 3:
            node.kill_runner();
            world.after(world.between(10ms, 60s), [&node] { node.start_runner(); });
            break;
        default: node.cut_link(); break;
        }
    }

    /// What is really on the machines, whatever anybody believes.
    void check_machines() {
        for (const auto& node : nodes) {
            int cores = 0;
            std::int64_t memory = 0;
            std::set<int> gpus;
            for (const auto& [id, process] : node->processes) {
                cores += process.assignment.spec->cores;
                memory += process.assignment.spec->memory.value_or(Bytes{}).value;
                for (const int gpu : process.assignment.placement.gpus) CHECK(gpus.insert(gpu).second);
            }
            CHECK(cores <= node->inventory().cores);
            CHECK(memory <= node->inventory().memory.value);
            for (const auto& [id, truth] : node->truth) CHECK(truth.starts <= 1);
        }
    }

    void run_for(Duration time) {
        const Mono end = world.now().mono + time;
        while (world.now().mono < end && world.next()) check_machines();
    }

    /// Everything heals: then every task ends, and every node and the database agree that nothing is left.
    void finish() {
        faults = false;
        host.start();
        for (const auto& node : nodes) node->start_runner();
        for (int round = 0; round < 600 && ended.size() < accepted.size(); ++round) run_for(1min);
        run_for(2min); // acknowledgements and strays
        for (const auto& [id, spec] : accepted) {
            CHECK_MESSAGE(ended.contains(id), "task ", id.value, " never ended");
            CHECK(is_final(host.stored(id).state));
        }
        CHECK(host.state().tasks.empty());
        for (const auto& [name, node] : host.state().nodes) {
            CHECK(node.online());
            CHECK(node.ledger.holdings().empty());
        }
        for (const auto& node : nodes) CHECK(node->idle());
    }
};

void play(std::uint64_t seed) {
    CAPTURE(seed);
    Cluster cluster(seed);
    cluster.run_for(10min);
    cluster.finish();
}

} // namespace

TEST_CASE("a cluster under faults: nothing is lost, nothing runs twice, nothing is oversold, every task ends") {
    if (const auto one = setting("SIM_SEED", 0); one != 0) return play(static_cast<std::uint64_t>(one));
    const auto seeds = setting("SIM_SEEDS", 60);
    for (std::int64_t seed = 1; seed <= seeds; ++seed) play(static_cast<std::uint64_t>(seed));
}
