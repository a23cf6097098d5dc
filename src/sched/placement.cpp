#include "sched/placement.hpp"

#include "sched/batch_limits.hpp"
#include "sched/strategy.hpp"

#include <algorithm>
#include <limits>
#include <set>

namespace hk::sched {
namespace {

template <class Nodes, class Visit>
void each_target_node(Nodes& nodes, const Shape& shape, Visit visit) {
    if (shape.target.node.value.empty()) {
        for (auto& [name, node] : nodes) visit(node);
    } else if (const auto node = nodes.find(shape.target.node); node != nodes.end()) {
        visit(node->second);
    }
}

/// Whether the head of a line would be worse off if `shape` started on the node.
bool would_delay(Ledger& ledger, const Shape& head, const Shape& shape, const Placement& placement) {
    const AttemptId trial{TaskId{0}, 0}; // no real attempt has this id
    const Shortage before = shortage(ledger, head);
    ledger.hold(trial, shape, placement);
    const bool worse = shortage(ledger, head).worse_than(before);
    ledger.release(trial);
    return worse;
}

/// One pass over the heads of all lines, in order.
class Pass {
public:
    explicit Pass(Context& context)
        : context_(context)
        , state_(context.state) {}

    void run() {
        for (const auto& [shape, line] : state_.queue.lines()) heads_.emplace(*line.begin(), &shape);
        while (!heads_.empty()) {
            const auto [key, shape] = *heads_.begin();
            heads_.erase(heads_.begin());
            consider(key, *shape);
        }
    }

private:
    struct Reservation {
        Shape shape;
        OrderKey head;
    };

    void consider(const OrderKey& key, const Shape& shape) {
        const auto known = state_.blocked.find(shape);
        if (known != state_.blocked.end() && known->second.head == key && known->second.seen_supply == state_.supply) {
            reserve(shape, known->second); // nothing became free since it was found not to fit
            return;
        }
        if (!at_limit(state_, shape) && try_start(key, shape)) return;
        Blocked blocked{key, state_.supply, {}};
        if (!at_limit(state_, shape)) blocked.reserved = node_to_reserve(shape);
        reserve(shape, blocked);
        state_.blocked.insert_or_assign(shape, std::move(blocked));
    }

    bool try_start(const OrderKey& key, const Shape& shape_in_queue) {
        // The queue's own copy dies with the last task of its line.
        const Shape shape = shape_in_queue; // NOLINT(performance-unnecessary-copy-initialization)
        std::vector<Candidate> candidates;
        each_target_node(state_.nodes, shape, [&](Node& node) {
            if (!can_start(node, shape)) return;
            Placement placement = placement_on(node, shape);
            if (allowed(node, shape, placement)) candidates.push_back({&node, std::move(placement)});
        });
        if (candidates.empty()) return false;
        const Strategy strategy = shape.strategy.value_or(state_.settings.strategy);
        const Candidate chosen = chooser(strategy)(candidates, shape);
        start(key, shape, chosen.placement);
        return true;
    }

    bool allowed(Node& node, const Shape& shape, const Placement& placement) {
        if (closed_.contains(node.name)) return false;
        const auto reservation = reservations_.find(node.name);
        return reservation == reservations_.end() ||
               !would_delay(node.ledger, reservation->second.shape, shape, placement);
    }

    void start(const OrderKey& key, const Shape& shape, const Placement& placement);
    std::optional<NodeName> node_to_reserve(const Shape& shape) const;

    void reserve(const Shape& shape, const Blocked& blocked) {
        if (!state_.settings.backfill) {
            each_target_node(state_.nodes, shape, [&](Node& node) { closed_.insert(node.name); });
        } else if (blocked.reserved) {
            reservations_.try_emplace(*blocked.reserved, shape, blocked.head);
        }
    }

