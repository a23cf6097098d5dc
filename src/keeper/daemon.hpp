#pragma once

namespace hk::keeper {

/// `--daemon DIR [--cgroup PROCS_FILE]...`: serves the state directory until no runner is connected and no task is
/// left. Returns in the calling process when the keeper is listening (0, also when another keeper serves DIR already)
/// or cannot (1, with a sentence on standard error); the keeper itself goes on in the background.
int run_daemon(int argc, char** argv);

} // namespace hk::keeper
