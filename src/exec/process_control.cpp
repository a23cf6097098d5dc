#include "exec/process_control.hpp"

#include "exec/process_tree.hpp"
#include "keeper/line.hpp"

#include <algorithm>
#include <csignal>

namespace hk::exec {
namespace {

/// A watcher starts its task at once. A process that took over its number later is younger than the task; one that was
/// killed may lie there as a zombie, with nothing below it any more.
bool is_watcher(const ForkedFact& forked) {
    constexpr std::uint64_t longest = 60 * 100; // clock ticks
    const auto ticks = keeper::start_ticks(forked.watcher);
    const bool in_time = ticks <= forked.task.start_ticks && ticks + longest >= forked.task.start_ticks;
    return in_time && is_alive({forked.watcher, ticks});
}

/// Everything below the watcher, or what carries the mark when there is no watcher any more.
std::vector<int> by_tree(const KnownFacts& facts, const std::string& mark) {
    if (!facts.forked || facts.forked->boot_id != current_boot_id()) return {};
    const ForkedFact& forked = *facts.forked;
    if (!facts.adopted && is_watcher(forked)) return processes_below(forked.watcher);
    std::vector<int> found = processes_with(mark);
    if (is_alive(forked.task) && std::ranges::find(found, forked.task.pid) == found.end()) {
        found.push_back(forked.task.pid);
        std::ranges::copy(processes_below(forked.task.pid), std::back_inserter(found));
    }
    return found;
}

bool is_gone(int pid) {
    const char state = process_state(pid);
    return state == 0 || state == 'Z' || state == 'X';
}

/// A parent whose vforked child was stopped waits for it in the kernel and cannot be stopped itself; it stops before
/// it would run again, and so counts.
bool has_stopped(int pid) {
    const char state = process_state(pid);
    if (state == 'D') return is_pending(pid, SIGSTOP);
    return state == 'T' || state == 't' || is_gone(pid);
}

} // namespace

ProcessControl::ProcessControl(const CgroupTree& tree, AttemptId attempt, AttemptGroup& group, const KnownFacts& facts,
                               std::string mark)
    : tree_(tree)
    , attempt_(attempt)
    , group_(group)
    , facts_(facts)
    , mark_(std::move(mark)) {}

std::vector<int> ProcessControl::processes() const {
    std::vector<int> found = group_.processes();
    if (found.empty()) found = by_tree(facts_, mark_);
    std::erase_if(found, is_gone);
    return found;
}

/// Brings every process into a group that can be frozen and killed at once; false where that is not possible. A child
/// that is born before its parent is moved stays outside, so look again until there is none.
bool ProcessControl::gather() const {
    if (!group_.can_freeze()) tree_.make_freezable(attempt_, group_);
    if (!group_.can_freeze()) return false;
    constexpr int rounds = 10;
    for (int round = 0; round < rounds; ++round) {
        if (holds_all()) return true;
        group_.take_in(processes());
    }
    return holds_all();
}

bool ProcessControl::holds_all() const {
    const auto held = group_.freezable();
    return std::ranges::all_of(processes(), [&](int pid) { return std::ranges::find(held, pid) != held.end(); });
}

std::size_t ProcessControl::signal(int signal) const {
    const auto all = processes();
    for (const int pid : all) ::kill(pid, signal);
    return all.size();
}

void ProcessControl::kill() const {
    if (gather()) group_.kill();
    signal(SIGKILL);
}

void ProcessControl::pause() const {
    if (gather() && group_.freeze(true)) return;
    signal(SIGSTOP);
}

void ProcessControl::resume() const {
    if (group_.can_freeze()) group_.freeze(false);
    signal(SIGCONT);
}

bool ProcessControl::is_paused() const {
    if (group_.can_freeze() && group_.frozen() && !empty() && holds_all()) return true;
    const auto all = processes();
    return !all.empty() && std::ranges::all_of(all, has_stopped);
}

bool ProcessControl::is_resumed() const {
    if (group_.can_freeze() && group_.frozen()) return false;
    return !is_paused();
}

} // namespace hk::exec
