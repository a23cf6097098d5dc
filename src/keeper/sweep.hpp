#pragma once
#include <cstdint>

namespace hk::keeper {

/// Ends and reaps every process that is left below this one, which must be a subreaper or PID 1 with SIGCHLD blocked.
/// TERM first; KILL at the deadline that the record's `stop` names, else after leftover_grace_micros. Returns when
/// nothing is left.
void sweep(int record, const char* cgroup_kill);

} // namespace hk::keeper
