#pragma once
#include "base/file.hpp"
#include "base/time.hpp"
#include "net/loop.hpp"

#include <functional>

namespace hk::exec {

/// Calls `tick` on the loop again and again while it runs. For looking whether something has happened that nobody
/// reports: that a process tree has stopped, that a group is empty.
/// Owned by an executor; event-loop thread only. `tick` may stop or destroy nothing but by `stop`.
class Ticker {
public:
    Ticker(net::Loop& loop, std::function<void()> tick);
    /// Ignored when it runs at this pace already.
    void run_every(Duration pace);
    void stop() { run_every(Duration::zero()); }

private:
    Fd timer_;
    Duration pace_{};
    std::function<void()> tick_;
    net::Watch watch_; ///< last, so that it ends first
};

} // namespace hk::exec
