#pragma once
#include "host/api/api.hpp"

namespace hk::host {

/// A terminal in the container of an environment, over a WebSocket.
net::Task<void> environment_terminal(net::Exchange& exchange, Api& api);
/// A terminal in a running task.
net::Task<void> task_terminal(net::Exchange& exchange, Api& api);
/// The runner's side of one.
net::Task<void> runner_terminal(net::Exchange& exchange, Api& api);

} // namespace hk::host
