#include "exec/ticker.hpp"

#include <sys/timerfd.h>
#include <unistd.h>

namespace hk::exec {

Ticker::Ticker(net::Loop& loop, std::function<void()> tick)
    : timer_(::timerfd_create(CLOCK_BOOTTIME, TFD_CLOEXEC | TFD_NONBLOCK))
    , tick_(std::move(tick)) {
    watch_ = loop.watch_fd(timer_.get(), [this] {
        std::uint64_t times = 0;
        if (::read(timer_.get(), &times, sizeof times) == static_cast<ssize_t>(sizeof times)) tick_();
    });
}

void Ticker::run_every(Duration pace) {
    if (pace == pace_) return;
    pace_ = pace;
    itimerspec spec{};
    spec.it_interval.tv_sec = pace.count() / 1'000'000;
    spec.it_interval.tv_nsec = pace.count() % 1'000'000 * 1000;
    spec.it_value = spec.it_interval;
    ::timerfd_settime(timer_.get(), 0, &spec, nullptr);
}

} // namespace hk::exec
