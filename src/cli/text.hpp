#pragma once
#include "cli/terminal.hpp"

#include <cstddef>
#include <string>
#include <string_view>

/// Text as terminals show it.
namespace hk::cli {

/// Columns that the text takes. UTF-8; what is not valid counts as one column per byte.
std::size_t display_width(std::string_view text);

/// At most `width` columns: what is too long loses its middle, since both ends of a command, a path
/// and a name tell most.
std::string shorten(std::string_view text, std::size_t width, bool unicode);

/// Text of others (commands, names, messages) that can do nothing to a terminal or to a table:
/// control characters are written out (\n, \x1b), direction overrides and invalid UTF-8 become
/// U+FFFD ("?" without Unicode).
std::string harmless(std::string_view text, bool unicode = true);

/// The text with U+FFFD for every byte that is not UTF-8; control characters stay.
std::string valid_utf8(std::string_view text);

enum class Colour { none, bold, dim, red, green, yellow, blue, magenta, cyan };
/// The text between the sequences of the colour; unchanged where the terminal has none.
std::string paint(const Terminal& terminal, Colour colour, std::string_view text);

} // namespace hk::cli
