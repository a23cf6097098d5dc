#pragma once
#include "json/mapper.hpp"

#include <string>

/// JSON Schema (2020-12, as OpenAPI 3.1 uses it) of the same described structs that decode bodies.
namespace hk::json {

/// Schemas of named structs, referred to as "#/components/schemas/NAME".
using Schemas = std::map<std::string, Value>;

template <class T>
Value schema_of(Schemas& named);

namespace detail {

template <class T>
Value struct_schema(Schemas& named) {
    Object properties;
    Array required;
    boost::mp11::mp_for_each<members_of<T>>([&](auto member) {
        using Field = std::remove_cvref_t<decltype(std::declval<T>().*member.pointer)>;
        Value field = schema_of<Field>(named);
        if (const Note* note = note_of<T>(member.name)) {
            field.as_object()["description"] = note->text;
            if (note->required) required.push_back(Value(member.name));
        }
        properties.emplace(member.name, std::move(field));
    });
    Object schema{{"type", "object"}, {"properties", std::move(properties)}};
    if (!required.empty()) schema["required"] = std::move(required);
    return schema;
}

} // namespace detail

template <class T>
Value schema_of(Schemas& named) {
    if constexpr (has_codec<T>) {
        return Codec<T>::schema();
    } else if constexpr (std::same_as<T, bool>) {
        return Object{{"type", "boolean"}};
    } else if constexpr (std::same_as<T, std::string>) {
        return Object{{"type", "string"}};
    } else if constexpr (std::floating_point<T>) {
        return Object{{"type", "number"}};
    } else if constexpr (std::integral<T>) {
        return Object{{"type", "integer"}};
    } else if constexpr (std::same_as<T, Value>) {
        return Object{};
    } else if constexpr (is_optional<T>::value) {
        Value inner = schema_of<typename T::value_type>(named);
        return Object{{"anyOf", Array{std::move(inner), Object{{"type", "null"}}}}};
    } else if constexpr (is_vector<T>::value) {
        return Object{{"type", "array"}, {"items", schema_of<typename T::value_type>(named)}};
    } else if constexpr (is_string_map<T>::value) {
        return Object{{"type", "object"}, {"additionalProperties", schema_of<typename T::mapped_type>(named)}};
    } else {
        const std::string name(T::schema_name);
        if (!named.contains(name)) {
            named.emplace(name, Value(nullptr)); // a struct may contain itself
            named[name] = detail::struct_schema<T>(named);
        }
        return Object{{"$ref", "#/components/schemas/" + name}};
    }
}

} // namespace hk::json
