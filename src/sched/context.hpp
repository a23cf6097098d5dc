#pragma once
#include "sched/effects.hpp"
#include "sched/state.hpp"

namespace hk::sched {

/// What the parts of one step work on. Private to sched.
struct Context {
    State& state;
    Now now;
    Effects& effects;
    bool look = false; ///< something changed that may let a waiting task start

    /// The orders of a node, which must be online.
    NodeOrders& orders(const NodeName& name) { return effects.orders[name]; }
    void save(const Task& task) { effects.tasks.push_back(task); }
    void save_attempt(const Task& task);
    void save(const Node& node) {
        effects.nodes.push_back({node.name, node.inventory, node.drained, node.first_seen, node.last_seen});
        touch(node.name);
    }
    void touch(const NodeName& name) { effects.touched.push_back(name); }
    /// Something became free or better: blocked tasks are worth another look.
    void more_supply() {
        ++state.supply;
        look = true;
    }
    void record(const Task& task, std::string kind, std::string detail = {});
};

} // namespace hk::sched
