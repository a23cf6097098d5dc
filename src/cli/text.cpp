#include "cli/text.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <cwchar>
#include <vector>

namespace hk::cli {
namespace {

struct Character {
    char32_t code = 0;
    std::size_t bytes = 1;
    bool valid = false;
};

std::size_t length_of(unsigned char lead) {
    if (lead < 0x80) return 1;
    if (lead >= 0xC2 && lead < 0xE0) return 2;
    if (lead >= 0xE0 && lead < 0xF0) return 3;
    if (lead >= 0xF0 && lead < 0xF5) return 4;
    return 0;
}

Character decode(std::string_view text) {
    const auto lead = static_cast<unsigned char>(text.front());
    const std::size_t length = length_of(lead);
    if (length == 0 || length > text.size()) return {lead, 1, false};
    if (length == 1) return {lead, 1, true};
    char32_t code = lead & (0xFFU >> (length + 1));
    for (std::size_t i = 1; i < length; ++i) {
        const auto byte = static_cast<unsigned char>(text[i]);
        if ((byte & 0xC0U) != 0x80) return {lead, 1, false};
        code = (code << 6U) | (byte & 0x3FU);
    }
    constexpr std::array<char32_t, 5> smallest{0, 0, 0x80, 0x800, 0x10000};
    const bool surrogate = code >= 0xD800 && code < 0xE000;
    if (code < smallest[length] || surrogate || code > 0x10FFFF) return {lead, 1, false};
    return {code, length, true};
}

std::size_t columns_of(const Character& character) {
    if (!character.valid) return 1;
    const int width = ::wcwidth(static_cast<wchar_t>(character.code));
    return width < 0 ? 1 : static_cast<std::size_t>(width);
}

/// Explicit changes of direction and invisible marks, with which a text can be made to look like
/// another.
bool misleads(char32_t code) {
    return (code >= 0x202A && code <= 0x202E) || (code >= 0x2066 && code <= 0x2069) ||
           (code >= 0x200B && code <= 0x200F) || code == 0xFEFF || code == 0x2028 || code == 0x2029;
}

void append_control(std::string& into, char32_t code) {
    switch (code) {
    case '\n': into += "\\n"; return;
    case '\r': into += "\\r"; return;
    case '\t': into += "\\t"; return;
    default: break;
    }
    std::array<char, 8> buffer{};
    std::snprintf(buffer.data(), buffer.size(), "\\x%02x", static_cast<unsigned>(code));
    into += buffer.data();
}

/// As many characters from the front as fit into `width` columns.
std::string_view front_of(std::string_view text, std::size_t width) {
    std::size_t used = 0;
    std::size_t at = 0;
    while (at < text.size()) {
        const Character next = decode(text.substr(at));
        if (used + columns_of(next) > width) break;
        used += columns_of(next);
        at += next.bytes;
    }
    return text.substr(0, at);
}

std::string_view back_of(std::string_view text, std::size_t width) {
    std::vector<std::size_t> starts;
    for (std::size_t at = 0; at < text.size(); at += decode(text.substr(at)).bytes) starts.push_back(at);
    std::size_t used = 0;
    std::size_t from = text.size();
    for (auto start = starts.rbegin(); start != starts.rend(); ++start) {
        const std::size_t columns = columns_of(decode(text.substr(*start)));
        if (used + columns > width) break;
        used += columns;
        from = *start;
    }
    return text.substr(from);
}

} // namespace

std::size_t display_width(std::string_view text) {
    std::size_t width = 0;
    while (!text.empty()) {
        const Character next = decode(text);
        width += columns_of(next);
        text.remove_prefix(next.bytes);
    }
    return width;
}

std::string shorten(std::string_view text, std::size_t width, bool unicode) {
    if (display_width(text) <= width) return std::string(text);
    const std::string_view dots = unicode ? "…" : "..";
    const std::size_t taken = unicode ? 1 : 2;
    if (width <= taken) return std::string(front_of(text, width));
    const std::size_t back = (width - taken) / 2;
    std::string cut(front_of(text, width - taken - back));
    cut += dots;
    return cut += back_of(text, back);
}

std::string harmless(std::string_view text, bool unicode) {
    std::string clean;
    clean.reserve(text.size());
    while (!text.empty()) {
        const Character next = decode(text);
        const bool control = next.code < 0x20 || (next.code >= 0x7F && next.code < 0xA0);
        if (!next.valid || (!control && (misleads(next.code) || (!unicode && next.code >= 0x80))))
            clean += unicode ? "\uFFFD" : "?";
        else if (control) append_control(clean, next.code);
        else clean += text.substr(0, next.bytes);
        text.remove_prefix(next.bytes);
    }
    return clean;
}

std::string valid_utf8(std::string_view text) {
    std::string valid;
    valid.reserve(text.size());
    while (!text.empty()) {
        const Character next = decode(text);
        valid += next.valid ? text.substr(0, next.bytes) : std::string_view("\uFFFD");
        text.remove_prefix(next.bytes);
    }
    return valid;
}

std::string paint(const Terminal& terminal, Colour colour, std::string_view text) {
    if (!terminal.colour || colour == Colour::none || text.empty()) return std::string(text);
    constexpr std::array<std::string_view, 9> codes{"0", "1", "2", "31", "32", "33", "34", "35", "36"};
    std::string painted = "\x1b[";
    painted += codes[static_cast<std::size_t>(colour)];
    painted += 'm';
    painted += text;
    return painted += "\x1b[0m";
}

} // namespace hk::cli
