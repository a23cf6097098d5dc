#pragma once
#include "host/api/api.hpp"

namespace hk::host {

net::Task<void> submit_task(net::Exchange& exchange, Api& api);
net::Task<void> list_tasks(net::Exchange& exchange, Api& api);
net::Task<void> get_task(net::Exchange& exchange, Api& api);
net::Task<void> explain_task(net::Exchange& exchange, Api& api);
net::Task<void> task_history(net::Exchange& exchange, Api& api);
net::Task<void> task_stdout(net::Exchange& exchange, Api& api);
net::Task<void> task_stderr(net::Exchange& exchange, Api& api);
net::Task<void> task_stdout_times(net::Exchange& exchange, Api& api);
net::Task<void> task_stderr_times(net::Exchange& exchange, Api& api);
net::Task<void> get_batch(net::Exchange& exchange, Api& api);

} // namespace hk::host
