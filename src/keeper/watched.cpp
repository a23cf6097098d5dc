#include "keeper/watched.hpp"

#include "keeper/record.hpp"

#include <cerrno>
#include <cstdlib>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

namespace hk::keeper {
namespace {

constexpr std::size_t first_room = 64;
constexpr char killed_early[] = "the process that starts tasks was killed while it started this one";

long long micros(const timeval& time) { return time.tv_sec * 1'000'000LL + time.tv_usec; }

} // namespace

bool WatchedList::add(int watcher, int record) {
    if (count_ == room_) {
        const std::size_t wanted = room_ == 0 ? first_room : room_ * 2;
        void* grown = std::realloc(at_, wanted * sizeof *at_);
        if (grown == nullptr) return false;
        at_ = static_cast<Watched*>(grown);
        room_ = wanted;
    }
    at_[count_++] = Watched{Watched::Stage::watched, watcher, 0, record};
    return true;
}

Watched* WatchedList::find(int pid) {
    for (std::size_t i = 0; i < count_; ++i)
        if (at_[i].watcher == pid || at_[i].task == pid) return &at_[i];
    return nullptr;
}

void WatchedList::remove(Watched& entry) {
    if (entry.stage == Watched::Stage::unsure) --unsure_;
    ::close(entry.record);
    entry = at_[--count_];
}

void WatchedList::reap() {
    for (;;) {
        siginfo_t info{};
        if (::waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT | __WALL) != 0 || info.si_pid == 0) return;
        Watched* entry = find(info.si_pid);
        const bool is_task = entry != nullptr && entry->task == info.si_pid;
        if (is_task) append_end(entry->record, status_of(info)); // before it is reaped: see watcher.cpp
        int status = 0;
        rusage used{};
        ::wait4(info.si_pid, &status, __WALL, &used);
        if (is_task) complete(*entry, used.ru_maxrss, micros(used.ru_utime) + micros(used.ru_stime));
        else if (entry != nullptr) watcher_ended(*entry, status);
    }
}

void WatchedList::complete(Watched& entry, long max_rss_kb, long long cpu_micros) {
    // What else is left of the task is ours now, among the rest of other such tasks; the runner, which knows its
    // control group and its environment, ends it.
    append_gone(entry.record, max_rss_kb, cpu_micros);
    remove(entry);
}

void WatchedList::watcher_ended(Watched& entry, int status) {
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0) remove(entry);
    else adopt(entry);
}

void WatchedList::adopt(Watched& entry) {
    const Standing standing = read_standing(entry.record);
    if (standing.gone) return remove(entry);
    if (standing.ended) return complete(entry, 0, 0);
    entry.watcher = 0;
    if (standing.task == 0) {
        if (entry.stage != Watched::Stage::unsure) ++unsure_;
        entry.stage = Watched::Stage::unsure;
        return;
    }
    if (entry.stage == Watched::Stage::unsure) --unsure_;
    entry.stage = Watched::Stage::adopted;
    entry.task = standing.task;
    Line line;
    append_fact(entry.record, line.word(fact_adopted));
    siginfo_t info{};
    if (::waitid(P_PID, static_cast<id_t>(standing.task), &info, WEXITED | WNOHANG | WNOWAIT | __WALL) == 0) return;
    append_failure(entry.record, exit_not_set_up, killed_early, nullptr);
    remove(entry);
}

void WatchedList::decide_unsure() {
    for (std::size_t i = count_; i > 0; --i) {
        Watched& entry = at_[i - 1];
        if (entry.stage != Watched::Stage::unsure) continue;
        if (read_standing(entry.record).task != 0) {
            adopt(entry);
            continue;
        }
        append_failure(entry.record, exit_not_set_up, killed_early, nullptr);
        remove(entry);
    }
}

} // namespace hk::keeper
