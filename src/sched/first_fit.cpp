#include "sched/strategy.hpp"

namespace hk::sched {

/// The first node by name: fills the cluster from one end, so that the other end stays free for large tasks.
const Candidate& first_fit(std::span<const Candidate> candidates, const Shape&) { return candidates.front(); }

} // namespace hk::sched
