#pragma once
#include "base/result.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

/// The words of a command line, behind one small interface: parser.cpp is the only file that knows
/// CLI11.
namespace hk::cli {

/// What a value names, so that shells can complete it.
enum class Names { anything, choice, file, folder, node, task, batch, environment };

struct OptionText {
    std::string_view names;      ///< "-f,--follow"
    std::string_view value = {}; ///< "N", as help shows it; empty for flags
    std::string_view help;
    Names what = Names::anything;
    std::string_view choices = {}; ///< "a,b,c" with Names::choice
};

struct PositionalText {
    std::string_view name; ///< "ID..."
    std::string_view help;
    std::size_t least = 1;
    std::size_t most = 1;
    Names what = Names::anything;
    std::string_view choices = {};
};

/// The head of a help text. Examples come before the options: they are what people look for.
struct AboutText {
    std::string_view usage; ///< "hakuriver.client [OPTIONS] [--] COMMAND [ARGS...]"
    std::string_view sentence;
    std::vector<std::string_view> examples = {};
    std::string_view more = {}; ///< paragraphs at the end
};

/// A range of whole numbers, both ends included.
struct Between {
    std::int64_t least = 0;
    std::int64_t most = 0;
};

/// The command that stands at the end of the words, byte for byte.
struct UserCommand {
    std::vector<std::string> words;
    bool marked = false; ///< `--` stood before it
};

/// Declares options and fills variables; one command each. The variables must live as long as parse
/// is called. Mistakes are Errc::invalid with one sentence.
class Parser {
public:
    Parser();
    ~Parser();
    Parser(Parser&&) noexcept;

    void about(AboutText text);
    /// Options declared from here on stand under this heading.
    void section(std::string_view title);

    void flag(OptionText text, bool& into);
    /// At most once.
    void option(OptionText text, std::optional<std::string>& into);
    /// Repeatable.
    void option(OptionText text, std::vector<std::string>& into);
    void number(OptionText text, Between range, std::optional<std::int64_t>& into);
    /// `--health` or `--health NODE`.
    void optional_value(OptionText text, bool& given, std::optional<std::string>& into);
    void positional(PositionalText text, std::vector<std::string>& into);
    /// From the first word that is no option, or from after `--`.
    void command(PositionalText text, UserCommand& into);

    enum class Asked { run, help };
    Result<Asked> parse(std::span<const std::string> words);

    /// The whole help text, for a terminal of this width (0: 80).
    std::string help(int width = 0) const;

    /// What shell completion needs.
    struct Declared {
        std::vector<std::string_view> names; ///< "-f", "--follow"; empty for positionals
        std::string_view help;
        bool takes_value = false;
        Names what = Names::anything;
        std::string_view choices;
        bool is_command = false;
        bool repeatable = false;
    };
    std::vector<Declared> declared() const;

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

/// A whole number of the range, or a sentence that says `what` ("--cores") needs one.
Result<std::int64_t> parse_number(std::string_view what, std::string_view text, Between range);

} // namespace hk::cli
