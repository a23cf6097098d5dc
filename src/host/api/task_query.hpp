#pragma once
#include "net/http.hpp"
#include "store/reader.hpp"

namespace hk::host {

/// The query of GET /api/tasks, every field checked.
Result<store::TaskQuery> parse_task_query(const net::Request& request);

} // namespace hk::host
