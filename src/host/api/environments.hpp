#pragma once
#include "host/api/api.hpp"

namespace hk::host {

net::Task<void> list_environments(net::Exchange& exchange, Api& api);
net::Task<void> create_environment(net::Exchange& exchange, Api& api);
net::Task<void> start_environment(net::Exchange& exchange, Api& api);
net::Task<void> stop_environment(net::Exchange& exchange, Api& api);
net::Task<void> delete_environment(net::Exchange& exchange, Api& api);
net::Task<void> package_environment(net::Exchange& exchange, Api& api);
net::Task<void> delete_versions(net::Exchange& exchange, Api& api);
net::Task<void> import_environment(net::Exchange& exchange, Api& api);

} // namespace hk::host
