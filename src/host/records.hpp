#pragma once
#include "sched/effects.hpp"
#include "sched/state.hpp"
#include "store/reader.hpp"
#include "store/writes.hpp"

#include <vector>

/// Between the scheduler's words and the store's: the same facts in two shapes, because neither library knows the
/// other.
namespace hk::host {

store::TaskRecord record_of(const sched::Task& task);
store::BatchRecord record_of(const sched::Batch& batch);

/// Everything that a step wants saved, batches before their tasks, tasks before their attempts.
std::vector<store::Write> writes_of(const sched::Effects& effects);

/// What the scheduler starts from. Takes what was loaded apart, as there may be 100,000 tasks.
sched::Restored restored_from(store::Active active);

} // namespace hk::host
