#include "host/byte_range.hpp"

#include <algorithm>
#include <charconv>
#include <optional>

namespace hk::host {
namespace {

std::optional<std::int64_t> number(std::string_view text) {
    std::int64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (text.empty() || error != std::errc{} || end != text.data() + text.size() || value < 0) return std::nullopt;
    return value;
}

constexpr ByteRange unsatisfiable{ByteRange::Kind::unsatisfiable, 0, 0};

ByteRange suffix(std::string_view text, const ByteRange& whole) {
    const auto wanted = number(text);
    if (!wanted) return whole;
    if (*wanted == 0 || whole.length == 0) return unsatisfiable;
    const std::int64_t length = std::min(*wanted, whole.length);
    return {ByteRange::Kind::part, whole.length - length, length};
}

} // namespace

ByteRange parse_range(std::string_view header, std::int64_t size) {
    const ByteRange whole{ByteRange::Kind::whole, 0, size};
    constexpr std::string_view unit = "bytes=";
    if (!header.starts_with(unit)) return whole;
    header.remove_prefix(unit.size());
    const auto dash = header.find('-');
    if (dash == header.npos || header.find(',') != header.npos) return whole;
    if (dash == 0) return suffix(header.substr(1), whole);
    const auto first = number(header.substr(0, dash));
    const auto last_text = header.substr(dash + 1);
    const auto last = last_text.empty() ? std::optional<std::int64_t>(size - 1) : number(last_text);
    if (!first || !last || (!last_text.empty() && *last < *first)) return whole;
    if (*first >= size) return unsatisfiable;
    return {ByteRange::Kind::part, *first, std::min(*last, size - 1) - *first + 1};
}

std::string content_range(const ByteRange& range, std::int64_t size) {
    return "bytes " + std::to_string(range.offset) + "-" + std::to_string(range.offset + range.length - 1) + "/" +
           std::to_string(size);
}

} // namespace hk::host
