#pragma once
#include "sched/node.hpp"

#include <span>

namespace hk::sched {

/// A node on which the task fits, and where on it.
struct Candidate {
    const Node* node = nullptr;
    Placement placement;
};

/// How a strategy chooses among candidates. They come in order of node name and are never empty; a pure function, so a
/// new strategy is one file, one line here and one in strategy.cpp.
using Choose = const Candidate& (*)(std::span<const Candidate> candidates, const Shape& shape);

const Candidate& first_fit(std::span<const Candidate> candidates, const Shape& shape);
const Candidate& best_fit(std::span<const Candidate> candidates, const Shape& shape);
const Candidate& least_loaded(std::span<const Candidate> candidates, const Shape& shape);
const Candidate& round_robin(std::span<const Candidate> candidates, const Shape& shape);

Choose chooser(Strategy strategy);

/// The share of a node that stays free when the task runs there, 0 to 1, averaged over what the node has.
double share_left(const Node& node, const Shape& shape);

} // namespace hk::sched
