#pragma once
#include "model/ids.hpp"
#include "net/exchange.hpp"

/// The last step of every route: an answer out of a result.
namespace hk::host {

net::Task<void> reply(net::Exchange& exchange, std::string json, int status = 200);
net::Task<void> refuse(net::Exchange& exchange, Error error);

/// The {id} of the route.
Result<TaskId> task_of(const net::Request& request);
/// The {name} of the route.
Result<NodeName> node_of(const net::Request& request);

} // namespace hk::host
