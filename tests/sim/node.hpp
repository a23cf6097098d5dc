#pragma once
#include "agent/agent.hpp"
#include "link.hpp"
#include "proto/link.hpp"
#include "support/scheduler.hpp"

#include <set>

namespace hk::sim {

/// What really happened to the process of an attempt, beyond what anyone was told.
struct Truth {
    int starts = 0;
    std::optional<Outcome> outcome;
};

/// A machine with a runner on it. The runner may die and return; its spool and its processes stay. The machine may
/// reboot; then the spool stays.
class Node {
public:
    Node(World& world, std::string name, NodeInventory inventory)
        : world_(world)
        , name_{std::move(name)}
        , inventory_(std::move(inventory)) {
        inventory_.state_id = name_.value + "-records";
        inventory_.version = "sim";
        start_runner();
    }

    const NodeName& name() const { return name_; }
    const NodeInventory& inventory() const { return inventory_; }
    std::map<AttemptId, Truth> truth;
    /// What runs on the machine now, whoever knows of it.
    struct Process {
        Assignment assignment;
        std::optional<Mono> must_end; ///< being stopped
    };
    std::map<AttemptId, Process> processes;

    /// Makes a connection; null when the Host cannot be reached.
    std::function<std::shared_ptr<Link>(Node&)> dial;

    void kill_runner() {
        ++life_;
        alive_ = false;
        if (link_) link_->abandon(link_->runner, world_.between(Duration{0}, std::chrono::seconds(20)));
        link_.reset();
    }
    void start_runner() {
        if (alive_) return;
        alive_ = true;
        ++life_;
        state_ = {};
        state_.offers = inventory_.executors;
        for (const auto& [id, record] : spool_) {
            step(agent::Recovered{record.assignment, ExecutorKind::process, std::nullopt});
            recover(id, record);
        }
        plan_dial(Duration{0});
    }
    bool alive() const { return alive_; }

    void reboot() {
        kill_runner();
        for (auto& [id, process] : processes)
            truth[id].outcome = Outcome{.reason = EndReason::interrupted, .finished_at = world_.now().wall};
        processes.clear();
    }
    void cut_link() {
        if (link_)
            link_->cut(world_.between(Duration{0}, std::chrono::seconds(40)),
                       world_.between(Duration{0}, std::chrono::seconds(40)));
    }
    bool idle() const { return processes.empty() && spool_.empty(); }

private:
    struct Record {
        Assignment assignment;
    };

    void recover(AttemptId id, const Record&) {
        const Truth& known = truth[id];
        if (known.outcome) happen(attempt::Ended{id, *known.outcome});
        else if (processes.contains(id)) happen(attempt::Started{id, world_.now().wall, {}});
        else begin(id); // recorded, and the runner died before it could start it
    }

    void plan_dial(Duration wait) {
        world_.after(wait, [this, life = life_] {
            if (life != life_ || link_) return;
            link_ = dial(*this);
            if (!link_) plan_dial(world_.between(std::chrono::milliseconds(100), std::chrono::seconds(5)));
            else greet();
        });
    }
    void greet() {
        link_->runner.receive = [this, life = life_](const std::string& text) {
            if (life == life_) hear(text);
        };
        link_->runner.closed = [this, life = life_] {
            if (life == life_) hang_up();
        };
        link_->to_host(
            proto::to_json(proto::Hello{.name = name_, .inventory = inventory_, .attempts = agent::take_all(state_)}));
        beat();
    }
    void hang_up() {
        link_.reset();
        plan_dial(world_.between(std::chrono::milliseconds(100), std::chrono::seconds(3)));
    }
    void beat() {
        world_.after(std::chrono::seconds(5), [this, life = life_, link = std::weak_ptr(link_)] {
            const auto same = link.lock();
            if (life != life_ || same == nullptr || same != link_) return;
            link_->to_host(proto::to_json(proto::Heartbeat{}));
            beat();
        });
    }

    void hear(const std::string& text) {
        const auto message = proto::parse_host_message(text).value();
        if (std::holds_alternative<proto::Rejected>(message)) {
            link_->abandon(link_->runner, Duration{0});
            hang_up();
        } else if (const auto* orders = std::get_if<proto::Orders>(&message)) {
            agent::Orders wanted{orders->start, {}, orders->pause, orders->resume, orders->forget};
            for (const auto& stop : orders->stop) wanted.stop.push_back({stop.attempt, stop.grace});
            step(wanted);
        }
    }

    void step(const agent::Event& event) {
        const auto effects = agent::step(state_, event, world_.now().wall);
        for (const auto& begin : effects.begin) spool_.emplace(begin.assignment.attempt, Record{begin.assignment});
        for (const auto& each : effects.begin) plan_begin(each.assignment.attempt);
        for (const auto& stop : effects.stop) plan_stop(stop.attempt);
        for (const auto& act : effects.pause) plan_event(attempt::Paused{act.attempt});
        for (const auto& act : effects.resume) plan_event(attempt::Resumed{act.attempt});
        for (const auto& act : effects.forget) spool_.erase(act.attempt);
        tell();
    }

    /// A runner may die between the record and the start.
    void plan_begin(AttemptId id) {
        world_.after(world_.between(Duration{0}, Duration{5'000}), [this, life = life_, id] {
            if (life == life_ && spool_.contains(id)) begin(id);
        });
    }
    void begin(AttemptId id) {
        Truth& known = truth[id];
        if (known.outcome) return;
        ++known.starts;
        const auto stopping = early_stops_.contains(id);
        processes.emplace(id, Process{spool_.at(id).assignment, {}});
        happen(attempt::Started{id, world_.now().wall, {}});
        const Duration runs = world_.between(Duration{1'000}, std::chrono::seconds(60));
        const int code = world_.chance(0.2) ? static_cast<int>(world_.pick(1, 255)) : 0;
        world_.after(runs, [this, id, code] { end(id, Outcome{.exit_code = code}); });
        if (stopping) plan_stop(id);
    }
    void plan_stop(AttemptId id) {
        if (!processes.contains(id)) early_stops_.insert(id);
        world_.after(world_.between(Duration{1'000}, std::chrono::seconds(10)),
                     [this, id] { end(id, Outcome{.reason = EndReason::killed, .signal = 15}); });
    }
    /// The process ends whether or not a runner looks on; the keeper writes its exit code down.
    void end(AttemptId id, Outcome outcome) {
        if (processes.erase(id) == 0) return;
        outcome.finished_at = world_.now().wall;
        truth[id].outcome = outcome;
        if (alive_) happen(attempt::Ended{id, outcome});
    }
    void plan_event(const attempt::Event& event) {
        world_.after(world_.between(Duration{0}, Duration{50'000}), [this, life = life_, event] {
            const auto id = std::visit([](const auto& each) { return each.attempt; }, event);
            if (life == life_ && processes.contains(id)) happen(event);
        });
    }
    void happen(const attempt::Event& event) {
        (void)agent::step(state_, event, world_.now().wall);
        tell();
    }
    void tell() {
        if (!link_) return;
        auto news = agent::take_news(state_);
        if (!news.empty()) link_->to_host(proto::to_json(proto::Reports{std::move(news)}));
    }

    World& world_;
    NodeName name_;
    NodeInventory inventory_;
    agent::State state_;
    std::map<AttemptId, Record> spool_;
    std::set<AttemptId> early_stops_;
    std::shared_ptr<Link> link_;
    bool alive_ = false;
    std::int64_t life_ = 0;
};

} // namespace hk::sim
