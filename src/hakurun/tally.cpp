#include "hakurun/tally.hpp"

#include <string.h>

#include <algorithm>
#include <array>
#include <string_view>

namespace hk::hakurun {
namespace {

constexpr std::size_t max_line_shown = 200;

using Row = std::array<std::string, 4>;

Row row_of(const Ended& ended) {
    std::string line = ended.line;
    if (line.size() > max_line_shown) line = line.substr(0, max_line_shown) + "...";
    return {std::to_string(ended.number), describe_code(ended.code), format_duration(ended.took), std::move(line)};
}

std::string aligned(const std::vector<Row>& rows) {
    std::array<std::size_t, 3> widths{};
    for (const auto& row : rows) {
        for (std::size_t i = 0; i < widths.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
    }
    std::string text;
    for (const auto& row : rows) {
        text += "  ";
        for (std::size_t i = 0; i < widths.size(); ++i)
            text += row[i] + std::string(widths[i] - row[i].size() + 2, ' ');
        text += row.back() + "\n";
    }
    return text;
}

} // namespace

std::string describe_code(int code) {
    const char* name = code > 128 ? sigabbrev_np(code - 128) : nullptr;
    return std::to_string(code) + (name ? std::string(" SIG") + name : "");
}

void Tally::add(Ended ended) {
    highest_code_ = std::max(highest_code_, ended.code);
    if (ended.code == 0) {
        ++succeeded_;
        return;
    }
    ++failed_;
    if (listed_.size() < max_listed) listed_.push_back(std::move(ended));
}

std::string Tally::summary(std::uint64_t total, Duration took) const {
    std::string text = table();
    text += "hakurun: " + std::to_string(succeeded_) + " of " + std::to_string(total) + " succeeded";
    if (failed_ > 0) text += ", " + std::to_string(failed_) + " failed";
    if (stopped_ > 0) text += ", " + std::to_string(stopped_) + " stopped";
    if (done() < total) text += ", " + std::to_string(total - done()) + " not run";
    return text + ", in " + format_duration(took) + "\n";
}

std::string Tally::table() const {
    if (listed_.empty()) return {};
    auto failures = listed_;
    std::ranges::sort(failures, {}, &Ended::number);
    std::vector<Row> rows{{"NUMBER", "EXIT", "TIME", "COMMAND"}};
    for (const auto& failure : failures) rows.push_back(row_of(failure));
    std::string text = "hakurun: these failed:\n" + aligned(rows);
    if (failed_ > listed_.size()) text += "  and " + std::to_string(failed_ - listed_.size()) + " more\n";
    return text;
}

} // namespace hk::hakurun
