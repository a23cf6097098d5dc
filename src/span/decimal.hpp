#pragma once
#include "base/result.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace hk::span {

/// A number as it was written: 0.10 is {10, 2 decimals}.
struct Decimal {
    std::int64_t digits = 0;
    unsigned decimals = 0;
    bool padded = false; ///< written with leading zeros
    unsigned width = 0;  ///< characters it was written with
};

/// At most this many digits, so that every number fits with room for adding.
constexpr std::size_t max_digits = 18;

/// "7", "-0.25", "007". No exponent, no plus sign, a digit before the point.
Result<Decimal> parse_decimal(std::string_view text);

/// The digits when the number is written with this many decimals (at least its own).
Result<std::int64_t> digits_with(const Decimal& number, unsigned decimals);

/// digits * 10^-decimals, zeros in front until it is `width` characters long.
std::string format_decimal(std::int64_t digits, unsigned decimals, unsigned width);

} // namespace hk::span
