#pragma once
#include "base/file.hpp"
#include "base/result.hpp"
#include "hakurun/target.hpp"

#include <sys/types.h>

namespace hk::hakurun {

/// Where a child's standard streams go. The descriptors stay the caller's.
struct Streams {
    int input = 0;
    int output = 1;
    int error = 2;
};

/// Starts the command in a process group of its own, with no signal blocked. Does not copy this process's
/// memory, so the cost does not grow with it. Fails with not_found, forbidden, too_large (the arguments),
/// or unavailable when the machine has no room for another process now.
Result<pid_t> start_child(const Command& command, const Streams& streams);

/// How a child ended: its exit code, or 128 + the signal that ended it.
int exit_code_of(int wait_status);

/// The code a shell gives when a command could not be started.
int exit_code_of(const Error& error);

/// Runs the command with no input and no output; its exit code.
Result<int> run_quietly(const Command& command);

} // namespace hk::hakurun
