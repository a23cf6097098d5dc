#include "span/decimal.hpp"

#include <algorithm>
#include <charconv>

namespace hk::span {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }

std::unexpected<Error> not_a_number(std::string_view text) {
    return fail(Errc::invalid, "'" + std::string(text) + "' is not a number such as 3, -2 or 0.25");
}

} // namespace

Result<Decimal> parse_decimal(std::string_view text) {
    const bool negative = text.starts_with('-');
    const auto unsigned_text = text.substr(negative ? 1 : 0);
    const auto point = unsigned_text.find('.');
    const auto whole = unsigned_text.substr(0, point);
    const auto fraction = point == text.npos ? std::string_view{} : unsigned_text.substr(point + 1);
    const bool has_point = point != text.npos;
    if (whole.empty() || !std::ranges::all_of(whole, is_digit)) return not_a_number(text);
    if (has_point && (fraction.empty() || !std::ranges::all_of(fraction, is_digit))) {
        return not_a_number(text);
    }
    std::string digits(whole);
    digits += fraction;
    if (digits.size() > max_digits) {
        return fail(Errc::invalid, "'" + std::string(text) + "' has more than 18 digits");
    }
    Decimal number{.decimals = static_cast<unsigned>(fraction.size()),
                   .padded = whole.size() > 1 && whole.front() == '0',
                   .width = static_cast<unsigned>(text.size())};
    std::from_chars(digits.data(), digits.data() + digits.size(), number.digits);
    if (negative) number.digits = -number.digits;
    return number;
}

Result<std::int64_t> digits_with(const Decimal& number, unsigned decimals) {
    std::int64_t digits = number.digits;
    for (unsigned i = number.decimals; i < decimals; ++i) {
        if (__builtin_mul_overflow(digits, std::int64_t{10}, &digits)) {
            return fail(Errc::invalid, "the numbers have more digits together than can be counted exactly");
        }
    }
    return digits;
}

std::string format_decimal(std::int64_t digits, unsigned decimals, unsigned width) {
    const bool negative = digits < 0;
    std::string text = std::to_string(digits).substr(negative ? 1 : 0);
    if (text.size() <= decimals) text.insert(0, decimals + 1 - text.size(), '0');
    if (decimals > 0) text.insert(text.size() - decimals, 1, '.');
    const std::size_t room = width > (negative ? 1u : 0u) ? width - (negative ? 1u : 0u) : 0;
    if (text.size() < room) text.insert(0, room - text.size(), '0');
    return negative ? "-" + text : text;
}

} // namespace hk::span
