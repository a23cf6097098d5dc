#include "hakurun/signals.hpp"

#include <sys/signalfd.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>

namespace hk::hakurun {

Result<Signals> Signals::open() {
    std::signal(SIGCHLD, SIG_DFL); // whoever ignores it cannot wait for a child
    std::signal(SIGPIPE, SIG_IGN);
    sigset_t set;
    sigemptyset(&set);
    for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGCHLD}) sigaddset(&set, signal);
    if (sigprocmask(SIG_BLOCK, &set, nullptr) != 0) return fail(system_error("cannot block signals", errno));
    Signals signals;
    signals.fd_ = Fd(signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK));
    if (!signals.fd_) return fail(system_error("cannot wait for signals", errno));
    return signals;
}

std::vector<int> Signals::take_requests() {
    std::vector<int> requests;
    signalfd_siginfo info{};
    while (read(fd_.get(), &info, sizeof info) == static_cast<ssize_t>(sizeof info)) {
        const int signal = static_cast<int>(info.ssi_signo);
        if (signal != SIGCHLD) requests.push_back(signal);
    }
    return requests;
}

} // namespace hk::hakurun
