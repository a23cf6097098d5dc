#include "sched/step.hpp"

#include "sched/admission.hpp"
#include "sched/lifecycle.hpp"
#include "sched/node_life.hpp"
#include "sched/placement.hpp"

namespace hk::sched {
namespace {

/// One overload per event; each returns why the event was refused, if it was.
struct Dispatch {
    Context& context;
    Submitted& submitted;

    std::optional<Error> operator()(const Submit& event) const { return admit(context, event, submitted); }
    std::optional<Error> operator()(const SubmitMore& event) const {
        return create_more(context, event, submitted), std::nullopt;
    }
    std::optional<Error> operator()(const Kill& event) const { return kill(context, event.task); }
    std::optional<Error> operator()(const Pause& event) const { return pause(context, event.task); }
    std::optional<Error> operator()(const Resume& event) const { return resume(context, event.task); }
    std::optional<Error> operator()(const NodeHello& event) const { return hello(context, event); }
    std::optional<Error> operator()(const Drain& event) const { return drain(context, event); }
    std::optional<Error> operator()(const RemoveNode& event) const { return remove(context, event); }
    std::optional<Error> operator()(const NodeHeartbeat& event) const {
        return heartbeat(context, event), std::nullopt;
    }
    std::optional<Error> operator()(const NodeReports& event) const { return reports(context, event), std::nullopt; }
    std::optional<Error> operator()(const NodeGone& event) const { return gone(context, event), std::nullopt; }
    std::optional<Error> operator()(const Tick&) const { return tick(context), std::nullopt; }
    std::optional<Error> operator()(const Withdraw& event) const {
        for (const TaskId id : event.tasks) withdraw(context, id);
        return std::nullopt;
    }
    std::optional<Error> operator()(const Environments& event) const {
        context.state.environments = event.versions;
        return std::nullopt;
    }
};

} // namespace

Step step(State& state, const Event& event, Now now) {
    Step result;
    Context context{state, now, result.effects};
    result.refused = std::visit(Dispatch{context, result.submitted}, event);
    if (context.look) place_waiting(context);
    return result;
}

} // namespace hk::sched
