#include "sched/explain.hpp"

#include "sched/batch_limits.hpp"
#include "sched/placement.hpp"

namespace hk::sched {
namespace {

constexpr const char* held_reason = "it was paused before it started; resume lets it go on";
constexpr const char* limit_reason = "as many tasks of its batch run as may";

std::vector<const Node*> possible_nodes(const State& state, const Shape& shape) {
    std::vector<const Node*> nodes;
    for (const auto& [name, node] : state.nodes)
        if (shape.target.node.value.empty() || shape.target.node == name) nodes.push_back(&node);
    return nodes;
}

Verdict judge(const State& state, const Node& node, const Shape& shape, const std::pair<OrderKey, Mono>& at) {
    const auto& [key, now] = at;
    const Fit found = fit(node, shape, now);
    if (!found.fits()) return {node.name, false, to_string(found.obstacles)};
    if (const auto kept = kept_for(state, node, shape, key))
        return {node.name, false, to_string(Obstacle{.kind = ObstacleKind::held_for, .detail = to_string(*kept)})};
    return {node.name, true, "it fits; tasks before it in the queue come first"};
}

std::string summarise(const std::vector<Verdict>& nodes, const Shape& shape) {
    if (nodes.empty())
        return shape.target.node.value.empty() ? "no node has registered yet"
                                               : "node " + shape.target.node.value + " is not registered any more";
    std::string text;
    for (const Verdict& verdict : nodes)
        text += (text.empty() ? "" : "; ") + verdict.node.value + ": " + verdict.reason;
    return text;
}

} // namespace

Explanation explain(const State& state, const Task& task, Mono now) {
    Explanation result;
    const auto* waiting = std::get_if<Waiting>(&task.phase);
    if (waiting == nullptr) return result;
    if (waiting->held) {
        result.summary = held_reason;
        return result;
    }
    const Shape shape = shape_of(task);
    result.ahead = state.queue.ahead_of(waiting->order);
    if (at_limit(state, shape)) {
        result.summary = limit_reason;
        return result;
    }
    for (const Node* node : possible_nodes(state, shape))
        result.nodes.push_back(judge(state, *node, shape, {waiting->order, now}));
    result.summary = summarise(result.nodes, shape);
    return result;
}

std::string ShortReasons::of(const Task& task) {
    const auto* waiting = std::get_if<Waiting>(&task.phase);
    if (waiting == nullptr) return {};
    if (waiting->held) return held_reason;
    const Shape shape = shape_of(task);
    const auto [entry, is_new] = known_.try_emplace(shape);
    if (is_new && at_limit(state_, shape)) {
        entry->second = limit_reason;
    } else if (is_new) {
        std::vector<Verdict> verdicts;
        for (const Node* node : possible_nodes(state_, shape))
            verdicts.push_back(judge(state_, *node, shape, {waiting->order, now_}));
        entry->second = summarise(verdicts, shape);
    }
    return entry->second;
}

} // namespace hk::sched
