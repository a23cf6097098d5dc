#include "host/access.hpp"

#include "proto/error_map.hpp"

#include <algorithm>
#include <arpa/inet.h>

namespace hk::host {
namespace {

std::string lower(std::string_view text) {
    std::string out(text);
    for (char& c : out)
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    return out;
}

/// "name:80" -> "name", "[::1]:80" -> "::1"; empty for what is neither.
std::string host_part(std::string_view authority) {
    if (authority.starts_with('[')) {
        const auto close = authority.find(']');
        const bool ends_well =
            close != authority.npos && (close + 1 == authority.size() || authority[close + 1] == ':');
        return ends_well ? std::string(authority.substr(1, close - 1)) : "";
    }
    return lower(authority.substr(0, authority.rfind(':')));
}

bool is_ip_address(const std::string& host) {
    in6_addr buffer{};
    return ::inet_pton(AF_INET, host.c_str(), &buffer) == 1 || ::inet_pton(AF_INET6, host.c_str(), &buffer) == 1;
}

bool changes_something(net::Method method) {
    return method != net::Method::get && method != net::Method::head && method != net::Method::options;
}

net::Response answer(int status, std::string message) {
    const Error error{Errc::forbidden, std::move(message), {}};
    return net::json_response(status, proto::error_body(error));
}

bool has_allowed_type(const net::Request& request) {
    const auto type = request.headers.get("Content-Type");
    if (!type)
        return !request.headers.has("Transfer-Encoding") && request.headers.get("Content-Length").value_or("0") == "0";
    const std::string name = lower(type->substr(0, type->find(';')));
    return name == "application/json" || name == "application/x-tar";
}

} // namespace

Access::Access(const std::vector<std::string>& names) {
    for (const std::string& name : names) names_.push_back(lower(name));
}

bool Access::is_ours(std::string_view authority) const {
    const std::string host = host_part(authority);
    return host == "localhost" || is_ip_address(host) || std::ranges::find(names_, host) != names_.end();
}

std::optional<net::Response> Access::check_origin(const net::Request& request, std::string_view host) const {
    if (const auto origin = request.headers.get("Origin")) {
        const auto scheme = origin->find("://");
        const bool same = scheme != origin->npos && lower(origin->substr(scheme + 3)) == lower(host);
        if (!same) return answer(403, "a page of another site may not use this Host");
    }
    const auto site = request.headers.get("Sec-Fetch-Site");
    if (site && *site != "same-origin" && *site != "none")
        return answer(403, "a page of another site may not use this Host");
    return std::nullopt;
}

std::optional<net::Response> Access::refuse(const net::Request& request) const {
    const auto host = request.headers.get("Host");
    if (!host || !is_ours(*host))
        return answer(421, "this Host does not go by that name; add it to network.allowed_hosts in its configuration");
    // A link on another page may lead to the dashboard; only what it then does itself counts.
    const bool navigation = request.headers.get("Sec-Fetch-Mode") == "navigate" && !changes_something(request.method);
    if (!navigation)
        if (auto refused = check_origin(request, *host)) return refused;
    if (changes_something(request.method) && !has_allowed_type(request))
        return answer(415, "the body must be JSON, sent with Content-Type: application/json");
    return std::nullopt;
}

} // namespace hk::host
