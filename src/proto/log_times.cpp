#include "proto/log_times.hpp"

#include <algorithm>
#include <charconv>
#include <optional>

namespace hk::proto {
namespace {

/// Takes a number from the front of the text, and `end` behind it.
std::optional<std::int64_t> take_number(std::string_view& text, std::string_view end) {
    std::int64_t value = 0;
    const auto [rest, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || value < 0) return std::nullopt;
    text.remove_prefix(static_cast<std::size_t>(rest - text.data()));
    if (!text.starts_with(end)) return std::nullopt;
    text.remove_prefix(end.size());
    return value;
}

/// Later than any date that makes sense, and no overflow when it is counted in microseconds.
constexpr std::int64_t latest_ms = std::int64_t{1} << 43;

std::optional<LogMark> parse_mark(std::string_view line) {
    const auto size = take_number(line, " ");
    const auto ms = size ? take_number(line, "") : std::nullopt;
    if (!ms || !line.empty() || *ms > latest_ms) return std::nullopt;
    return LogMark{*size, Time{std::chrono::milliseconds{*ms}}};
}

} // namespace

std::string format_mark(const LogMark& mark) {
    const auto ms = std::chrono::floor<std::chrono::milliseconds>(mark.at.time_since_epoch()).count();
    return std::to_string(mark.size) + " " + std::to_string(ms) + "\n";
}

std::vector<LogMark> parse_marks(std::string_view text) {
    std::vector<LogMark> marks;
    for (auto end = text.find('\n'); end != text.npos; end = text.find('\n')) {
        const auto mark = parse_mark(text.substr(0, end));
        text.remove_prefix(end + 1);
        if (!mark) continue;
        if (!marks.empty() && mark->size < marks.back().size) marks.clear();
        if (marks.empty()) marks.push_back(*mark);
        else if (mark->size > marks.back().size) marks.push_back({mark->size, std::max(mark->at, marks.back().at)});
    }
    return marks;
}

} // namespace hk::proto
