#include "sched/strategy.hpp"

#include <utility>

namespace hk::sched {

Choose chooser(Strategy strategy) {
    switch (strategy) {
    case Strategy::first_fit: return first_fit;
    case Strategy::best_fit: return best_fit;
    case Strategy::least_loaded: return least_loaded;
    case Strategy::round_robin: return round_robin;
    }
    std::unreachable();
}

double share_left(const Node& node, const Shape& shape) {
    double sum = 0;
    int kinds = 0;
    const auto add = [&](std::int64_t free, std::int64_t used, std::int64_t total) {
        if (total <= 0) return;
        sum += static_cast<double>(free - used) / static_cast<double>(total);
        ++kinds;
    };
    const Ledger& ledger = node.ledger;
    add(ledger.cores_free(), shape.cores, ledger.cores());
    add(ledger.memory_free().value, shape.memory.value, ledger.memory().value);
    add(static_cast<std::int64_t>(ledger.free_gpus().size()), shape.gpus_wanted(),
        static_cast<std::int64_t>(ledger.gpus().size()));
    return kinds == 0 ? 0 : sum / kinds;
}

} // namespace hk::sched
