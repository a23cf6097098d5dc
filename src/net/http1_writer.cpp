#include "net/http1_writer.hpp"

#include "base/log.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <ctime>

namespace hk::net::detail {
namespace {

bool is_token_char(char c) {
    constexpr std::string_view others = "!#$%&'*+-.^_`|~";
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || others.contains(c);
}

bool is_token(std::string_view text) { return !text.empty() && std::ranges::all_of(text, is_token_char); }

bool is_field_value(std::string_view text) {
    return std::ranges::all_of(text, [](char c) { return static_cast<unsigned char>(c) >= 32 || c == '\t'; });
}

bool is_target(std::string_view text) {
    return !text.empty() &&
           std::ranges::all_of(text, [](char c) { return static_cast<unsigned char>(c) > 32 && c != 127; });
}

bool is_writable(const Headers::Field& field) { return is_token(field.name) && is_field_value(field.value); }

void append(std::string& out, const Headers::Field& field) {
    out += field.name;
    out += ": ";
    out += field.value;
    out += "\r\n";
}

} // namespace

std::string response_head(int status, const Headers& headers, bool http11) {
    std::string out;
    out.reserve(256);
    out += http11 ? "HTTP/1.1 " : "HTTP/1.0 ";
    out += std::to_string(status);
    out += ' ';
    out += reason_phrase(status);
    out += "\r\n";
    for (const auto& field : headers) {
        if (is_writable(field)) append(out, field);
        else log::error("a response header with a forbidden character was left out", {{"size", field.value.size()}});
    }
    out += "\r\n";
    return out;
}

Result<std::string> request_head(const Request& request) {
    const auto method =
        request.method == Method::other ? std::string_view(request.method_text) : to_text(request.method);
    if (!is_token(method)) return fail(Errc::invalid, "the method of the request has a forbidden character");
    if (!is_target(request.target)) return fail(Errc::invalid, "the address of the request has a forbidden character");
    std::string out;
    out.reserve(256);
    out += method;
    out += ' ';
    out += request.target;
    out += " HTTP/1.1\r\n";
    for (const auto& field : request.headers) {
        if (!is_writable(field)) return fail(Errc::invalid, "a header of the request has a forbidden character");
        append(out, field);
    }
    out += "\r\n";
    return out;
}

const std::string& http_date() {
    thread_local std::time_t second = 0;
    thread_local std::string text;
    const auto now = std::time(nullptr);
    if (now == second) return text;
    std::tm parts{};
    ::gmtime_r(&now, &parts);
    std::array<char, 64> buffer{};
    const auto size = std::strftime(buffer.data(), buffer.size(), "%a, %d %b %Y %H:%M:%S GMT", &parts);
    text.assign(buffer.data(), size);
    second = now;
    return text;
}

std::string chunk_head(std::size_t size) {
    std::array<char, 20> digits{};
    const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), size, 16).ptr;
    return std::string(digits.data(), end) + "\r\n";
}

} // namespace hk::net::detail
