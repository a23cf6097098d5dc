#include "cli/parser.hpp"

#include "cli/help.hpp"
#include "cli/suggest.hpp"

#include <CLI/CLI.hpp>

#include <algorithm>
#include <charconv>
#include <deque>
#include <functional>

namespace hk::cli {
namespace {

using Values = std::vector<std::string>;

std::vector<std::string_view> split_names(std::string_view names) {
    std::vector<std::string_view> parts;
    for (;;) {
        const auto comma = names.find(',');
        parts.push_back(names.substr(0, comma));
        if (comma == names.npos) return parts;
        names.remove_prefix(comma + 1);
    }
}

std::string in_quotes(std::string_view word) {
    constexpr std::size_t longest = 60;
    return "\"" + std::string(word.substr(0, longest)) + (word.size() > longest ? "...\"" : "\"");
}

/// One declared option: what CLI11 collects for it, and where that goes.
struct Entry {
    std::string section;
    OptionText text;
    PositionalText positional;
    Values values;
    bool flag = false;
    bool repeatable = false;
    CLI::Option* option = nullptr;
    std::function<Result<>(const Values&)> store;
    std::string_view main_name() const { return split_names(text.names).back(); }
};

} // namespace

struct Parser::Impl {
    CLI::App app;
    AboutText about;
    std::string section = "Options";
    std::deque<Entry> entries; ///< a deque: CLI11 holds references to `values`
    std::optional<Entry> positional;
    UserCommand* command = nullptr;
    bool help = false;

