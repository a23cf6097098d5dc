#pragma once
#include "sched/fit.hpp"
#include "sched/state.hpp"

#include <map>
#include <string>
#include <vector>

namespace hk::sched {

struct Verdict {
    NodeName node;
    bool fits = false;
    std::string reason;
};
struct Explanation {
    std::string summary;
    std::int64_t ahead = 0; ///< tasks before it in the queue
    std::vector<Verdict> nodes;
};
/// Why a waiting task waits, node by node.
Explanation explain(const State& state, const Task& task, Mono now);

/// The reason in one line, for lists. Remembers the answer for tasks of one shape; make a new one for every list.
class ShortReasons {
public:
    ShortReasons(const State& state, Mono now)
        : state_(state)
        , now_(now) {}
    std::string of(const Task& task);

private:
    const State& state_;
    Mono now_;
    std::map<Shape, std::string> known_;
};

} // namespace hk::sched
