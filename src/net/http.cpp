#include "net/http.hpp"

#include <algorithm>
#include <array>

namespace hk::net {
namespace {

struct MethodName {
    Method method;
    std::string_view text;
};
constexpr std::array method_names{
    MethodName{Method::get, "GET"},         MethodName{Method::head, "HEAD"},   MethodName{Method::post, "POST"},
    MethodName{Method::put, "PUT"},         MethodName{Method::patch, "PATCH"}, MethodName{Method::delete_, "DELETE"},
    MethodName{Method::options, "OPTIONS"},
};

struct Reason {
    int status;
    std::string_view text;
};
constexpr std::array reasons{
    Reason{100, "Continue"},
    Reason{101, "Switching Protocols"},
    Reason{200, "OK"},
    Reason{201, "Created"},
    Reason{202, "Accepted"},
    Reason{204, "No Content"},
    Reason{206, "Partial Content"},
    Reason{301, "Moved Permanently"},
    Reason{302, "Found"},
    Reason{303, "See Other"},
    Reason{304, "Not Modified"},
    Reason{307, "Temporary Redirect"},
    Reason{308, "Permanent Redirect"},
    Reason{400, "Bad Request"},
    Reason{401, "Unauthorized"},
    Reason{403, "Forbidden"},
    Reason{404, "Not Found"},
    Reason{405, "Method Not Allowed"},
    Reason{406, "Not Acceptable"},
    Reason{408, "Request Timeout"},
    Reason{409, "Conflict"},
    Reason{410, "Gone"},
    Reason{411, "Length Required"},
    Reason{412, "Precondition Failed"},
    Reason{413, "Content Too Large"},
    Reason{414, "URI Too Long"},
    Reason{415, "Unsupported Media Type"},
    Reason{416, "Range Not Satisfiable"},
    Reason{417, "Expectation Failed"},
    Reason{421, "Misdirected Request"},
    Reason{422, "Unprocessable Content"},
    Reason{426, "Upgrade Required"},
    Reason{429, "Too Many Requests"},
    Reason{431, "Request Header Fields Too Large"},
    Reason{500, "Internal Server Error"},
    Reason{501, "Not Implemented"},
    Reason{502, "Bad Gateway"},
    Reason{503, "Service Unavailable"},
    Reason{504, "Gateway Timeout"},
    Reason{505, "HTTP Version Not Supported"},
    Reason{507, "Insufficient Storage"},
};

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

std::string_view trim(std::string_view text) {
    constexpr std::string_view blanks = " \t";
    const auto first = text.find_first_not_of(blanks);
    if (first == text.npos) return {};
    return text.substr(first, text.find_last_not_of(blanks) - first + 1);
}

bool list_has(std::string_view list, std::string_view token) {
    while (true) {
        const auto comma = list.find(',');
        if (equal_ignoring_case(trim(list.substr(0, comma)), token)) return true;
        if (comma == list.npos) return false;
        list.remove_prefix(comma + 1);
    }
}

} // namespace

std::string_view to_text(Method method) {
    for (const auto& entry : method_names) {
        if (entry.method == method) return entry.text;
    }
    return "OTHER";
}

Method parse_method(std::string_view text) {
    for (const auto& entry : method_names) {
        if (entry.text == text) return entry.method;
    }
    return Method::other;
}

std::string_view reason_phrase(int status) {
    for (const auto& entry : reasons) {
        if (entry.status == status) return entry.text;
    }
    return "Unknown";
}

bool equal_ignoring_case(std::string_view a, std::string_view b) { return std::ranges::equal(a, b, {}, lower, lower); }

std::optional<std::string_view> Headers::get(std::string_view name) const {
    for (const auto& field : fields_) {
        if (equal_ignoring_case(field.name, name)) return field.value;
    }
    return std::nullopt;
}

std::size_t Headers::count(std::string_view name) const {
    const auto same = [name](const Field& field) { return equal_ignoring_case(field.name, name); };
    return static_cast<std::size_t>(std::ranges::count_if(fields_, same));
}

bool Headers::has_token(std::string_view name, std::string_view token) const {
    return std::ranges::any_of(fields_, [&](const Field& field) {
        return equal_ignoring_case(field.name, name) && list_has(field.value, token);
    });
}

bool Headers::add(std::string name, std::string value) {
    if (fields_.size() >= max_fields) return false;
    fields_.push_back({std::move(name), std::move(value)});
    return true;
}

void Headers::set(std::string name, std::string value) {
    remove(name);
    (void)add(std::move(name), std::move(value));
}

void Headers::remove(std::string_view name) {
    std::erase_if(fields_, [name](const Field& field) { return equal_ignoring_case(field.name, name); });
}

std::optional<std::string_view> Request::query_value(std::string_view name) const {
    for (const auto& [key, value] : query) {
        if (key == name) return value;
    }
    return std::nullopt;
}

std::vector<std::string_view> Request::query_values(std::string_view name) const {
    std::vector<std::string_view> values;
    for (const auto& [key, value] : query) {
        if (key == name) values.push_back(value);
    }
    return values;
}

std::string_view Request::param(std::string_view name) const {
    for (const auto& [key, value] : params) {
        if (key == name) return value;
    }
    return {};
}

Response text_response(int status, std::string body) {
    return Response{
        .status = status, .headers = {{"Content-Type", "text/plain; charset=utf-8"}}, .body = std::move(body)};
}

Response json_response(int status, std::string body) {
    return Response{.status = status, .headers = {{"Content-Type", "application/json"}}, .body = std::move(body)};
}

Response empty_response(int status) { return Response{.status = status, .headers = {}, .body = {}}; }

} // namespace hk::net
