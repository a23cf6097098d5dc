#pragma once
#include "model/task.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

/// The lines of a spool record after its first, as values. Each line is one word and its fields. A line that is not
/// understood is skipped: a full disk may have cut it, or a newer version may have written it.
namespace hk::exec {

/// A process and when it started, so that a recycled number is not mistaken for it.
struct ProcessId {
    int pid = 0;
    std::uint64_t start_ticks = 0;
    friend bool operator==(const ProcessId&, const ProcessId&) = default;
};

/// "forked PID TICKS WATCHER_PID BOOT_ID": the process that becomes the task exists. Numbers of a container's PID 1 are
/// those of its own namespace.
struct ForkedFact {
    ProcessId task;
    int watcher = 0; ///< its parent; valid while the record is locked
    std::string boot_id;
    friend bool operator==(const ForkedFact&, const ForkedFact&) = default;
};
/// "started MICROSECONDS": the command runs.
struct StartedFact {
    Time at;
    friend bool operator==(const StartedFact&, const StartedFact&) = default;
};
/// "warning TEXT"
struct WarningFact {
    std::string text;
    friend bool operator==(const WarningFact&, const WarningFact&) = default;
};
/// "failed CODE MICROSECONDS TEXT": the command could not be executed. Nothing follows.
struct FailedFact {
    int exit_code = 0;
    Time at;
    std::string text;
    friend bool operator==(const FailedFact&, const FailedFact&) = default;
};
/// "exited CODE MICROSECONDS" or "signalled SIGNAL MICROSECONDS": the command ended; others of it may still be there.
struct ExitedFact {
    std::optional<int> exit_code; ///< one of the two is set
    std::optional<int> signal;
    Time at;
    friend bool operator==(const ExitedFact&, const ExitedFact&) = default;
};
/// "limits CPU_MICROSECONDS_PER_SECOND MEMORY_BYTES": what the kernel says of the task's systemd unit.
struct LimitsFact {
    std::optional<Duration> cpu_per_second; ///< absent: no limit
    std::optional<Bytes> memory;
    friend bool operator==(const LimitsFact&, const LimitsFact&) = default;
};
/// "memory OOM_KILLS LIMIT_BYTES PEAK_BYTES": of the task's container or systemd unit, when the command had ended.
struct MemoryFact {
    int oom_kills = 0;
    std::optional<Bytes> limit;
    std::optional<Bytes> peak;
    friend bool operator==(const MemoryFact&, const MemoryFact&) = default;
};
/// "gone MAXRSS_KB CPU_MICROSECONDS": no process of it is left. Nothing follows.
struct GoneFact {
    Bytes peak_memory; ///< of the largest single process; zero when unknown
    Duration cpu_time{};
    friend bool operator==(const GoneFact&, const GoneFact&) = default;
};
/// "adopted": the watcher was killed and the keeper has taken its place.
struct AdoptedFact {
    friend bool operator==(const AdoptedFact&, const AdoptedFact&) = default;
};
/// "outside SIGNAL MICROSECONDS": the container's PID 1 was asked to end, by the engine or through it.
struct OutsideFact {
    int signal = 0;
    Time at;
    friend bool operator==(const OutsideFact&, const OutsideFact&) = default;
};
/// "stop MICROSECONDS DEADLINE_MICROSECONDS": somebody asked for the end; what is left at the deadline is killed.
struct StopFact {
    Time asked;
    Time deadline;
    friend bool operator==(const StopFact&, const StopFact&) = default;
};
/// "outcome JSON": the executor's verdict, written when the other facts alone would not give it again.
struct OutcomeFact {
    Outcome outcome;
    friend bool operator==(const OutcomeFact&, const OutcomeFact&) = default;
};
using Fact = std::variant<ForkedFact, StartedFact, WarningFact, FailedFact, ExitedFact, LimitsFact, MemoryFact,
                          GoneFact, AdoptedFact, OutsideFact, StopFact, OutcomeFact>;

/// "executor systemd": which executor took the attempt, for all but the one that facts of the keeper show anyway. It is
/// the runner's, and stands before all others.
inline constexpr std::string_view executor_fact = "executor ";

std::optional<Fact> parse_fact(std::string_view line);
/// The line without its line break. Of the facts only `stop` and `outcome` are written by us; the rest is for tests.
std::string format_fact(const Fact& fact);

} // namespace hk::exec
