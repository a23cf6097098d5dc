#pragma once
#include "keeper/launch.hpp"

namespace hk::keeper {

/// The life of a watcher: starts the task, is its parent and the subreaper of everything below it, and records what
/// happens. `record` is locked and stays open to the end. SIGCHLD must be blocked. Ends the process: 0 when the record
/// is complete. `before_gone`, where given, adds facts when nothing of the task is left.
[[noreturn]] void watch(const Request& request, int record, const Inherited& inherited,
                        void (*before_gone)(int record) = nullptr);

/// Waits for the task and whatever daemonises itself below us, and completes the record. The status is that of wait4.
int see_to_end(int task, int record, const char* cgroup_kill, void (*before_gone)(int record) = nullptr);

} // namespace hk::keeper
