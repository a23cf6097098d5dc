#pragma once
#include "sched/context.hpp"
#include "sched/step.hpp"

namespace hk::sched {

/// Takes a submission in: target by target it is accepted or refused with the reason. What could never run with what
/// the nodes have is refused; what only cannot run now waits, unless the submission forbids it. When no target is
/// accepted the whole submission is refused and nothing has changed.
std::optional<Error> admit(Context& context, const Submit& submit, Submitted& out);
/// Goes on with a submission that is larger than one step.
void create_more(Context& context, const SubmitMore& event, Submitted& out);

} // namespace hk::sched
