#include "cli/help.hpp"

#include "cli/text.hpp"

#include <algorithm>

namespace hk::cli {
namespace {

constexpr std::size_t indent = 2;
constexpr std::size_t text_column = 30;

void append_folded(std::string& into, std::string_view text, std::size_t column, std::size_t width) {
    std::size_t at = column;
    bool first = true;
    while (!text.empty()) {
        const auto space = std::min(text.find(' '), text.size());
        const std::string_view word = text.substr(0, space);
        const std::size_t needed = display_width(word);
        if (!first && at + 1 + needed > width) {
            into += "\n" + std::string(column, ' ');
            at = column;
        } else if (!first) {
            into += ' ';
            ++at;
        }
        into += word;
        at += needed;
        first = false;
        text.remove_prefix(std::min(space + 1, text.size()));
    }
    into += "\n";
}

void append_line(std::string& page, const HelpLine& line, std::size_t width) {
    page += std::string(indent, ' ') + line.heading;
    const std::size_t used = indent + display_width(line.heading);
    if (used + 2 > text_column) page += "\n" + std::string(text_column, ' ');
    else page += std::string(text_column - used, ' ');
    append_folded(page, line.text, text_column, width);
}

void append_lines(std::string& page, const std::vector<HelpLine>& lines, std::size_t width) {
    std::vector<std::string_view> sections;
    for (const HelpLine& line : lines)
        if (std::ranges::count(sections, line.section) == 0) sections.push_back(line.section);
    for (const std::string_view section : sections) {
        page += "\n" + std::string(section) + ":\n";
        for (const HelpLine& line : lines)
            if (line.section == section) append_line(page, line, width);
    }
}

} // namespace

std::string option_heading(std::string_view names, std::string_view value) {
    std::string heading = names.starts_with("--") ? "    " : "";
    for (const char c : names) heading += c == ',' ? std::string(", ") : std::string(1, c);
    if (!value.empty()) heading += " " + std::string(value);
    return heading;
}

std::string render_help(const HelpPage& page, int width) {
    const std::size_t columns = width <= 0 ? 80 : static_cast<std::size_t>(std::clamp(width, 60, 100));
    std::string text = "usage: " + std::string(page.about.usage) + "\n\n";
    append_folded(text, page.about.sentence, 0, columns);
    if (!page.about.examples.empty()) text += "\nExamples:\n";
    for (const std::string_view example : page.about.examples) text += "  " + std::string(example) + "\n";
    append_lines(text, page.lines, columns);
    if (page.about.more.empty()) return text;
    text += "\n";
    append_folded(text, page.about.more, 0, columns);
    return text;
}

} // namespace hk::cli
