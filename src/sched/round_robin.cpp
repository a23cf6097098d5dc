#include "sched/strategy.hpp"

#include <algorithm>

namespace hk::sched {

/// The node whose turn is longest ago.
const Candidate& round_robin(std::span<const Candidate> candidates, const Shape&) {
    return *std::ranges::min_element(candidates, {},
                                     [](const Candidate& candidate) { return candidate.node->last_turn; });
}

} // namespace hk::sched
