#include "span/values.hpp"

#include "span/decimal.hpp"

namespace hk::span {
namespace {

struct Count {
    std::uint64_t operator()(const NumberRange& range) const { return range.count; }
    std::uint64_t operator()(const LetterRange& range) const { return range.count; }
    std::uint64_t operator()(const List& list) const { return list.size(); }
};

struct TextAt {
    std::uint64_t index;

    std::string operator()(const NumberRange& range) const {
        // Unsigned, because only the result is known to fit, not the product on the way.
        const auto digits = static_cast<std::uint64_t>(range.first) + static_cast<std::uint64_t>(range.step) * index;
        return format_decimal(static_cast<std::int64_t>(digits), range.decimals, range.width);
    }
    std::string operator()(const LetterRange& range) const {
        return {static_cast<char>(range.first + range.step * static_cast<int>(index))};
    }
    std::string operator()(const List& list) const { return list[index]; }
};

} // namespace

std::uint64_t count_of(const Values& values) { return std::visit(Count{}, values); }

std::string text_at(const Values& values, std::uint64_t index) { return std::visit(TextAt{index}, values); }

} // namespace hk::span
