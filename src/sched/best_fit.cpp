#include "sched/strategy.hpp"

#include <algorithm>

namespace hk::sched {

/// The node that is fullest afterwards: packs, so that whole nodes stay free.
const Candidate& best_fit(std::span<const Candidate> candidates, const Shape& shape) {
    return *std::ranges::min_element(candidates, {},
                                     [&](const Candidate& candidate) { return share_left(*candidate.node, shape); });
}

} // namespace hk::sched
