#include "net/http_client.hpp"
#include "net/loop.hpp"

namespace hk::net {
namespace {

using OnChunk = std::function<bool(std::string_view)>;

Task<Result<>> read_refusal(HttpConnection& connection, Response& response, CallLimits limits) {
    while (response.body.size() <= limits.body_bytes) {
        const auto piece = co_await connection.read_chunk(limits.time);
        if (!piece) co_return fail(piece.error());
        if (piece->empty()) co_return Result<>{};
        response.body += *piece;
    }
    co_return fail(Errc::too_large, "the server's answer is over " + std::to_string(limits.body_bytes) + " bytes");
}

Task<Result<>> read_all(HttpConnection& connection, const OnChunk& on_chunk) {
    while (true) {
        const auto piece = co_await connection.read_chunk(no_limit);
        if (!piece) co_return fail(piece.error());
        if (piece->empty() || !on_chunk(*piece)) co_return Result<>{};
    }
}

Task<Result<Response>> stream_task(Address address, Request request, CallLimits limits, const OnChunk& on_chunk) {
    auto connection = co_await HttpConnection::open(std::move(address), limits);
    if (!connection) co_return fail(connection.error());
    request.headers.set("Connection", "close");
    auto response = co_await connection->start(std::move(request));
    if (!response) co_return fail(response.error());
    Result<> rest;
    if (response->status >= 300) rest = co_await read_refusal(*connection, *response, limits);
    else rest = co_await read_all(*connection, on_chunk);
    if (!rest) co_return fail(rest.error());
    co_return response;
}

} // namespace

Task<Result<Response>> fetch(Address address, Request request, CallLimits limits) {
    auto connection = co_await HttpConnection::open(std::move(address), limits);
    if (!connection) co_return fail(connection.error());
    request.headers.set("Connection", "close");
    co_return co_await connection->request(std::move(request));
}

Result<Response> fetch_blocking(const Address& address, Request request, CallLimits limits) {
    Loop loop;
    return run_task(loop, fetch(address, std::move(request), limits));
}

Result<Response> stream_blocking(const Address& address, Request request, CallLimits limits, const OnChunk& on_chunk) {
    Loop loop;
    return run_task(loop, stream_task(address, std::move(request), limits, on_chunk));
}

} // namespace hk::net
