#pragma once
#include "net/http.hpp"

/// Inside net only: the opening handshake of a WebSocket, without sockets.
namespace hk::net::detail {

/// The headers of the 101, or what is wrong with the request.
Result<Headers> accept_upgrade(const Request& request);
/// What the server must answer to this key.
std::string accept_key(std::string_view key);
/// A fresh random key.
std::string make_key();
/// Adds the client's handshake headers for `key`.
void add_upgrade(Headers& headers, std::string_view key);
/// Checks the answer to it.
Result<> check_accepted(const Response& response, std::string_view key);

} // namespace hk::net::detail
