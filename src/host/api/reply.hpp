#pragma once
#include "model/ids.hpp"
#include "net/exchange.hpp"

/// The last step of every route: an answer out of a result.
namespace hk::host {

net::Task<void> reply(net::Exchange& exchange, std::string json, int status = 200);
net::Task<void> refuse(net::Exchange& exchange, Error error);
/// For an address below /api that no route serves, or not with this method: `suggested` is the router's own answer.
net::Task<void> refuse_unrouted(net::Exchange& exchange, net::Response suggested);

/// What a page is told that connects where only runners do: browsers always say where a page came from, and runners are
/// no pages.
std::optional<Error> only_for_runners(const net::Request& request);

/// The {id} of the route.
Result<TaskId> task_of(const net::Request& request);
/// The {name} of the route.
Result<NodeName> node_of(const net::Request& request);

} // namespace hk::host
