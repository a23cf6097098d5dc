#include "cli/verb.hpp"

#include "cli/help.hpp"
#include "cli/suggest.hpp"
#include "proto/error_map.hpp"

#include <algorithm>

namespace hk::cli {
namespace {

constexpr int usage_exit = 2;
constexpr int infrastructure_exit = 125;

/// 124 says that a wait of the user's own was over; a Host that took too long is infrastructure.
int exit_of(const Error& error) {
    return error.code == Errc::timeout ? infrastructure_exit : proto::exit_code(error.code);
}

void wrong_usage(World& world, const Error& error) {
    const std::string_view more = error.message.ends_with('?') ? " (--help shows all)\n" : "; see --help\n";
    world.err(world.program + ": " + error.message + std::string(more));
}

std::string list_of(const Menu& menu, int width) {
    HelpPage page{.about = {.usage = menu.usage, .sentence = menu.sentence}};
    for (const Command& command : menu.commands)
        if (!command.summary.empty()) page.lines.push_back({"Commands", std::string(command.name), command.summary});
    return render_help(page, width);
}

bool is_no_command(const std::string& word) {
    return word.starts_with('-') || word == "last" || (!word.empty() && word[0] >= '0' && word[0] <= '9');
}

} // namespace

void declare_all(Verb& verb, Parser& parser) {
    verb.declare(parser);
    declare_common(parser, verb.common, verb.asks_host());
}

int run_verb(World& world, Verb& verb, std::span<const std::string> words) {
    Parser parser;
    declare_all(verb, parser);
    const auto asked = parser.parse(words);
    if (!asked) {
        wrong_usage(world, asked.error());
        return usage_exit;
    }
    Session session(world, verb.common);
    if (*asked == Parser::Asked::help) {
        session.print(parser.help(session.out().width));
        return 0;
    }
    const auto code = verb.run(session);
    if (code) {
        session.progress({});
        return *code;
    }
    session.complain(code.error());
    return exit_of(code.error());
}

std::vector<std::string> command_first(std::vector<std::string> words) {
    CommonOptions ignored;
    Parser parser;
    declare_common(parser, ignored, true);
    const auto common = parser.declared();
    auto at = words.begin();
    while (at != words.end() && at->starts_with('-')) {
        const auto equals = at->find('=');
        const std::string_view name = std::string_view(*at).substr(0, equals);
        const auto option = std::ranges::find_if(common, [&](const Parser::Declared& each) {
            return std::ranges::find(each.names, name) != each.names.end();
        });
        if (option == common.end()) return words;
        at += option->takes_value && equals == at->npos ? std::min<std::ptrdiff_t>(2, words.end() - at) : 1;
    }
    if (at != words.end()) std::rotate(words.begin(), at, at + 1);
    return words;
}

int run_menu(World& world, const Menu& menu, std::span<const std::string> given) {
    const std::vector<std::string> ordered = command_first({given.begin(), given.end()});
    const std::span<const std::string> words(ordered);
    const bool asks = words.empty() || words.front() == "--help" || words.front() == "-h" || words.front() == "help";
    if (asks) {
        world.out(list_of(menu, world.around.out_tty ? world.around.columns : 0));
        return words.empty() ? usage_exit : 0;
    }
    const auto found = std::ranges::find(menu.commands, words.front(), &Command::name);
    if (found == menu.commands.end() && menu.otherwise != nullptr && is_no_command(words.front()))
        return run_verb(world, *menu.otherwise(), words);
    if (found == menu.commands.end()) {
        std::vector<std::string_view> names;
        for (const Command& command : menu.commands) names.push_back(command.name);
        const bool option = words.front().starts_with('-');
        wrong_usage(world, {Errc::invalid,
                            (option ? "a command comes first, not " : "there is no command ") +
                                harmless(words.front()) + did_you_mean(words.front(), names),
                            {}});
        return usage_exit;
    }
    if (found->make == nullptr) { // a program of its own
        wrong_usage(world, {Errc::invalid, words.front() + " comes first, and its options after it", {}});
        return usage_exit;
    }
    world.program += " " + words.front();
    return run_verb(world, *found->make(), words.subspan(1));
}

} // namespace hk::cli
