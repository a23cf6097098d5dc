#include "host/api/openapi.hpp"

#include "host/api/api.hpp"
#include "proto/schemas.hpp"
#include "json/json.hpp"

namespace hk::host {
namespace {

json::Object schema_content(std::string_view name) {
    json::Object reference{{"$ref", "#/components/schemas/" + std::string(name)}};
    return {{"application/json", json::Object{{"schema", std::move(reference)}}}};
}

std::string method_key(net::Method method) {
    std::string key(net::to_text(method));
    for (char& c : key) c = static_cast<char>(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
    return key;
}

/// The {names} of a pattern.
json::Array parameters_of(std::string_view pattern) {
    json::Array parameters;
    for (auto open = pattern.find('{'); open != pattern.npos; open = pattern.find('{', open + 1)) {
        const auto close = pattern.find('}', open);
        parameters.push_back(json::Object{{"name", pattern.substr(open + 1, close - open - 1)},
                                          {"in", "path"},
                                          {"required", true},
                                          {"schema", json::Object{{"type", "string"}}}});
    }
    return parameters;
}

json::Object operation_of(const ApiRoute& route) {
    json::Object good{{"description", "success"}};
    if (*route.reply != '\0') good["content"] = schema_content(route.reply);
    json::Object bad{{"description", "what was wrong, in one sentence"}, {"content", schema_content("Error")}};
    json::Object operation{
        {"summary", route.summary},
        {"responses", json::Object{{std::to_string(route.status), std::move(good)}, {"default", std::move(bad)}}}};
    if (json::Array parameters = parameters_of(route.pattern); !parameters.empty())
        operation["parameters"] = std::move(parameters);
    if (*route.body != '\0')
        operation["requestBody"] = json::Object{{"required", true}, {"content", schema_content(route.body)}};
    return operation;
}

} // namespace

std::string openapi_document(std::string_view version) {
    json::Object paths;
    for (const ApiRoute& route : api_routes()) {
        json::Value& path = paths[route.pattern];
        if (path.is_null()) path = json::Object{};
        path.as_object()[method_key(route.method)] = operation_of(route);
    }
    return json::serialize(json::Object{{"openapi", "3.1.0"},
                                        {"info", json::Object{{"title", "HakuRiver Host"}, {"version", version}}},
                                        {"paths", std::move(paths)},
                                        {"components", json::Object{{"schemas", proto::body_schemas()}}}});
}

} // namespace hk::host
