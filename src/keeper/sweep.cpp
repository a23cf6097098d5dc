#include "keeper/sweep.hpp"

#include "keeper/record.hpp"
#include "keeper/tree.hpp"

#include <cerrno>
#include <csignal>
#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

namespace hk::keeper {
namespace {

constexpr long look_every_nanos = 20'000'000;

bool reap_all() {
    for (;;) {
        const int pid = ::waitpid(-1, nullptr, WNOHANG | __WALL);
        if (pid < 0 && errno == ECHILD) return true;
        if (pid == 0) return false;
    }
}

void wait_for_child() {
    sigset_t child;
    ::sigemptyset(&child);
    ::sigaddset(&child, SIGCHLD);
    const timespec limit{0, look_every_nanos};
    ::sigtimedwait(&child, nullptr, &limit);
}

void kill_group(const char* cgroup_kill) {
    if (cgroup_kill == nullptr) return;
    const int fd = ::open(cgroup_kill, O_WRONLY | O_CLOEXEC);
    if (fd < 0) return;
    [[maybe_unused]] const ssize_t done = ::write(fd, "1", 1);
    ::close(fd);
}

} // namespace

void sweep(int record, const char* cgroup_kill) {
    if (reap_all()) return;
    const int self = ::getpid();
    const std::int64_t limit = monotonic_micros() + leftover_grace_micros;
    signal_descendants(self, SIGTERM);
    signal_descendants(self, SIGCONT);
    while (!reap_all()) {
        const std::int64_t asked = read_standing(record).deadline;
        if (asked > 0 ? realtime_micros() >= asked : monotonic_micros() >= limit) {
            kill_group(cgroup_kill);
            signal_descendants(self, SIGKILL);
        }
        wait_for_child();
    }
}

} // namespace hk::keeper
