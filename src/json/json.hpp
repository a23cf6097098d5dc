#pragma once
#include "base/result.hpp"

#include <boost/json/value.hpp>

#include <string>
#include <string_view>

/// JSON text to values and back. Thread-safe: nothing here has state.
namespace hk::json {

using Value = boost::json::value;
using Object = boost::json::object;
using Array = boost::json::array;

/// Nesting deeper than this is refused.
inline constexpr std::size_t max_depth = 32;

/// Parses one document. Refuses bad UTF-8, trailing text, numbers that are not finite, and an object that names
/// a key twice, each with one sentence.
Result<Value> parse(std::string_view text);

/// Compact text, one line.
std::string serialize(const Value& value);
/// Indented by two, for people.
std::string serialize_pretty(const Value& value);

} // namespace hk::json
