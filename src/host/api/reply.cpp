#include "host/api/reply.hpp"

#include "proto/error_map.hpp"

namespace hk::host {

net::Task<void> reply(net::Exchange& exchange, std::string json, int status) {
    auto response = net::json_response(status, std::move(json));
    response.headers.set("Cache-Control", "no-store");
    response.headers.set("X-Content-Type-Options", "nosniff");
    co_await exchange.respond(std::move(response));
}

net::Task<void> refuse(net::Exchange& exchange, Error error) {
    auto response = net::json_response(proto::http_status(error.code), proto::error_body(error));
    response.headers.set("X-Content-Type-Options", "nosniff");
    co_await exchange.respond(std::move(response));
}

std::optional<Error> only_for_runners(const net::Request& request) {
    if (!request.headers.has("Origin")) return std::nullopt;
    return Error{Errc::forbidden, "only runners connect here", {}};
}

Result<TaskId> task_of(const net::Request& request) { return parse_task_id(request.param("id")); }
Result<NodeName> node_of(const net::Request& request) { return parse_node_name(request.param("name")); }

} // namespace hk::host
