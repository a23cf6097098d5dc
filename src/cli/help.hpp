#pragma once
#include "cli/parser.hpp"

#include <string>
#include <string_view>
#include <vector>

/// Help texts: usage, one sentence, examples, options under their headings.
namespace hk::cli {

struct HelpLine {
    std::string section;
    std::string heading; ///< "-f, --follow N"
    std::string_view text;
};

struct HelpPage {
    AboutText about;
    std::vector<HelpLine> lines;
};

/// "-f,--follow" and "N" -> "-f, --follow N"
std::string option_heading(std::string_view names, std::string_view value);

/// Folds at spaces to `width` columns (0: 80), never past 100: long lines are hard to read.
std::string render_help(const HelpPage& page, int width);

} // namespace hk::cli
