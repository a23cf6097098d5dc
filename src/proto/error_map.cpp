#include "proto/error_map.hpp"

#include "json/json.hpp"

#include <array>
#include <utility>

namespace hk::proto {
namespace {

struct Row {
    Errc code;
    int http_status;
    int exit_code;
    std::string_view name;
};
constexpr std::array<Row, 13> rows{{
    {Errc::invalid, 422, 2, "invalid"},
    {Errc::not_found, 404, 125, "not_found"},
    {Errc::conflict, 409, 125, "conflict"},
    {Errc::forbidden, 403, 125, "forbidden"},
    {Errc::unavailable, 503, 125, "unavailable"},
    {Errc::no_capacity, 503, 125, "no_capacity"},
    {Errc::too_large, 413, 2, "too_large"},
    {Errc::timeout, 504, 124, "timeout"},
    {Errc::no_space, 507, 125, "no_space"},
    {Errc::corrupt, 500, 125, "corrupt"},
    {Errc::unsupported, 501, 125, "unsupported"},
    {Errc::io, 500, 125, "io"},
    {Errc::internal, 500, 125, "internal"},
}};

const Row& row_of(Errc code) {
    for (const Row& row : rows)
        if (row.code == code) return row;
    std::unreachable();
}

std::string text_of(const json::Object& object, std::string_view key) {
    const auto* value = object.if_contains(key);
    const auto* text = value == nullptr ? nullptr : value->if_string();
    return text == nullptr ? std::string() : std::string(text->data(), text->size());
}

} // namespace

int http_status(Errc code) { return row_of(code).http_status; }
int exit_code(Errc code) { return row_of(code).exit_code; }
std::string_view code_name(Errc code) { return row_of(code).name; }

Errc errc_of(int status, std::string_view name) {
    for (const Row& row : rows)
        if (row.name == name) return row.code;
    for (const Row& row : rows)
        if (row.http_status == status) return row.code;
    return status >= 400 && status < 500 ? Errc::invalid : Errc::internal;
}

std::string error_body(const Error& error) {
    json::Object inner{{"code", code_name(error.code)}, {"message", error.message}};
    json::Array fields;
    for (const FieldError& field : error.fields)
        fields.push_back(json::Object{{"path", field.path}, {"message", field.message}});
    inner["fields"] = std::move(fields);
    return json::serialize(json::Object{{"error", std::move(inner)}, {"detail", error.message}});
}

Error parse_error_body(int status, std::string_view body) {
    Error error{errc_of(status, ""),
                "the Host answered " + std::to_string(status) + ": " +
                    std::string(body.substr(0, std::min<std::size_t>(body.find('\n'), 200))),
                {}};
    const auto document = json::parse(body);
    if (!document || !document->is_object()) return error;
    const auto* inner = document->get_object().if_contains("error");
    if (inner == nullptr || !inner->is_object()) return error;
    error.code = errc_of(status, text_of(inner->get_object(), "code"));
    error.message = text_of(inner->get_object(), "message");
    if (const auto* fields = inner->get_object().if_contains("fields"); fields != nullptr && fields->is_array())
        for (const auto& field : fields->get_array())
            if (field.is_object())
                error.fields.push_back({text_of(field.get_object(), "path"), text_of(field.get_object(), "message")});
    return error;
}

} // namespace hk::proto
