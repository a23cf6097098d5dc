#pragma once
#include "net/task.hpp"

#include <boost/asio/steady_timer.hpp>

#include <chrono>

/// Inside net only: how waiting is built from Asio's timers.
namespace hk::net::detail {

/// When `limit` from now is over; never for no_limit and what would overflow.
inline std::chrono::steady_clock::time_point expiry_of(Duration limit) {
    constexpr auto forever = std::chrono::hours{24 * 365};
    if (limit >= forever) return std::chrono::steady_clock::time_point::max();
    return std::chrono::steady_clock::now() + std::max(limit, Duration::zero());
}

/// The time that is left of a limit that several steps share.
class Deadline {
public:
    explicit Deadline(Duration limit)
        : end_(expiry_of(limit)) {}
    Duration left() const {
        if (end_ == std::chrono::steady_clock::time_point::max()) return no_limit;
        const auto left = end_ - std::chrono::steady_clock::now();
        return std::max(std::chrono::duration_cast<Duration>(left), Duration::zero());
    }
    bool over() const { return left() == Duration::zero(); }

private:
    std::chrono::steady_clock::time_point end_;
};

/// Lets everything else on the loop go first.
Task<void> yield();

/// A task whose operations succeed at once would keep the loop to itself: it yields after so many
/// in a row.
class Turn {
public:
    bool over() {
        if (++count_ < most) return false;
        count_ = 0;
        return true;
    }

private:
    static constexpr int most = 16;
    int count_ = 0;
};

/// Throws what ends a cancelled task, if this task is cancelled.
Task<void> throw_if_cancelled();

} // namespace hk::net::detail
