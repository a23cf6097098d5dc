#pragma once
#include "sched/context.hpp"

/// Limits that a submission puts on its tasks together: how many run at one time, and after how many failures the rest
/// is given up.
namespace hk::sched {

/// Call when a task enters the state, waiting or placed.
void note_task(State& state, const Task& task);
/// Call when tasks of the batch were created and so many are still to come. Kills them too if too many have failed.
void note_coming(Context& context, const Batch& batch, std::int64_t coming);
/// Call when a task is given a place, or is restored with one.
void note_start(State& state, const Task& task);
/// Call when a task has ended; `had_place`: it was on a node. Kills the rest of a batch that failed too often.
void note_end(Context& context, const Task& task, bool had_place);
/// Whether as many tasks of the batch run as it may.
bool at_limit(const State& state, const Shape& shape);

} // namespace hk::sched
