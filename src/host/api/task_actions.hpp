#pragma once
#include "host/api/api.hpp"

/// Kill, pause, resume and retry, of one task or of many. The answer comes when it has really happened, or says after
/// a few seconds that it is still being done.
namespace hk::host {

net::Task<void> kill_task(net::Exchange& exchange, Api& api);
net::Task<void> pause_task(net::Exchange& exchange, Api& api);
net::Task<void> resume_task(net::Exchange& exchange, Api& api);
net::Task<void> retry_task(net::Exchange& exchange, Api& api);
/// /api/command/{id}/{command}, as the original has it.
net::Task<void> command_task(net::Exchange& exchange, Api& api);

net::Task<void> kill_tasks(net::Exchange& exchange, Api& api);
net::Task<void> pause_tasks(net::Exchange& exchange, Api& api);
net::Task<void> resume_tasks(net::Exchange& exchange, Api& api);
net::Task<void> retry_tasks(net::Exchange& exchange, Api& api);

} // namespace hk::host
