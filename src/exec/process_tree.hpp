#pragma once
#include "exec/facts.hpp"

#include <string>
#include <vector>

/// Questions about processes, answered from /proc. A look at the whole table takes milliseconds on a busy machine: for
/// attempts without a control group, and for those that lost their watcher.
namespace hk::exec {

/// Everything below the process, itself not included; at most a few thousand.
std::vector<int> processes_below(int pid);
/// Every process whose environment, as it was when it was executed, has this entry ("NAME=VALUE").
std::vector<int> processes_with(const std::string& entry);

/// Zombies do not count: nothing of them runs.
bool is_alive(const ProcessId& process);
/// 'R', 'S', 'T' and so on; 0 when there is no such process.
char process_state(int pid);
/// Whether the signal was sent to the process and waits to be acted on.
bool is_pending(int pid, int signal);
/// The kernel's name for this boot.
std::string current_boot_id();

} // namespace hk::exec
