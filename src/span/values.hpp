#pragma once
#include <cstdint>
#include <string>
#include <variant>
#include <vector>

namespace hk::span {

/// first, first + step, ...: decimals as integers times 10^-decimals, so that nothing is rounded.
struct NumberRange {
    std::int64_t first = 0;
    std::int64_t step = 1;
    std::uint64_t count = 0;
    unsigned decimals = 0;
    unsigned width = 0; ///< zeros are added in front until the text has this many characters
    friend bool operator==(const NumberRange&, const NumberRange&) = default;
};

/// 'a', 'b', ...
struct LetterRange {
    char first = 'a';
    int step = 1;
    std::uint64_t count = 0;
    friend bool operator==(const LetterRange&, const LetterRange&) = default;
};

using List = std::vector<std::string>;

/// The values one span stands for. Ranges are never expanded.
using Values = std::variant<NumberRange, LetterRange, List>;

std::uint64_t count_of(const Values& values);
/// The value at this position; index < count_of(values).
std::string text_at(const Values& values, std::uint64_t index);

} // namespace hk::span
