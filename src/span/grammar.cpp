#include "span/grammar.hpp"

#include "span/decimal.hpp"

#include <algorithm>

namespace hk::span {
namespace {

constexpr std::string_view keyword = "span:";
constexpr std::string_view file_keyword = "file:";
constexpr std::string_view escaped = ",[]\\";

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool is_lower(char c) { return c >= 'a' && c <= 'z'; }

/// "timespan:{1..2}" is a word that ends like ours; "--x=span:{1..2}" is a span.
bool is_part_of_word(char c) { return is_letter(c) || (c >= '0' && c <= '9') || c == '_'; }

std::string_view trim(std::string_view text) {
    constexpr std::string_view blanks = " \t\r\n";
    const auto first = text.find_first_not_of(blanks);
    if (first == text.npos) return {};
    return text.substr(first, text.find_last_not_of(blanks) - first + 1);
}

std::unexpected<Error> invalid(std::string message) { return fail(Errc::invalid, std::move(message)); }

std::optional<SpanKind> kind_of(std::string_view after_keyword) {
    if (after_keyword.starts_with('{')) return SpanKind::braces;
    if (after_keyword.starts_with('[')) return SpanKind::brackets;
    if (after_keyword.starts_with(file_keyword)) return SpanKind::file;
    return std::nullopt;
}

/// The position of the bracket that closes the list whose body begins here, or npos.
std::size_t end_of_list(std::string_view text, std::size_t from) {
    int depth = 0;
    for (std::size_t i = from; i < text.size(); ++i) {
        if (text[i] == '\\' && i + 1 < text.size() && escaped.contains(text[i + 1])) {
            ++i;
        } else if (text[i] == '[') {
            ++depth;
        } else if (text[i] == ']' && depth-- == 0) {
            return i;
        }
    }
    return text.npos;
}

Result<SpanText> delimit(std::string_view argument, std::size_t begin, SpanKind kind) {
    const std::size_t body = begin + keyword.size() + (kind == SpanKind::file ? file_keyword.size() : 1);
    if (kind == SpanKind::file) {
        return SpanText{kind, begin, argument.size(), argument.substr(body)};
    }
    const bool braces = kind == SpanKind::braces;
    const auto close = braces ? argument.find('}', body) : end_of_list(argument, body);
    if (close == argument.npos) {
        return invalid("'" + std::string(argument.substr(begin)) + "' has no closing '" + (braces ? "}'" : "]'"));
    }
    return SpanText{kind, begin, close + 1, argument.substr(body, close - body)};
}

struct Steps {
    std::int64_t first, last, step;
};

/// How many steps lie between first and last, ends included; fails when the step leads away.
Result<std::uint64_t> count_steps(const Steps& s) {
    if (s.step == 0) return invalid("the step is 0");
    if ((s.step > 0 && s.first > s.last) || (s.step < 0 && s.first < s.last)) {
        return invalid(s.step > 0 ? "the range is empty: to count down, give a negative step as in {10..1..-1}"
                                  : "the range is empty: the step is negative, but the end is above the start");
    }
    const auto distance = s.step > 0 ? static_cast<std::uint64_t>(s.last) - static_cast<std::uint64_t>(s.first)
                                     : static_cast<std::uint64_t>(s.first) - static_cast<std::uint64_t>(s.last);
    const auto stride = s.step > 0 ? static_cast<std::uint64_t>(s.step) : -static_cast<std::uint64_t>(s.step);
    return distance / stride + 1;
}

struct RangeText {
    std::string_view first, last;
    std::optional<std::string_view> step;
};

Result<RangeText> split_range(std::string_view body) {
    const auto dots = body.find("..");
    RangeText range{trim(body.substr(0, dots)), body.substr(dots + 2), {}};
    if (const auto more = range.last.find(".."); more != body.npos) {
        range.step = trim(range.last.substr(more + 2));
        range.last = range.last.substr(0, more);
    }
    range.last = trim(range.last);
    return range;
}

Result<Values> letter_range(const RangeText& range) {
    Decimal step{.digits = 1};
    if (range.step) {
        HK_TRY(step, parse_decimal(*range.step));
        if (step.decimals > 0 || std::abs(step.digits) > 25) return invalid("the step of letters is a whole number");
    }
    const char first = range.first.front(), last = range.last.front();
    if (is_lower(first) != is_lower(last)) return invalid("a range of letters stays in one case");
    HK_TRY(const auto count, count_steps({first, last, step.digits}));
    return LetterRange{first, static_cast<int>(step.digits), count};
}

Result<Values> number_range(const RangeText& range) {
    HK_TRY(const auto first, parse_decimal(range.first));
    HK_TRY(const auto last, parse_decimal(range.last));
    Decimal step{.digits = 1};
    if (range.step) {
        HK_TRY(step, parse_decimal(*range.step));
    } else if (first.decimals > 0 || last.decimals > 0) {
        return invalid("a range of fractions needs a step, as in {0.1..0.5..0.1}");
    }
    // The end has no say in how values are written, only in where they stop.
    const unsigned decimals = std::max(first.decimals, step.decimals);
    const unsigned exact = std::max(decimals, last.decimals);
    HK_TRY(const auto exact_first, digits_with(first, exact));
    HK_TRY(const auto exact_last, digits_with(last, exact));
    HK_TRY(const auto exact_step, digits_with(step, exact));
    HK_TRY(const auto count, count_steps({exact_first, exact_last, exact_step}));
    HK_TRY(const auto written_first, digits_with(first, decimals));
    HK_TRY(const auto written_step, digits_with(step, decimals));
    const unsigned width = first.padded || last.padded ? std::max(first.width, last.width) : 0;
    return NumberRange{written_first, written_step, count, decimals, width};
}

void append_item(List& items, std::string_view raw) {
    raw = trim(raw);
    std::string item;
    for (std::size_t i = 0; i < raw.size(); ++i) {
        if (raw[i] == '\\' && i + 1 < raw.size() && escaped.contains(raw[i + 1])) ++i;
        item += raw[i];
    }
    items.push_back(std::move(item));
}

} // namespace

Result<std::optional<SpanText>> find_span(std::string_view argument, std::size_t from) {
    for (auto at = argument.find(keyword, from); at != argument.npos; at = argument.find(keyword, at + 1)) {
        if (at > 0 && is_part_of_word(argument[at - 1])) continue;
        const auto kind = kind_of(argument.substr(at + keyword.size()));
        if (!kind) continue;
        HK_TRY(const auto span, delimit(argument, at, *kind));
        return span;
    }
    return std::nullopt;
}

Result<Values> parse_range(std::string_view body) {
    HK_TRY(const auto range, split_range(body));
    const bool letters =
        range.first.size() == 1 && range.last.size() == 1 && is_letter(range.first[0]) && is_letter(range.last[0]);
    return letters ? letter_range(range) : number_range(range);
}

Result<Values> parse_list(std::string_view body) {
    if (trim(body).empty()) return invalid("the list is empty");
    List items;
    int depth = 0;
    std::size_t begin = 0;
    for (std::size_t i = 0; i < body.size(); ++i) {
        if (body[i] == '\\' && i + 1 < body.size() && escaped.contains(body[i + 1])) {
            ++i;
        } else if (body[i] == '[') {
            ++depth;
        } else if (body[i] == ']') {
            --depth;
        } else if (body[i] == ',' && depth == 0) {
            append_item(items, body.substr(begin, i - begin));
            begin = i + 1;
        }
    }
    append_item(items, body.substr(begin));
    return items;
}

Result<Values> parse_braces(std::string_view body) {
    if (body.contains("..")) return parse_range(body);
    if (body.contains(',')) return parse_list(body);
    return invalid("between the braces stands neither a range such as {1..5} nor a list such as {a,b}");
}

Result<Values> parse_lines(std::string_view text) {
    List items;
    while (!text.empty()) {
        const auto end = text.find('\n');
        const auto line = trim(text.substr(0, end));
        if (!line.empty()) items.emplace_back(line);
        text = end == text.npos ? std::string_view{} : text.substr(end + 1);
    }
    if (items.empty()) return invalid("the file has no line with a value");
    return items;
}

std::string format_list(const List& items) {
    std::string text = "span:[";
    for (std::size_t i = 0; i < items.size(); ++i) {
        if (i > 0) text += ',';
        for (const char c : items[i]) {
            if (escaped.contains(c) || c == '[') text += '\\';
            text += c;
        }
    }
    return text + ']';
}

} // namespace hk::span
