#pragma once

namespace hk::hakurun {

/// The program hakurun: runs a command for every combination of its spans. Returns the exit code:
/// the highest code of any child (128 + signal for a killed one), 2 for wrong usage, 130 or 143
/// when it was interrupted itself.
/// Single threaded; it takes over SIGINT, SIGTERM and SIGHUP of the process while it runs.
int run_main(int argc, char** argv);

} // namespace hk::hakurun
