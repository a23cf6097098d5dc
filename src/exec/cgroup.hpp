#pragma once
#include "base/units.hpp"
#include "model/ids.hpp"

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace hk::exec {

/// What an attempt may use. Zero cores or no memory: no limit.
struct CgroupLimits {
    int cores = 0;
    std::optional<Bytes> memory;
};

/// The control groups of one attempt: one directory with version 2, one per controller with version 1; none where there
/// is nothing to limit or the machine does not let us. A value; reads and writes kernel files only, so calls do not
/// block.
class AttemptGroup {
public:
    bool empty() const { return unified_.empty() && cpu_.empty() && memory_.empty() && freezer_.empty(); }
    /// The files into which a process writes itself to be in the group.
    std::vector<std::filesystem::path> join_files() const;
    /// A file that ends every process of the group at once; empty when the kernel has none.
    std::filesystem::path kill_file() const;
    bool kill() const;
    /// Every process in the group now, in any of its directories.
    std::vector<int> processes() const;
    /// Moves processes into all directories; those that are gone by now are passed over.
    void take_in(const std::vector<int>& processes) const;

    /// Those of them whom `freeze` and `kill` reach.
    std::vector<int> freezable() const;
    bool can_freeze() const;
    bool freeze(bool frozen) const;
    /// The kernel says so: every process has really stopped.
    bool frozen() const;

    std::optional<Bytes> memory_limit() const;
    std::optional<Bytes> memory_peak() const;
    /// How many processes of the group the kernel killed for memory.
    int oom_kills() const;

    /// Removes the directories; false while a process is in one of them.
    bool remove() const;

private:
    friend class CgroupTree;
    std::filesystem::path unified_;
    std::filesystem::path cpu_;     ///< version 1
    std::filesystem::path memory_;  ///< version 1
    std::filesystem::path freezer_; ///< version 1, only without version 2
    bool unified_memory_ = false;   ///< the version 2 directory says how much memory is used
};

/// Finds out which control groups of this machine we may use, and makes one group per attempt:
/// hakuriver/STATE_ID/ATTEMPT below the highest group that is ours to write.
/// Owned by an executor; event-loop thread only. Nothing here fails: what cannot be enforced is a sentence.
class CgroupTree {
public:
    /// `state_id` keeps the runners of one machine apart.
    static CgroupTree find(const std::string& state_id);
    /// For a node where control groups are turned off.
    static CgroupTree none();

    /// Limits that cannot be enforced here, one sentence each; empty when all can be.
    const std::vector<std::string>& warnings() const { return warnings_; }
    /// Where the keeper goes, so that a restart of the runner's own unit does not end it; may be empty.
    std::vector<std::filesystem::path> keeper_join_files() const;

    struct Made {
        AttemptGroup group;
        std::vector<std::string> warnings; ///< limits that were asked for and are not in force
    };
    /// Makes the group, sets the limits and reads them back. A group that is there already is used again. To join a
    /// group costs a short task a tenth of its life, so there is one for limits only.
    Made make(AttemptId attempt, const CgroupLimits& limits) const;
    /// All attempts together may have so many processes and threads; 0: any number. One for all, since a group more
    /// would cost every short task time. Where the kernel has no such group, nothing is limited.
    void limit_processes(std::int64_t most) const;
    /// Adds what `freeze` and `kill` need, for processes that are then taken in.
    void make_freezable(AttemptId attempt, AttemptGroup& group) const;
    /// The group that `make` made, perhaps in an earlier life of the runner.
    AttemptGroup existing(AttemptId attempt) const;
    /// Removes the folders above the attempts when nothing is in them.
    void remove_if_unused() const;

private:
    std::filesystem::path unified_; ///< our folder in the version 2 hierarchy; empty: none
    std::filesystem::path cpu_;
    std::filesystem::path memory_;
    std::filesystem::path freezer_;
    std::filesystem::path pids_;
    std::filesystem::path systemd_; ///< the named version 1 hierarchy by which systemd finds a unit's processes
    bool unified_cpu_ = false;      ///< which limits the version 2 hierarchy takes
    bool unified_memory_ = false;
    bool unified_pids_ = false;
    std::vector<std::string> warnings_;
};

} // namespace hk::exec
