#include "net/websocket.hpp"

namespace hk::net {
struct WebSocket::Impl {};
WebSocket::WebSocket(Loop&, StreamPtr, Side, WebSocketLimits) {}
WebSocket::WebSocket(WebSocket&&) noexcept = default;
WebSocket& WebSocket::operator=(WebSocket&&) noexcept = default;
WebSocket::~WebSocket() = default;
}