    Context& context_;
    State& state_;
    std::set<std::pair<OrderKey, const Shape*>> heads_;
    std::map<NodeName, Reservation> reservations_;
    std::set<NodeName> closed_; ///< without backfill: nodes for which an earlier task waits
};

void choose_version(const State& state, Task& task) {
    const TaskSpec& spec = task.spec();
    if (!spec.container) return;
    const auto newest = state.environments.find(*spec.container);
    if (!spec.container_version.empty()) task.environment_version = spec.container_version;
    else if (newest != state.environments.end()) task.environment_version = newest->second;
}

void assign(Context& context, Task& task, const Shape& shape, const Placement& placement) {
    Node& node = context.state.nodes.at(placement.node);
    task.attempt += 1;
    task.progress.clear();
    task.phase = Placed{.placement = placement, .assigned_at = context.now.wall};
    choose_version(context.state, task);
    node.ledger.hold(task.attempt_id(), shape, placement);
    note_start(context.state, task);
    node.last_turn = ++context.state.placements;
    context.save(task);
    context.save_attempt(task);
    context.record(task, "assigned");
    context.touch(node.name);
    context.orders(node.name).start.push_back(
        {task.attempt_id(), task.batch, task.index, placement, task.environment_version});
}

void Pass::start(const OrderKey& key, const Shape& shape, const Placement& placement) {
    state_.blocked.erase(shape);
    state_.queue.remove(shape, key);
    state_.queue.served(key);
    assign(context_, state_.tasks.at(key.id), shape, placement);
    if (const auto line = state_.queue.lines().find(shape); line != state_.queue.lines().end())
        heads_.emplace(*line->second.begin(), &line->first);
}

/// The node where the least is missing, among those that are not kept for an earlier task.
std::optional<NodeName> Pass::node_to_reserve(const Shape& shape) const {
    std::optional<NodeName> best;
    double least = std::numeric_limits<double>::infinity();
    each_target_node(state_.nodes, shape, [&](const Node& node) {
        if (!node.online() || node.drained || !node.offers(shape.container) || reservations_.contains(node.name))
            return;
        if (fit(node, shape, context_.now.mono).never()) return;
        const Shortage missing = shortage(node.ledger, shape);
        const auto share = [](std::int64_t part, std::int64_t whole) {
            return whole > 0 ? static_cast<double>(part) / static_cast<double>(whole) : 0.0;
        };
        const double sum = share(missing.cores, node.ledger.cores()) +
                           share(missing.memory, node.ledger.memory().value) + static_cast<double>(missing.gpus);
        if (sum < least) {
            least = sum;
            best = node.name;
        }
    });
    return best;
}

} // namespace

void place_waiting(Context& context) { Pass(context).run(); }

std::optional<TaskId> kept_for(const State& state, const Node& node, const Shape& shape, const OrderKey& key) {
    Ledger trial = node.ledger;
    const Placement placement = placement_on(node, shape);
    for (const auto& [waiting, blocked] : state.blocked) {
        if (blocked.reserved != node.name || !(blocked.head < key)) continue;
        if (would_delay(trial, waiting, shape, placement)) return blocked.head.id;
    }
    return std::nullopt;
}

std::optional<std::string> place_now(Context& context, Task& task) {
    const Shape shape = shape_of(task);
    if (at_limit(context.state, shape)) return "as many tasks of its batch run as may";
    const OrderKey last{std::numeric_limits<int>::max(), 0, task.id};
    std::vector<Candidate> candidates;
    std::string why;
    each_target_node(context.state.nodes, shape, [&](Node& node) {
        const Fit found = fit(node, shape, context.now.mono);
        const auto kept = found.fits() ? kept_for(context.state, node, shape, last) : std::nullopt;
        if (found.fits() && !kept) candidates.push_back({&node, found.placement});
        why += (why.empty() ? "" : "; ") + node.name.value + ": ";
        why += kept ? to_string(Obstacle{.kind = ObstacleKind::held_for, .detail = to_string(*kept)})
                    : to_string(found.obstacles);
    });
    if (candidates.empty()) return why.empty() ? "no node has registered yet" : why;
    const Strategy strategy = shape.strategy.value_or(context.state.settings.strategy);
    const Candidate chosen = chooser(strategy)(candidates, shape);
    assign(context, task, shape, chosen.placement);
    return std::nullopt;
}

} // namespace hk::sched
