#pragma once
#include "exec/outcome.hpp"

#include <filesystem>
#include <vector>

namespace hk::exec {

/// Where a unit's processes are in the control groups; empty folders where there are none.
struct UnitFolders {
    std::filesystem::path list;    ///< has cgroup.procs
    std::filesystem::path freezer; ///< has cgroup.freeze; the same in version 2
};
/// Of the unit that this process is in. Empty once it is gone.
UnitFolders find_unit_folders(int pid);

/// The processes of a task in a systemd unit, its watcher (the unit's main process) left out, and
/// what can be done to all of them. A value made for one use. Needs to be allowed to signal them:
/// the manager can be asked otherwise.
class UnitControl {
public:
    UnitControl(const UnitFolders& folders, const KnownFacts& facts)
        : folders_(folders)
        , facts_(facts) {}

    std::vector<int> processes() const;
    bool empty() const { return processes().empty(); }
    /// False when one of them could not be signalled.
    bool signal(int signal) const;
    /// Ends everything, also what forks faster than a list can be read: frozen first, where the
    /// kernel can.
    bool kill() const;

    /// Freezes the unit, where the kernel can, else stops every process by signal.
    void pause() const;
    void resume() const;
    bool is_paused() const;

private:
    bool freeze(bool frozen) const;
    bool is_frozen() const;
    const UnitFolders& folders_;
    const KnownFacts& facts_;
};

} // namespace hk::exec
