#pragma once
#include "host/records.hpp"
#include "link.hpp"
#include "proto/link.hpp"
#include "sched/step.hpp"
#include "store/database.hpp"
#include "store/reader.hpp"
#include "store/schema.hpp"
#include "store/writes.hpp"
#include "support/temp_folder.hpp"

#include <deque>
#include <memory>

namespace hk::sim {

/// A Host on a real database file. It may die at any moment: what was not committed is gone, and what was ordered only
/// after the commit was never ordered.
class Host {
public:
    explicit Host(World& world)
        : world_(world) {
        auto database = store::Database::open(file(), store::Database::Mode::write).value();
        store::migrate(database).value();
        database.execute("PRAGMA synchronous=OFF").value(); // this Host's deaths leave the kernel alive
        database_.emplace(std::move(database));
        start();
    }

    void start() {
        if (alive_) return;
        alive_ = true;
        ++life_;
        auto reader = store::Reader::open(file()).value();
        state_ = sched::restore({}, host::restored_from(reader.load_active().value()), world_.now());
        tick();
    }
    void die() {
        alive_ = false;
        ++life_;
        commits_.clear();
        for (auto& [session, link] : links_)
            link->abandon(link->host, world_.between(Duration{0}, std::chrono::seconds(5)));
        links_.clear();
    }
    bool alive() const { return alive_; }
    const sched::State& state() const { return state_; }

    /// A runner dials.
    std::shared_ptr<Link> accept() {
        if (!alive_) return nullptr;
        auto link = std::make_shared<Link>(world_);
        const sched::SessionId session{++sessions_};
        auto name = std::make_shared<NodeName>();
        link->host.receive = [this, life = life_, session, name](const std::string& text) {
            if (life == life_) hear(session, *name, text);
        };
        link->host.closed = [this, life = life_, session, name] {
            if (life != life_) return;
            links_.erase(session);
            step(sched::NodeGone{session, *name});
        };
        links_.emplace(session, link);
        return link;
    }

    /// What a user does. The answer is given when it is durable; none when the Host died first.
    void submit(sched::Submit event, const std::function<void(const sched::Submitted&)>& accepted) {
        if (!alive_) return;
        const auto result = sched::step(state_, event, world_.now());
        check_and_commit(result.effects, [accepted, submitted = result.submitted] { accepted(submitted); });
    }
    void step(const sched::Event& event) {
        if (!alive_) return;
        auto result = sched::step(state_, event, world_.now());
        check_and_commit(std::move(result.effects), [] {});
    }

    /// Called with every task that ended, when that is durable.
    std::function<void(const sched::Task&)> on_ended;

    store::TaskRecord stored(TaskId id) { return store::Reader::open(file()).value().task(id).value(); }

private:
    struct Commit {
        sched::Effects effects;
        std::function<void()> done;
    };
    std::filesystem::path file() const { return folder_.path() / "sim.db"; }

    void hear(sched::SessionId session, NodeName& name, const std::string& text) {
        auto message = proto::parse_runner_message(text).value();
        if (auto* hello = std::get_if<proto::Hello>(&message)) {
            name = hello->name;
            const auto result =
                sched::step(state_, sched::NodeHello{session, name, hello->inventory, hello->attempts}, world_.now());
            const auto link = links_.at(session);
            link->to_runner(result.refused ? proto::to_json(proto::Rejected{result.refused->message})
                                           : proto::to_json(proto::Welcome{}));
            check_and_commit(result.effects, [] {});
        } else if (auto* reports = std::get_if<proto::Reports>(&message)) {
            step(sched::NodeReports{session, name, reports->attempts});
        } else if (std::holds_alternative<proto::Heartbeat>(message)) {
            step(sched::NodeHeartbeat{session, name, {}});
        }
    }

    void check_and_commit(sched::Effects effects, std::function<void()> done) {
        commits_.push_back({std::move(effects), std::move(done)});
        world_.after(world_.between(Duration{200}, Duration{20'000}), [this, life = life_] {
            if (life == life_ && !commits_.empty()) commit_all();
        });
    }
    /// Group commit: everything that waits, in one transaction, in order.
    void commit_all() {
        auto transaction = store::Transaction::begin(*database_).value();
        for (const Commit& commit : commits_) {
            const auto writes = host::writes_of(commit.effects);
            store::apply(*database_, writes).value();
        }
        transaction.commit().value();
        for (auto commits = std::exchange(commits_, {}); Commit & commit : commits) perform(commit);
    }
    void perform(const Commit& commit) {
        for (const sched::Task& task : commit.effects.tasks)
            if (std::holds_alternative<sched::Ended>(task.phase)) on_ended(task);
        for (const sched::SessionId session : commit.effects.dropped) {
            const auto link = links_.find(session);
            if (link == links_.end()) continue;
            link->second->abandon(link->second->host, world_.between(Duration{0}, std::chrono::seconds(5)));
            links_.erase(link);
        }
        for (const auto& [node, orders] : commit.effects.orders) send(node, orders);
        commit.done();
    }
    void send(const NodeName& node, const sched::NodeOrders& orders) {
        const auto known = state_.nodes.find(node);
        if (known == state_.nodes.end() || !known->second.session || !links_.contains(*known->second.session)) return;
        proto::Orders wire;
        for (const auto& start : orders.start)
            wire.start.push_back({start.attempt, start.batch->spec, start.placement, ""});
        for (const auto& stop : orders.stop) wire.stop.push_back({stop.attempt, stop.grace});
        wire.pause = orders.pause;
        wire.resume = orders.resume;
        wire.forget = orders.forget;
        if (!wire.empty()) links_.at(*known->second.session)->to_runner(proto::to_json(wire));
    }
    void tick() {
        world_.after(std::chrono::seconds(1), [this, life = life_] {
            if (life != life_) return;
            step(sched::Tick{});
            tick();
        });
    }

    World& world_;
    test::TempFolder folder_;
    std::optional<store::Database> database_;
    sched::State state_;
    std::deque<Commit> commits_;
    std::map<sched::SessionId, std::shared_ptr<Link>> links_;
    std::int64_t sessions_ = 0;
    std::int64_t life_ = 0;
    bool alive_ = false;
};

} // namespace hk::sim
