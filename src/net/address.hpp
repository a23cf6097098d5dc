#pragma once
#include "base/result.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace hk::net {

/// Where to connect to or listen on: a TCP host and port, or the path of a unix socket.
struct Address {
    enum class Kind { tcp, unix_socket };
    Kind kind = Kind::tcp;
    std::string host;       ///< name or IP address without brackets; empty for unix sockets
    std::uint16_t port = 0; ///< 0 when listening: any free port
    std::string path;       ///< unix sockets only
    friend bool operator==(const Address&, const Address&) = default;

    static Address tcp(std::string host, std::uint16_t port);
    static Address unix_socket(std::string path);
};

/// "host:port", "10.0.0.1:8000", "[::1]:8000", "http://host:port[/]", "unix:/path", "unix:///path".
/// A missing port is `default_port`; when that is 0 too, it is refused. https is refused.
Result<Address> parse_address(std::string_view text, std::uint16_t default_port = 0);

/// "host:port", "[::1]:8000", "unix:/path"; what parse_address reads.
std::string to_text(const Address& address);
/// The value of the Host header: to_text for TCP, "localhost" for unix sockets.
std::string authority(const Address& address);
/// 127.0.0.0/8, ::1, "localhost" and unix sockets. Looks at the text alone and resolves nothing.
bool is_loopback(const Address& address);

} // namespace hk::net
