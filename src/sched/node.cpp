#include "sched/node.hpp"

#include <algorithm>

namespace hk::sched {
namespace {

bool serves(const ExecutorOffer& offer, bool container) { return (offer.kind == ExecutorKind::docker) == container; }

} // namespace

bool Node::offers(bool container) const {
    return std::ranges::any_of(inventory.executors,
                               [&](const auto& offer) { return offer.available && serves(offer, container); });
}

std::string Node::why_not(bool container) const {
    for (const ExecutorOffer& offer : inventory.executors)
        if (serves(offer, container) && !offer.problem.empty()) return offer.problem;
    return container ? "its runner offers no Docker" : "its runner runs only containers";
}

} // namespace hk::sched
