#pragma once
#include "host/api/api.hpp"

namespace hk::host {

net::Task<void> list_nodes(net::Exchange& exchange, Api& api);
net::Task<void> get_node(net::Exchange& exchange, Api& api);
net::Task<void> drain_node(net::Exchange& exchange, Api& api);
net::Task<void> undrain_node(net::Exchange& exchange, Api& api);
net::Task<void> remove_node(net::Exchange& exchange, Api& api);
net::Task<void> get_health(net::Exchange& exchange, Api& api);

} // namespace hk::host