    Entry& add(OptionText text) { return entries.emplace_back(Entry{.section = section, .text = text}); }
    void add_value(Entry& entry) {
        entry.option = app.add_option(std::string(entry.text.names), entry.values)->allow_extra_args(false);
    }
    std::vector<std::string_view> all_names() const;
    Result<> check_words(std::span<const std::string> words) const;
    bool takes_value(std::string_view name) const;
    Result<> collect(std::span<const std::string> words);
    Result<> check_value(const Entry& entry) const;
    Result<> take_rest();
    Result<> take_positionals();
    Error unknown_option(std::string_view word) const;
};

std::vector<std::string_view> Parser::Impl::all_names() const {
    std::vector<std::string_view> names;
    for (const Entry& entry : entries) std::ranges::copy(split_names(entry.text.names), std::back_inserter(names));
    return names;
}

Error Parser::Impl::unknown_option(std::string_view word) const {
    word = word.substr(0, word.find('='));
    return {Errc::invalid, "there is no option " + in_quotes(word) + did_you_mean(word, all_names()), {}};
}

/// CLI11 reads "--name=" as "--name NEXT"; nobody means that.
Result<> Parser::Impl::check_words(std::span<const std::string> words) const {
    for (std::size_t i = 0; i < words.size(); ++i) {
        const std::string_view word = words[i];
        if (word == "--" || !word.starts_with('-')) break; // the command begins
        if (takes_value(word)) ++i;
        const bool empty_value = word.starts_with("--") && word.ends_with('=');
        const std::string name(word.substr(0, word.size() - 1));
        if (empty_value && std::ranges::count(all_names(), name) > 0)
            return fail(Errc::invalid, name + " needs a value after the =");
    }
    return {};
}

bool Parser::Impl::takes_value(std::string_view name) const {
    return std::ranges::any_of(entries, [&](const Entry& entry) {
        return !entry.flag && std::ranges::count(split_names(entry.text.names), name) > 0;
    });
}

Result<> Parser::Impl::collect(std::span<const std::string> words) {
    try {
        app.parse(Values(words.rbegin(), words.rend()));
        return {};
    } catch (const CLI::ArgumentMismatch& mismatch) {
        const std::string text = mismatch.what();
        return fail(Errc::invalid, text.substr(0, text.find(':')) + " needs a value");
    } catch (const CLI::Error& error) {
        return fail(Errc::invalid, error.what());
    }
}

Result<> Parser::Impl::check_value(const Entry& entry) const {
    if (entry.flag) return {};
    const auto names = all_names();
    for (const std::string& value : entry.values)
        if (value == "--" || (value.starts_with("--") && std::ranges::count(names, value) > 0))
            return fail(Errc::invalid, std::string(entry.main_name()) + " needs a value, and " + value + " is none");
    if (entry.values.size() > 1 && !entry.repeatable)
        return fail(Errc::invalid, std::string(entry.main_name()) + " is given twice");
    return {};
}

/// What CLI11 did not recognise, in order, with the `--` where it stood.
Result<> Parser::Impl::take_rest() {
    Values rest = app.remaining();
    const bool marked = !rest.empty() && rest.front() == "--";
    if (!marked && !rest.empty() && rest.front().starts_with('-') && rest.front().size() > 1)
        return fail(unknown_option(rest.front()));
    if (marked) rest.erase(rest.begin());
    if (command != nullptr) {
        *command = {std::move(rest), marked};
        return {};
    }
    for (const std::string& word : rest)
        if (word.starts_with('-') && word != "--") return fail(unknown_option(word));
    std::erase(rest, "--");
    if (!rest.empty()) return fail(Errc::invalid, "there is a word too many: " + in_quotes(rest.front()));
    return {};
}

Result<> Parser::Impl::take_positionals() {
    if (!positional) return {};
    const PositionalText& text = positional->positional;
    if (positional->values.size() < text.least)
        return fail(Errc::invalid, std::string(text.name) + " is missing: " + std::string(text.help));
    if (positional->values.size() > text.most)
        return fail(Errc::invalid, "there is a word too many: " + in_quotes(positional->values[text.most]));
    return positional->store(positional->values);
}

Parser::Parser()
    : impl_(std::make_unique<Impl>()) {
    impl_->app.set_help_flag("");
    impl_->app.allow_extras(true);
}
Parser::~Parser() = default;
Parser::Parser(Parser&&) noexcept = default;

void Parser::about(AboutText text) { impl_->about = std::move(text); }
void Parser::section(std::string_view title) { impl_->section = title; }

void Parser::flag(OptionText text, bool& into) {
    auto& entry = impl_->add(text);
    entry.flag = true;
    entry.option = impl_->app.add_flag(std::string(text.names), into);
}

void Parser::option(OptionText text, std::optional<std::string>& into) {
    auto& entry = impl_->add(text);
    impl_->add_value(entry);
    entry.store = [&into](const Values& values) -> Result<> {
        if (!values.empty()) into = values.front();
        return {};
    };
}

void Parser::option(OptionText text, std::vector<std::string>& into) {
    auto& entry = impl_->add(text);
    impl_->add_value(entry);
    entry.repeatable = true;
    entry.store = [&into](const Values& values) -> Result<> {
        into = values;
        return {};
    };
}

void Parser::number(OptionText text, Between range, std::optional<std::int64_t>& into) {
    auto& entry = impl_->add(text);
    impl_->add_value(entry);
    entry.store = [&into, &entry, range](const Values& values) -> Result<> {
        if (values.empty()) return {};
        HK_TRY(into, parse_number(entry.main_name(), values.front(), range));
        return {};
    };
}

void Parser::optional_value(OptionText text, bool& given, std::optional<std::string>& into) {
    auto& entry = impl_->add(text);
    entry.option = impl_->app.add_option(std::string(text.names), entry.values)->expected(0, 1);
    entry.store = [&into, &given, &entry](const Values& values) -> Result<> {
        given = entry.option->count() > 0;
        if (!values.empty() && !values.front().empty()) into = values.front();
        return {};
    };
}

void Parser::positional(PositionalText text, std::vector<std::string>& into) {
    auto& entry = impl_->positional.emplace();
    entry.positional = text;
    entry.option = impl_->app.add_option("words", entry.values);
    entry.store = [&into](const Values& values) -> Result<> {
        into = values;
        return {};
    };
}

void Parser::command(PositionalText text, UserCommand& into) {
    impl_->positional.emplace().positional = text;
    impl_->positional->positional.least = 0;
    impl_->positional->store = [](const Values&) -> Result<> { return {}; };
    impl_->command = &into;
    impl_->app.prefix_command();
}

Result<Parser::Asked> Parser::parse(std::span<const std::string> words) {
    impl_->help = false;
    impl_->section = "Other";
    flag({.names = "-h,--help", .help = "Show this text."}, impl_->help);
    HK_CHECK(impl_->check_words(words));
    HK_CHECK(impl_->collect(words));
    if (impl_->help) return Asked::help;
    HK_CHECK(impl_->take_rest());
    for (const auto& entry : impl_->entries) {
        HK_CHECK(impl_->check_value(entry));
        if (entry.store) HK_CHECK(entry.store(entry.values));
    }
    HK_CHECK(impl_->take_positionals());
    return Asked::run;
}

std::string Parser::help(int width) const {
    HelpPage page{.about = impl_->about};
    if (impl_->positional && !impl_->positional->positional.name.empty()) {
        const PositionalText& text = impl_->positional->positional;
        page.lines.push_back({"Arguments", std::string(text.name), text.help});
    }
    for (const auto& entry : impl_->entries)
        page.lines.push_back({entry.section, option_heading(entry.text.names, entry.text.value), entry.text.help});
    return render_help(page, width);
}

std::vector<Parser::Declared> Parser::declared() const {
    std::vector<Declared> all;
    for (const auto& entry : impl_->entries)
        all.push_back({split_names(entry.text.names), entry.text.help, !entry.flag, entry.text.what, entry.text.choices,
                       false, entry.repeatable});
    if (impl_->positional) {
        const PositionalText& text = impl_->positional->positional;
        all.push_back({{}, text.help, true, text.what, text.choices, impl_->command != nullptr, text.most > 1});
    }
    return all;
}

Result<std::int64_t> parse_number(std::string_view what, std::string_view text, Between range) {
    std::int64_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    const bool all = end == text.data() + text.size();
    if (error == std::errc{} && all && number >= range.least && number <= range.most) return number;
    return fail(Errc::invalid, std::string(what) + " needs a whole number from " + std::to_string(range.least) +
                                   " to " + std::to_string(range.most) + ", and " + in_quotes(text) + " is none");
}

} // namespace hk::cli
