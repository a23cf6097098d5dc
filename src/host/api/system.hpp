#pragma once
#include "host/api/api.hpp"

namespace hk::host {

net::Task<void> get_cluster(net::Exchange& exchange, Api& api);
net::Task<void> get_openapi(net::Exchange& exchange, Api& api);
net::Task<void> get_metrics(net::Exchange& exchange, Api& api);
net::Task<void> get_healthz(net::Exchange& exchange, Api& api);
net::Task<void> get_events(net::Exchange& exchange, Api& api);
net::Task<void> runner_link(net::Exchange& exchange, Api& api);

/// The numbers at the top of every page.
net::Task<Result<std::string>> cluster_json(Api& api);

} // namespace hk::host
