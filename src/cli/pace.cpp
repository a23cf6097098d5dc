#include "cli/pace.hpp"

#include <cerrno>
#include <csignal>
#include <ctime>
#include <thread>

namespace hk::cli {
namespace {

sigset_t interrupt_signal() {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    return set;
}

timespec to_timespec(Duration duration) {
    const auto micros = duration.count() < 0 ? 0 : duration.count();
    return {.tv_sec = micros / 1'000'000, .tv_nsec = micros % 1'000'000 * 1000};
}

} // namespace

void SystemPace::catch_interrupts() {
    const sigset_t set = interrupt_signal();
    pthread_sigmask(SIG_BLOCK, &set, nullptr);
    catching_ = true;
}

bool SystemPace::sleep(Duration duration) {
    if (!catching_) {
        std::this_thread::sleep_for(duration);
        return false;
    }
    const sigset_t set = interrupt_signal();
    const Mono end = BootClock::now() + duration;
    for (;;) {
        const timespec left = to_timespec(end - BootClock::now());
        if (sigtimedwait(&set, nullptr, &left) == SIGINT) return true;
        if (errno != EINTR) return false; // EAGAIN: the time is over
    }
}

} // namespace hk::cli
