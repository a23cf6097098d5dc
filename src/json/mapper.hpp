#pragma once
#include "json/json.hpp"

#include <boost/describe.hpp>
#include <boost/mp11.hpp>

#include <array>
#include <cmath>
#include <concepts>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <type_traits>
#include <vector>

/// Structs to JSON and back, driven by BOOST_DESCRIBE_STRUCT. Decoding collects every mistake with its JSON pointer.
/// The same descriptions give the JSON Schema of the OpenAPI document (json/schema.hpp).
namespace hk::json {

/// What is said about a field of a described struct: a sentence for the OpenAPI document, and whether a body needs it.
struct Note {
    std::string_view field;
    std::string_view text;
    bool required = false;
};
/// Specialise with an array of notes.
template <class T>
inline constexpr std::array<Note, 0> notes_of{};

enum class Unknown { ignore, refuse };

using Errors = std::vector<FieldError>;

/// Specialise for a type with a representation of its own: `encode`, `decode` and `schema` as static functions.
template <class T>
struct Codec;

template <class T>
concept has_codec = requires(const T& t) { Codec<T>::encode(t); };
template <class T>
concept described = boost::describe::has_describe_members<T>::value;

template <class T>
struct is_optional : std::false_type {};
template <class T>
struct is_optional<std::optional<T>> : std::true_type {};
template <class T>
struct is_vector : std::false_type {};
template <class T>
struct is_vector<std::vector<T>> : std::true_type {};
template <class T>
struct is_string_map : std::false_type {};
template <class T>
struct is_string_map<std::map<std::string, T>> : std::true_type {};

template <class T>
using members_of = boost::describe::describe_members<T, boost::describe::mod_public>;

template <class T>
const Note* note_of(std::string_view field) {
    for (const Note& note : notes_of<T>)
        if (note.field == field) return &note;
    return nullptr;
}

/// A JSON pointer step with "~" and "/" escaped (RFC 6901).
std::string pointer_step(std::string_view key);

template <class T>
Value encode(const T& value);

namespace detail {

template <class T>
Object encode_struct(const T& value) {
    Object object;
    boost::mp11::mp_for_each<members_of<T>>(
        [&](auto member) { object.emplace(member.name, encode(value.*member.pointer)); });
    return object;
}

} // namespace detail

template <class T>
Value encode(const T& value) {
    if constexpr (has_codec<T>) {
        return Codec<T>::encode(value);
    } else if constexpr (std::same_as<T, bool> || std::same_as<T, std::string> || std::floating_point<T>) {
        return Value(value);
    } else if constexpr (std::integral<T>) {
        return Value(static_cast<std::int64_t>(value));
    } else if constexpr (std::same_as<T, Value>) {
        return value;
    } else if constexpr (is_optional<T>::value) {
        return value ? encode(*value) : Value(nullptr);
    } else if constexpr (is_vector<T>::value) {
        Array array;
        array.reserve(value.size());
        for (const auto& element : value) array.push_back(encode(element));
        return array;
    } else if constexpr (is_string_map<T>::value) {
        Object object;
        for (const auto& [key, element] : value) object.emplace(key, encode(element));
        return object;
    } else {
        static_assert(described<T>, "describe the struct or give it a Codec");
        return detail::encode_struct(value);
    }
}

template <class T>
void decode(const Value& value, T& out, const std::string& path, Errors& errors, Unknown unknown);

namespace detail {

template <class T>
void decode_integer(const Value& value, T& out, const std::string& path, Errors& errors) {
    const auto* number = value.if_int64();
    if (number == nullptr) {
        errors.push_back({path, value.is_uint64() ? "the number is too large" : "expected a whole number"});
    } else if (*number < static_cast<std::int64_t>(std::numeric_limits<T>::min()) ||
               *number > static_cast<std::int64_t>(std::numeric_limits<T>::max())) {
        errors.push_back({path, "the number is out of range"});
    } else {
        out = static_cast<T>(*number);
    }
}

template <class T>
void decode_struct(const Value& value, T& out, const std::string& path, Errors& errors, Unknown unknown) {
    const auto* object = value.if_object();
    if (object == nullptr) {
        errors.push_back({path, "expected an object"});
        return;
    }
    std::size_t known = 0;
    boost::mp11::mp_for_each<members_of<T>>([&](auto member) {
        const auto* found = object->if_contains(member.name);
        if (found != nullptr) {
            ++known;
            decode(*found, out.*member.pointer, path + "/" + member.name, errors, unknown);
        } else if (const Note* note = note_of<T>(member.name); note != nullptr && note->required) {
            errors.push_back({path + "/" + member.name, "the field is missing"});
        }
    });
    if (unknown == Unknown::ignore || known == object->size()) return;
    for (const auto& entry : *object) {
        bool named = false;
        boost::mp11::mp_for_each<members_of<T>>([&](auto member) { named = named || entry.key() == member.name; });
        if (!named) errors.push_back({path + "/" + pointer_step(entry.key()), "unknown field"});
    }
}

} // namespace detail

template <class T>
void decode(const Value& value, T& out, const std::string& path, Errors& errors, Unknown unknown) {
    if constexpr (has_codec<T>) {
        if (auto made = Codec<T>::decode(value)) out = std::move(*made);
        else errors.push_back({path, made.error().message});
    } else if constexpr (std::same_as<T, bool>) {
        if (const auto* flag = value.if_bool()) out = *flag;
        else errors.push_back({path, "expected true or false"});
    } else if constexpr (std::same_as<T, std::string>) {
        if (const auto* text = value.if_string()) out.assign(text->data(), text->size());
        else errors.push_back({path, "expected a string"});
    } else if constexpr (std::floating_point<T>) {
        if (value.is_number()) out = value.to_number<T>();
        else errors.push_back({path, "expected a number"});
    } else if constexpr (std::integral<T>) {
        detail::decode_integer(value, out, path, errors);
    } else if constexpr (std::same_as<T, Value>) {
        out = value;
    } else if constexpr (is_optional<T>::value) {
        if (value.is_null()) out.reset();
        else decode(value, out.emplace(), path, errors, unknown);
    } else if constexpr (is_vector<T>::value) {
        const auto* array = value.if_array();
        if (array == nullptr) {
            errors.push_back({path, "expected a list"});
            return;
        }
        out.clear();
        for (std::size_t i = 0; i < array->size(); ++i)
            decode((*array)[i], out.emplace_back(), path + "/" + std::to_string(i), errors, unknown);
    } else if constexpr (is_string_map<T>::value) {
        const auto* object = value.if_object();
        if (object == nullptr) {
            errors.push_back({path, "expected an object"});
            return;
        }
        out.clear();
        for (const auto& entry : *object)
            decode(entry.value(), out[std::string(entry.key())], path + "/" + pointer_step(entry.key()), errors,
                   unknown);
    } else {
        static_assert(described<T>, "describe the struct or give it a Codec");
        detail::decode_struct(value, out, path, errors, unknown);
    }
}

/// The error that a list of wrong fields amounts to: its message is the first of them, in words.
Error field_errors(Errors errors);

template <class T>
Result<T> decode(const Value& value, Unknown unknown) {
    T out{};
    Errors errors;
    decode(value, out, "", errors, unknown);
    if (!errors.empty()) return fail(field_errors(std::move(errors)));
    return out;
}

} // namespace hk::json
