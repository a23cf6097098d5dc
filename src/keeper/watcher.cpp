#include "keeper/watcher.hpp"

#include "keeper/record.hpp"
#include "keeper/sweep.hpp"

#include <cerrno>
#include <csignal>
#include <cstring>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

namespace hk::keeper {
namespace {

std::int64_t micros(const timeval& time) { return std::int64_t{time.tv_sec} * 1'000'000 + time.tv_usec; }

/// Reaps what ends until it is the task, which is left as a zombie: its status must be on disk before it is reaped, so
/// that whoever adopts it when we are killed still finds it.
void wait_until_ended(int task) {
    for (;;) {
        siginfo_t ended{};
        if (::waitid(P_ALL, 0, &ended, WEXITED | WNOWAIT | __WALL) != 0) {
            if (errno == EINTR) continue;
            return;
        }
        if (ended.si_pid == task) return;
        ::waitpid(ended.si_pid, nullptr, WNOHANG | __WALL);
    }
}

int peek_status(int task) {
    siginfo_t info{};
    ::waitid(P_PID, static_cast<id_t>(task), &info, WEXITED | WNOWAIT | __WALL);
    return status_of(info);
}

/// The memory is shared with the child until it executes the task, so the failure comes back by itself.
[[gnu::noinline]] int launch(const Request& request, int record, const Inherited& inherited,
                             volatile Failure& failure) {
    const int pid = ::vfork(); // NOLINT(bugprone-unsafe-functions): posix_spawn cannot do what the child does
    if (pid == 0) {
        become_task(request, record, inherited, const_cast<Failure&>(failure));
        ::_exit(exit_not_set_up);
    }
    return pid;
}

} // namespace

int see_to_end(int task, int record, const char* cgroup_kill, void (*before_gone)(int record)) {
    wait_until_ended(task);
    const int status = peek_status(task);
    append_end(record, status);
    ::waitpid(task, nullptr, __WALL);
    sweep(record, cgroup_kill);
    if (before_gone != nullptr) before_gone(record);
    rusage used{};
    ::getrusage(RUSAGE_CHILDREN, &used);
    append_gone(record, used.ru_maxrss, micros(used.ru_utime) + micros(used.ru_stime));
    return status;
}

void watch(const Request& request, int record, const Inherited& inherited, void (*before_gone)(int record)) {
    ::prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
    static volatile Failure failure;
    const int task = launch(request, record, inherited, failure);
    if (task < 0) {
        append_failure(record, exit_not_set_up, "cannot start another process", ::strerrordesc_np(errno));
        ::_exit(0);
    }
    if (failure.code != 0) {
        ::waitpid(task, nullptr, __WALL);
        append_failure(record, const_cast<Failure&>(failure));
        ::_exit(0);
    }
    append_started(record);
    see_to_end(task, record, request.cgroup_kill, before_gone);
    ::_exit(0);
}

} // namespace hk::keeper
