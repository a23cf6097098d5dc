#pragma once

namespace hk::keeper {

/// `--unit STATE_DIR MESSAGE`: the main process of a systemd unit. Reads the start message from the
/// file, which it removes, and watches the one task of the unit, as a watcher of the daemon would.
/// Adds what the unit's control groups say. Signals that end the unit are left to the task. Returns
/// 0 when the record is complete.
int run_unit(int argc, char** argv);

} // namespace hk::keeper
