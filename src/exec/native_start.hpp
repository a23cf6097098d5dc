#pragma once
#include "exec/exec_settings.hpp"
#include "exec/start_message.hpp"
#include "model/task.hpp"

namespace hk::exec {

/// What the keeper is told of a task outside containers, whoever starts the keeper: command,
/// environment, folders and NUMA node. The record, the user and control groups are the executor's
/// to add.
StartRequest native_request(const ExecSettings& settings, const Assignment& assignment);

} // namespace hk::exec
