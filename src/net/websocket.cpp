#include "net/websocket.hpp"

#include "net/http_client.hpp"
#include "net/loop.hpp"
#include "net/websocket_link.hpp"
#include "net/ws_handshake.hpp"

namespace hk::net {

using detail::Opcode;

/// The link lives on after the handle until its tasks have ended.
struct WebSocket::Impl : detail::WebSocketLink {
    using WebSocketLink::WebSocketLink;
};

WebSocket::WebSocket(Loop& loop, StreamPtr stream, Side side, WebSocketLimits limits)
    : impl_(std::make_shared<Impl>(std::move(stream), side, limits)) {
    detail::WebSocketLink::start(loop, impl_);
}
WebSocket::WebSocket(WebSocket&&) noexcept = default;

WebSocket& WebSocket::operator=(WebSocket&& other) noexcept {
    std::swap(impl_, other.impl_); // the old connection goes with `other`
    return *this;
}

WebSocket::~WebSocket() {
    if (impl_) impl_->abandon();
}

Task<Result<WebSocket::Message>> WebSocket::read_message() { return detail::WebSocketLink::read(impl_); }

namespace {

Task<Result<std::string>> data_of(Task<Result<WebSocket::Message>> reading) {
    auto message = co_await std::move(reading);
    if (!message) co_return fail(message.error());
    co_return std::move(message->data);
}

Result<> dropped(const Result<std::uint64_t>& queued) {
    if (!queued) return fail(queued.error());
    return {};
}

} // namespace

Task<Result<std::string>> WebSocket::read() { return data_of(read_message()); }

Result<> WebSocket::send_text(const std::string& message) { return dropped(impl_->queue(Opcode::text, message)); }
Result<> WebSocket::send_binary(const std::string& message) { return dropped(impl_->queue(Opcode::binary, message)); }

Task<Result<>> WebSocket::write_text(std::string message) {
    return detail::WebSocketLink::write(impl_, Opcode::text, std::move(message));
}
Task<Result<>> WebSocket::write_binary(std::string message) {
    return detail::WebSocketLink::write(impl_, Opcode::binary, std::move(message));
}

Task<void> WebSocket::close(std::uint16_t code, std::string reason) {
    return detail::WebSocketLink::close(impl_, code, std::move(reason));
}

std::size_t WebSocket::backlog() const { return impl_->backlog(); }
bool WebSocket::open() const { return impl_->open(); }
Task<void> WebSocket::closed() const { return detail::WebSocketLink::closed(impl_); }
std::uint16_t WebSocket::close_code() const { return impl_->close_code(); }
std::string_view WebSocket::close_reason() const { return impl_->close_reason(); }
std::string WebSocket::peer() const { return impl_->peer(); }

Task<Result<WebSocket>> connect_websocket(Loop& loop, Address address, std::string target, Headers headers,
                                          WebSocketLimits limits) {
    CallLimits handshake;
    handshake.time = std::chrono::seconds{10};
    auto connection = co_await HttpConnection::open(std::move(address), handshake);
    if (!connection) co_return fail(connection.error());
    const auto key = detail::make_key();
    Request request;
    request.target = std::move(target);
    request.headers = std::move(headers);
    detail::add_upgrade(request.headers, key);
    const auto response = co_await connection->start(std::move(request));
    if (!response) co_return fail(response.error());
    const auto accepted = detail::check_accepted(*response, key);
    if (!accepted) co_return fail(accepted.error());
    co_return WebSocket(loop, connection->hijack(), WebSocket::Side::client, limits);
}

} // namespace hk::net
