#pragma once
#include "store/reader.hpp"

/// How Reader lists tasks; used by reader.cpp only.
namespace hk::store {

/// The rows of these ids with the specs of their batches, in the order of the ids; those that do
/// not exist are left out.
Result<std::vector<TaskRecord>> read_tasks(Database& database, const std::vector<std::int64_t>& ids);

/// Inside a reading transaction of the caller.
Result<TaskPage> list_tasks(Database& database, const TaskQuery& query);

} // namespace hk::store
