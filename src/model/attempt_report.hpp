#pragma once
#include "model/task.hpp"

#include <optional>
#include <string>
#include <vector>

namespace hk {

/// How far an attempt is, as its node sees it.
enum class AttemptPhase {
    accepted, ///< in the runner's spool; its environment is being made ready or its process is being started
    running,
    paused,
    ended,
};
std::string_view to_string(AttemptPhase phase);
std::optional<AttemptPhase> parse_attempt_phase(std::string_view text);

/// What a runner tells the Host about one attempt: always the whole truth of the moment, so that a report that is
/// repeated, or that overtakes an older one on a new connection, does no harm.
struct AttemptReport {
    AttemptId attempt;
    AttemptPhase phase = AttemptPhase::accepted;
    std::optional<Time> started_at;
    std::string progress;              ///< "syncing 412 MB of 1.2 GB"; empty when there is nothing to say
    std::vector<std::string> warnings; ///< limits that were asked for and are not in force
    std::string refused;               ///< why the last pause or resume could not be done
    std::optional<Outcome> outcome;    ///< set when ended
    friend bool operator==(const AttemptReport&, const AttemptReport&) = default;
};

} // namespace hk
