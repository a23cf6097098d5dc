#include "base/units.hpp"

#include <array>
#include <charconv>
#include <cstdio>

namespace hk {
namespace {

constexpr std::int64_t largest = std::int64_t{1} << 60;

std::int64_t factor_of(char suffix) {
    switch (suffix) {
    case 'k':
    case 'K': return 1'000;
    case 'm':
    case 'M': return 1'000'000;
    case 'g':
    case 'G': return 1'000'000'000;
    case 't':
    case 'T': return 1'000'000'000'000;
    default: return 0;
    }
}

} // namespace

Result<Bytes> parse_size(std::string_view text) {
    const auto wrong = [&](std::string_view why) {
        return fail(Errc::invalid, "\"" + std::string(text.substr(0, 40)) + "\" is not a size: " + std::string(why) +
                                       "; write for example 512M or 4G");
    };
    std::int64_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error == std::errc::result_out_of_range) return wrong("it is too large");
    if (error != std::errc{}) return wrong("it must start with a digit");
    if (number <= 0) return wrong("it must be more than zero");
    const std::string_view rest(end, static_cast<std::size_t>(text.data() + text.size() - end));
    std::int64_t factor = 1;
    if (rest.size() == 1) factor = factor_of(rest.front());
    if (rest.size() > 1 || factor == 0) return wrong("the unit must be K, M, G or T (1000-based)");
    if (number > largest / factor) return wrong("it is too large");
    return Bytes{number * factor};
}

std::string format_size(Bytes size) {
    constexpr std::array units{"B", "kB", "MB", "GB", "TB", "PB"};
    auto amount = static_cast<double>(size.value);
    std::size_t unit = 0;
    while (amount >= 999.5 && unit + 1 < units.size()) {
        amount /= 1000;
        ++unit;
    }
    std::array<char, 32> buffer{};
    const int decimals = unit == 0 || amount >= 99.95 ? 0 : amount >= 9.995 ? 1 : 2;
    std::string number(buffer.data(),
                       static_cast<std::size_t>(std::snprintf(buffer.data(), buffer.size(), "%.*f", decimals, amount)));
    if (decimals > 0) number.erase(number.find_last_not_of('0') + 1);
    if (number.ends_with('.')) number.pop_back();
    return number + " " + units[unit];
}

} // namespace hk
