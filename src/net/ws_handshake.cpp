#include "net/ws_handshake.hpp"

#include <boost/beast/core/detail/base64.hpp>
#include <boost/beast/core/detail/sha1.hpp>

#include <sys/random.h>

#include <array>

namespace hk::net::detail {
namespace {

namespace base64 = boost::beast::detail::base64;
namespace beast_detail = boost::beast::detail;

std::string encode(const void* data, std::size_t size) {
    std::string text(base64::encoded_size(size), '\0');
    text.resize(base64::encode(text.data(), data, size));
    return text;
}

/// The key is 16 bytes, whatever they are.
bool is_key(std::string_view key) { return key.size() == 24 && key.ends_with("=="); }

} // namespace

std::string accept_key(std::string_view key) {
    constexpr std::string_view guid = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
    beast_detail::sha1_context context;
    beast_detail::init(context);
    beast_detail::update(context, key.data(), key.size());
    beast_detail::update(context, guid.data(), guid.size());
    std::array<char, beast_detail::sha1_context::digest_size> digest{};
    beast_detail::finish(context, digest.data());
    return encode(digest.data(), digest.size());
}

std::string make_key() {
    std::array<char, 16> bytes{};
    (void)::getrandom(bytes.data(), bytes.size(), 0);
    return encode(bytes.data(), bytes.size());
}

Result<Headers> accept_upgrade(const Request& request) {
    const auto& headers = request.headers;
    if (request.method != Method::get) return fail(Errc::invalid, "a WebSocket is asked for with GET");
    if (!headers.has_token("connection", "upgrade") || !headers.has_token("upgrade", "websocket")) {
        return fail(Errc::invalid, "this address wants a WebSocket (Upgrade: websocket)");
    }
    if (headers.get("sec-websocket-version") != "13") return fail(Errc::invalid, "the WebSocket version is 13");
    const auto key = headers.get("sec-websocket-key");
    if (!key || headers.count("sec-websocket-key") != 1 || !is_key(*key)) {
        return fail(Errc::invalid, "Sec-WebSocket-Key is missing or wrong");
    }
    return Headers{{"Upgrade", "websocket"}, {"Connection", "Upgrade"}, {"Sec-WebSocket-Accept", accept_key(*key)}};
}

void add_upgrade(Headers& headers, std::string_view key) {
    headers.set("Upgrade", "websocket");
    headers.set("Connection", "Upgrade");
    headers.set("Sec-WebSocket-Version", "13");
    headers.set("Sec-WebSocket-Key", std::string(key));
}

Result<> check_accepted(const Response& response, std::string_view key) {
    if (response.status == 401 || response.status == 403) {
        return fail(Errc::forbidden, "the server refuses the connection (" + std::to_string(response.status) + ")");
    }
    const bool fits = response.status == 101 && response.headers.has_token("upgrade", "websocket") &&
                      response.headers.get("sec-websocket-accept") == accept_key(key);
    if (fits) return {};
    return fail(Errc::unavailable,
                "the server does not offer a WebSocket there (" + std::to_string(response.status) + ")");
}

} // namespace hk::net::detail
