#pragma once
#include "model/task.hpp"

#include <string>
#include <variant>
#include <vector>

/// What happens to an attempt on its node, as whoever runs it sees it.
namespace hk::attempt {

/// The program runs now. `warnings` names limits that were asked for and are not in force.
struct Started {
    AttemptId attempt;
    Time at;
    std::vector<std::string> warnings;
};
/// What the attempt is doing before it runs, for people: "syncing 412 MB of 1.2 GB".
struct Progress {
    AttemptId attempt;
    std::string text;
};
struct Paused {
    AttemptId attempt;
};
struct Resumed {
    AttemptId attempt;
};
/// A pause or resume that could not be done; the attempt is as it was.
struct Refused {
    AttemptId attempt;
    std::string why;
};
/// The attempt has ended and no process of it is left.
struct Ended {
    AttemptId attempt;
    Outcome outcome;
};
using Event = std::variant<Started, Progress, Paused, Resumed, Refused, Ended>;

} // namespace hk::attempt
