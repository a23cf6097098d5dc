#pragma once
#include "exec/facts.hpp"

#include <optional>
#include <string>
#include <vector>

namespace hk::exec {

/// What is known about an attempt from the facts of its record, in whatever order they were read.
struct KnownFacts {
    std::optional<ForkedFact> forked;
    std::optional<StartedFact> started;
    std::vector<std::string> warnings;
    std::optional<FailedFact> failed;
    std::optional<ExitedFact> exited;
    std::optional<LimitsFact> limits;
    std::optional<MemoryFact> memory;
    std::optional<GoneFact> gone;
    bool adopted = false;
    std::optional<OutsideFact> outside; ///< the last one
    std::optional<StopFact> stop;
    std::optional<OutcomeFact> outcome;

    void take(const Fact& fact);
    bool ended() const { return failed || exited || outcome; }
};

/// What the attempt's memory group says.
struct MemoryUse {
    int oom_kills = 0;
    std::optional<Bytes> limit;
    std::optional<Bytes> peak;
};

/// How an attempt ended that has `failed` or `exited`: pure. A stop that was asked for before the end makes it killed,
/// a process killed for memory makes it oom unless the command succeeded all the same. A container that failed soon
/// after it was asked to end from outside was interrupted: that was not the command's own doing.
Outcome judge(const KnownFacts& facts, const MemoryUse& memory);

/// How an attempt ended of which nobody saw the end.
Outcome interrupted(const KnownFacts& facts, Time at, std::string message);
/// How an attempt ended that never ran: `exit_code` as shells use it, 125 when nothing else fits.
Outcome not_started(int exit_code, Time at, std::string message);

/// "SIGKILL" for 9; "signal 99" for one without a name.
std::string signal_name(int signal);

} // namespace hk::exec
