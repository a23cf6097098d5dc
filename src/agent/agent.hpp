#pragma once
#include "base/time.hpp"
#include "model/attempt_event.hpp"
#include "model/attempt_report.hpp"
#include "model/node.hpp"

#include <map>
#include <set>
#include <string>
#include <variant>
#include <vector>

/// The runner's brain: what should run, what does, what to report. Pure like the scheduler: events
/// in, effects out.
namespace hk::agent {

struct Stop {
    AttemptId attempt;
    Duration grace{};
};

/// What the Host wants. Idempotent by attempt id; starts come before everything else of the same
/// message.
struct Orders {
    std::vector<Assignment> start;
    std::vector<Stop> stop;
    std::vector<AttemptId> pause;
    std::vector<AttemptId> resume;
    std::vector<AttemptId> forget; ///< the Host has the result for good
};

/// An attempt that an earlier life of the runner took, with the executor that it chose. An executor
/// that is there but does not work at the moment takes it as well: the engine behind it may come
/// back.
struct Recovered {
    Assignment assignment;
    ExecutorKind executor = ExecutorKind::process;
    std::optional<Outcome> outcome;    ///< when its end is on record and needs no executor
    std::vector<std::string> warnings; ///< that are on record
};

/// One attempt that the runner has a record of.
struct Attempt {
    Assignment assignment;
    ExecutorKind executor = ExecutorKind::process;
    AttemptReport report; ///< as the Host is to know it
    bool stop_asked = false;
};

struct State {
    std::vector<ExecutorOffer> offers; ///< of this node
    std::map<AttemptId, Attempt> attempts;
    std::set<AttemptId> news; ///< attempts whose report the Host does not have yet
};

/// The GPUs of the node as they are now.
struct GpuReading {
    std::vector<Gpu> gpus;
};

using Event = std::variant<Orders, Recovered, GpuReading, attempt::Event>;

/// What a step wants done, in this order. Assignments are recorded durably before they begin,
/// results before they are reported.
struct Effects {
    struct Begin {
        Assignment assignment;
        ExecutorKind executor = ExecutorKind::process;
    };
    struct StopIt {
        AttemptId attempt;
        ExecutorKind executor = ExecutorKind::process;
        Duration grace{};
    };
    struct Act {
        AttemptId attempt;
        ExecutorKind executor = ExecutorKind::process;
    };
    /// A result that no executor knows, such as that of an assignment which none here can run.
    struct Settle {
        AttemptId attempt;
        Outcome outcome;
    };
    /// Something that a task's owner should know; on record it outlives the runner.
    struct Flag {
        AttemptId attempt;
        std::string text;
    };
    std::vector<Begin> begin;   ///< record, then start
    std::vector<Begin> recover; ///< is recorded; take charge of it again
    std::vector<Settle> settle; ///< of assignments to be recorded and never begun
    std::vector<Assignment> record_only;
    std::vector<StopIt> stop;
    std::vector<Act> pause;
    std::vector<Act> resume;
    std::vector<Act> forget;
    std::vector<Flag> flag;
};

Effects step(State& state, const Event& event, Time now);

/// The reports that the Host does not have yet; they count as delivered afterwards.
std::vector<AttemptReport> take_news(State& state);
/// Everything, for the hello of a new connection; counts as delivered.
std::vector<AttemptReport> take_all(State& state);

} // namespace hk::agent
