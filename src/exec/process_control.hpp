#pragma once
#include "exec/cgroup.hpp"
#include "exec/outcome.hpp"

#include <string>
#include <vector>

namespace hk::exec {

/// The processes of one attempt, and what can be done to all of them: by control group where they are in one, else by
/// the tree below the watcher, else, when that was killed, by the mark in their environment.
/// A value made for one use; the watcher itself is never among them.
class ProcessControl {
public:
    /// `mark` is an environment entry, NAME=VALUE, that only this attempt's processes have. `group` gets what freezing
    /// and killing need when they are asked for.
    ProcessControl(const CgroupTree& tree, AttemptId attempt, AttemptGroup& group, const KnownFacts& facts,
                   std::string mark);

    std::vector<int> processes() const;
    bool empty() const { return processes().empty(); }
    /// How many processes it went to.
    std::size_t signal(int signal) const;
    /// Ask again until it is empty.
    void kill() const;

    /// Asks for the stop or the going on of every process; whether it has happened is the next question. Ask again as
    /// long as it has not: without a freezer, new processes may have been born meanwhile.
    void pause() const;
    void resume() const;
    bool is_paused() const;
    bool is_resumed() const;

private:
    bool gather() const;
    bool holds_all() const;
    const CgroupTree& tree_;
    AttemptId attempt_;
    AttemptGroup& group_;
    const KnownFacts& facts_;
    std::string mark_;
};

} // namespace hk::exec
