#pragma once
#include "span/sweep.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace hk::span {

enum class SpanKind { braces, brackets, file };

/// Where one span lies in an argument, and what is between its brackets.
struct SpanText {
    SpanKind kind{};
    std::size_t begin = 0;
    std::size_t end = 0;
    std::string_view body;
};

/// The first span at or after `from`; none when there is none. Fails when it has no end.
Result<std::optional<SpanText>> find_span(std::string_view argument, std::size_t from);

/// "1..5", "0..1..0.25", "a..e".
Result<Values> parse_range(std::string_view body);
/// "x, y, z" with escapes.
Result<Values> parse_list(std::string_view body);
/// The body of span:{...}: a range or a list.
Result<Values> parse_braces(std::string_view body);
/// One value per line that is not empty.
Result<Values> parse_lines(std::string_view text);

/// span:[...] that parse_list reads back as these items.
std::string format_list(const List& items);

} // namespace hk::span
