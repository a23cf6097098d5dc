#pragma once
#include "base/time.hpp"

#include <cstdint>
#include <functional>
#include <map>
#include <random>

namespace hk::sim {

/// Virtual time and chance: a queue of things that will happen, and one seed that decides everything.
class World {
public:
    explicit World(std::uint64_t seed)
        : random_(seed) {}

    Now now() const { return now_; }
    /// `action` happens after `delay`; actions of one moment keep the order in which they were planned.
    void after(Duration delay, std::function<void()> action) {
        queue_.emplace(std::pair{now_.mono + delay, ++order_}, std::move(action));
    }
    /// Lets the next thing happen; false when nothing is planned.
    bool next() {
        if (queue_.empty()) return false;
        auto first = queue_.extract(queue_.begin());
        const Duration passed = first.key().first - now_.mono;
        now_.mono += passed;
        now_.wall += passed;
        first.mapped()();
        return true;
    }

    std::int64_t pick(std::int64_t from, std::int64_t to) {
        return std::uniform_int_distribution<std::int64_t>(from, to)(random_);
    }
    bool chance(double probability) { return std::bernoulli_distribution(probability)(random_); }
    Duration between(Duration from, Duration to) { return Duration{pick(from.count(), to.count())}; }

private:
    Now now_{Mono{std::chrono::hours(1)}, Time{std::chrono::hours(24 * 365 * 50)}};
    std::int64_t order_ = 0;
    std::map<std::pair<Mono, std::int64_t>, std::function<void()>> queue_;
    std::mt19937_64 random_;
};

} // namespace hk::sim
