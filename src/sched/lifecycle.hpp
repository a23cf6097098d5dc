#pragma once
#include "sched/context.hpp"

#include <optional>

namespace hk::sched {

/// What users ask of one task. Each either takes effect as soon as the node can do it, or changes nothing and says why.
std::optional<Error> kill(Context& context, TaskId id);
std::optional<Error> pause(Context& context, TaskId id);
std::optional<Error> resume(Context& context, TaskId id);

/// Moves a placed task to what its node says about its current attempt.
void apply(Context& context, Task& task, const AttemptReport& report);

/// The last word on a task: saves it, gives back what it held, and forgets it. `task` is gone afterwards.
void finish(Context& context, Task& task, Outcome outcome);

/// Ends a task of which no node was told.
void withdraw(Context& context, TaskId id);

/// An outcome that no node reported.
Outcome outcome_without_node(EndReason reason, Time at, std::string message);

} // namespace hk::sched
