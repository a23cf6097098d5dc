#pragma once
#include "sched/context.hpp"
#include "sched/fit.hpp"

#include <optional>
#include <string>

namespace hk::sched {

/// Gives waiting tasks their places, in the order of the queue, until nothing more fits.
///
/// A task that cannot start is passed by those behind it (backfill), but keeps one node reserved: there, nothing may
/// start that takes what the task is still short of, so a large task is not starved by small ones.
void place_waiting(Context& context);

/// Places this task now or says why not, node by node; used for tasks that may not wait.
std::optional<std::string> place_now(Context& context, Task& task);

/// The task of the reservation that would forbid `shape` to start on the node, which fits otherwise.
std::optional<TaskId> kept_for(const State& state, const Node& node, const Shape& shape, const OrderKey& key);

} // namespace hk::sched
