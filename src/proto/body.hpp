#pragma once
#include "json/mapper.hpp"

#include <string>
#include <string_view>

/// How every body of the API is read and written. Costly to include: .cpp files of proto only.
namespace hk::proto {

/// A request: a field we do not know is a mistake that the sender wants to hear about.
template <class T>
Result<T> parse_strict(std::string_view body) {
    HK_TRY(const json::Value value, json::parse(body));
    return json::decode<T>(value, json::Unknown::refuse);
}

/// A reply: a newer Host may say more than we know.
template <class T>
Result<T> parse_lenient(std::string_view body) {
    HK_TRY(const json::Value value, json::parse(body));
    return json::decode<T>(value, json::Unknown::ignore);
}

template <class T>
std::string body_of(const T& value) {
    return json::serialize(json::encode(value));
}

} // namespace hk::proto
