#include "host/api/reply.hpp"

#include "proto/error_map.hpp"

namespace hk::host {
namespace {

constexpr std::size_t longest_path = 200; ///< as it is said back

} // namespace

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

net::Task<void> refuse_unrouted(net::Exchange& exchange, net::Response suggested) {
    const std::string path = exchange.request().path.substr(0, longest_path);
    const auto allowed = suggested.headers.get("Allow");
    Error error{Errc::not_found, "there is nothing at " + path + "; /api/openapi.json describes the API", {}};
    if (allowed) error = {Errc::unsupported, path + " takes only " + std::string(*allowed), {}};
    auto response = net::json_response(suggested.status, proto::error_body(error));
    if (allowed) response.headers.set("Allow", std::string(*allowed));
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
