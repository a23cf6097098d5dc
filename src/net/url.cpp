#include "net/http.hpp"

namespace hk::net {
namespace {

constexpr std::size_t max_query_pairs = 100;

int hex_value(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

bool is_unreserved(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '.' ||
           c == '_' || c == '~';
}

std::unexpected<Error> bad_target(std::string why) {
    return fail(Errc::invalid, "the address of the request is wrong: " + std::move(why));
}

Result<std::string> decode(std::string_view text, bool plus_is_space) {
    std::string out;
    out.reserve(text.size());
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '\0') return bad_target("a zero byte is not allowed");
        if (text[i] == '+' && plus_is_space) {
            out += ' ';
            continue;
        }
        if (text[i] != '%') {
            out += text[i];
            continue;
        }
        const int high = i + 2 < text.size() ? hex_value(text[i + 1]) : -1;
        const int low = i + 2 < text.size() ? hex_value(text[i + 2]) : -1;
        if (high < 0 || low < 0) return bad_target("% is followed by two hexadecimal digits");
        if (high == 0 && low == 0) return bad_target("%00 is not allowed");
        out += static_cast<char>(high * 16 + low);
        i += 2;
    }
    return out;
}

/// "." and ".." would let a path mean another path than the one that was checked.
bool has_dot_segment(std::string_view path) {
    while (!path.empty()) {
        path.remove_prefix(1); // the slash
        const auto segment = path.substr(0, path.find('/'));
        if (segment == "." || segment == "..") return true;
        path.remove_prefix(segment.size());
    }
    return false;
}

/// "http://host/path" becomes "/path", and the host there counts, not the one in the header.
Result<std::string_view> strip_absolute(Request& request) {
    std::string_view target = request.target;
    if (!target.starts_with("http://") && !target.starts_with("HTTP://")) return target;
    target.remove_prefix(7);
    const auto end = target.find_first_of("/?#");
    const auto host = target.substr(0, end);
    if (host.empty() || host.contains('@')) return bad_target("the host is missing or has a user name");
    request.headers.set("Host", std::string(host));
    return end == target.npos ? std::string_view("/") : target.substr(end);
}

} // namespace

Result<std::string> percent_decode(std::string_view text) { return decode(text, false); }

std::string percent_encode(std::string_view text) {
    constexpr std::string_view digits = "0123456789ABCDEF";
    std::string out;
    for (const char c : text) {
        if (is_unreserved(c)) {
            out += c;
            continue;
        }
        const auto byte = static_cast<unsigned char>(c);
        out += '%';
        out += digits[byte >> 4];
        out += digits[byte & 15];
    }
    return out;
}

Result<Pairs> parse_query(std::string_view text) {
    Pairs pairs;
    while (!text.empty()) {
        const auto piece = text.substr(0, text.find('&'));
        text.remove_prefix(std::min(text.size(), piece.size() + 1));
        if (piece.empty()) continue;
        if (pairs.size() == max_query_pairs) return bad_target("more than 100 query parameters");
        const auto equals = piece.find('=');
        HK_TRY(auto name, decode(piece.substr(0, equals), true));
        HK_TRY(auto value, decode(equals == piece.npos ? "" : piece.substr(equals + 1), true));
        pairs.emplace_back(std::move(name), std::move(value));
    }
    return pairs;
}

Result<> split_target(Request& request) {
    if (request.target == "*" && request.method == Method::options) {
        request.path = "*";
        return {};
    }
    HK_TRY(auto target, strip_absolute(request));
    if (target.contains('#')) return bad_target("it has a fragment");
    const auto question = target.find('?');
    const bool absolute = target.size() != request.target.size();
    const auto raw_path = absolute && question == 0 ? std::string_view("/") : target.substr(0, question);
    if (!raw_path.starts_with('/')) return bad_target("it starts with /");
    HK_TRY(request.path, percent_decode(raw_path));
    if (has_dot_segment(request.path)) return bad_target("segments . and .. are not allowed");
    if (question == target.npos) return {};
    HK_TRY(request.query, parse_query(target.substr(question + 1)));
    return {};
}

} // namespace hk::net
