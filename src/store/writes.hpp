#pragma once
#include "base/result.hpp"
#include "store/database.hpp"
#include "store/records.hpp"

#include <cstddef>
#include <span>
#include <variant>

namespace hk::store {

/// The batch comes before its tasks, in the same commit or an earlier one.
struct SaveBatch {
    BatchRecord batch;
};
struct SaveTask {
    TaskRecord task;
};
/// The task comes first.
struct SaveAttempt {
    AttemptRecord attempt;
};
/// Also brings a removed node back.
struct SaveNode {
    NodeRecord node;
};
/// Marks the node as removed; without effect when there is none of that name.
struct RemoveNode {
    NodeName node;
};
struct AddEvent {
    EventRecord event;
};

/// One change. The Save ones put a whole record in place, whether or not it was there before, so
/// repeating one does no harm; only events are added anew each time.
using Write = std::variant<SaveBatch, SaveTask, SaveAttempt, SaveNode, RemoveNode, AddEvent>;

/// Makes the changes in order inside the transaction that the caller has open. Keeps the counts and
/// the next task id. After a failure the caller rolls back.
Result<> apply(Database& database, std::span<const Write> writes);

/// About how much memory a change holds; what the writer's limit counts.
std::size_t size_of(const Write& write);

} // namespace hk::store
