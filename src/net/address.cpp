#include "net/address.hpp"

#include <arpa/inet.h>

#include <charconv>
#include <optional>

namespace hk::net {
namespace {

std::unexpected<Error> not_an_address(std::string_view text, std::string_view why) {
    return fail(Errc::invalid, "\"" + std::string(text) + "\" is not an address: " + std::string(why) +
                                   " (examples: 10.0.0.1:8000, [::1]:8000, unix:/run/x.sock)");
}

std::optional<std::uint16_t> parse_port(std::string_view text) {
    std::uint16_t port = 0;
    const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), port);
    if (error != std::errc{} || stop != text.data() + text.size()) return std::nullopt;
    return port;
}

bool is_host_char(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '.' ||
           c == '_' || c == ':' || c == '%' || c == '*';
}

bool is_host(std::string_view host) {
    if (host.empty() || host.size() > 255) return false;
    for (const char c : host) {
        if (!is_host_char(c)) return false;
    }
    return true;
}

Result<Address> parse_unix(std::string_view text, std::string_view path) {
    if (path.starts_with("//")) path.remove_prefix(2);
    if (!path.starts_with('/')) return not_an_address(text, "the path of a unix socket starts with /");
    if (path.size() > 107) return not_an_address(text, "the path of a unix socket has at most 107 characters");
    if (path.contains('\0')) return not_an_address(text, "the path has a zero byte");
    return Address::unix_socket(std::string(path));
}

struct HostAndPort {
    std::string_view host;
    std::optional<std::string_view> port;
};

/// Splits at the colon that belongs to the port; empty when brackets do not match.
std::optional<HostAndPort> split(std::string_view text) {
    if (text.starts_with('[')) {
        const auto end = text.find(']');
        if (end == text.npos) return std::nullopt;
        const auto host = text.substr(1, end - 1);
        const auto rest = text.substr(end + 1);
        if (rest.empty()) return HostAndPort{host, std::nullopt};
        if (rest.front() != ':') return std::nullopt;
        return HostAndPort{host, rest.substr(1)};
    }
    const auto colon = text.find(':');
    if (colon == text.npos) return HostAndPort{text, std::nullopt};
    if (text.find(':', colon + 1) != text.npos) return HostAndPort{text, std::nullopt}; // bare IPv6
    return HostAndPort{text.substr(0, colon), text.substr(colon + 1)};
}

bool is_ipv6(std::string_view host) { return host.contains(':'); }

} // namespace

Address Address::tcp(std::string host, std::uint16_t port) {
    return Address{.kind = Kind::tcp, .host = std::move(host), .port = port, .path = {}};
}

Address Address::unix_socket(std::string path) {
    return Address{.kind = Kind::unix_socket, .host = {}, .port = 0, .path = std::move(path)};
}

Result<Address> parse_address(std::string_view text, std::uint16_t default_port) {
    if (text.starts_with("unix:")) return parse_unix(text, text.substr(5));
    auto rest = text;
    if (rest.starts_with("https://")) return not_an_address(text, "https is not supported");
    if (rest.starts_with("http://")) {
        rest.remove_prefix(7);
        if (rest.ends_with('/')) rest.remove_suffix(1);
        if (default_port == 0) default_port = 80;
    }
    const auto parts = split(rest);
    if (!parts) return not_an_address(text, "the brackets of the IPv6 address do not fit");
    if (!is_host(parts->host)) return not_an_address(text, "the host name is empty or has a wrong character");
    if (!parts->port) {
        if (default_port == 0) return not_an_address(text, "the port is missing");
        return Address::tcp(std::string(parts->host), default_port);
    }
    const auto port = parse_port(*parts->port);
    if (!port) return not_an_address(text, "the port is not a number from 0 to 65535");
    return Address::tcp(std::string(parts->host), *port);
}

std::string to_text(const Address& address) {
    if (address.kind == Address::Kind::unix_socket) return "unix:" + address.path;
    const auto host = is_ipv6(address.host) ? "[" + address.host + "]" : address.host;
    return host + ":" + std::to_string(address.port);
}

std::string authority(const Address& address) {
    return address.kind == Address::Kind::unix_socket ? "localhost" : to_text(address);
}

bool is_loopback(const Address& address) {
    if (address.kind == Address::Kind::unix_socket) return true;
    if (address.host == "localhost") return true;
    in_addr v4{};
    if (inet_pton(AF_INET, address.host.c_str(), &v4) == 1) return (ntohl(v4.s_addr) >> 24) == 127;
    in6_addr v6{};
    if (inet_pton(AF_INET6, address.host.c_str(), &v6) != 1) return false;
    if (IN6_IS_ADDR_V4MAPPED(&v6)) return v6.s6_addr[12] == 127;
    return IN6_IS_ADDR_LOOPBACK(&v6);
}

} // namespace hk::net
