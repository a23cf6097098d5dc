#pragma once

namespace hk::keeper {

/// `--init [--facts FILE] [--out FILE] [--err FILE] [--cwd DIR] [--coded yes] -- PROGRAM ARGUMENTS...`: PID 1 of a
/// container. Opens the files, starts the program with them as its output, forwards signals, reaps, appends the facts,
/// ends what is left, and returns the program's exit code (128 + the signal that ended it; 125 to 127 when it could not
/// be run).
int run_init(int argc, char** argv);

} // namespace hk::keeper
