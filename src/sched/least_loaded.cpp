#include "sched/strategy.hpp"

#include <algorithm>

namespace hk::sched {

/// The node that is emptiest afterwards: spreads, so that tasks disturb each other least.
const Candidate& least_loaded(std::span<const Candidate> candidates, const Shape& shape) {
    return *std::ranges::min_element(candidates, {},
                                     [&](const Candidate& candidate) { return -share_left(*candidate.node, shape); });
}

} // namespace hk::sched
