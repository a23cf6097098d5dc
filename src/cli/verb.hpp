#pragma once
#include "cli/session.hpp"

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace hk::cli {

/// One command: what it takes, and what it does. Made for one run.
class Verb {
public:
    virtual ~Verb() = default;
    /// Everything but the common options.
    virtual void declare(Parser& parser) = 0;
    /// The exit code. An Error is shown and mapped by the caller.
    virtual Result<int> run(Session& session) = 0;
    /// Whether it asks the Host, and so takes --host, --config, --json and --wide.
    virtual bool asks_host() const { return true; }
    CommonOptions common;
};

/// One line of a table of commands.
struct Command {
    std::string_view name;
    std::string_view summary;
    std::unique_ptr<Verb> (*make)();
};

template <class V>
std::unique_ptr<Verb> make_verb() {
    return std::make_unique<V>();
}

/// All that the verb takes, the common options included.
void declare_all(Verb& verb, Parser& parser);

/// Parses the words and runs the verb. 0, 2 and 125 as docs/exit-codes.md says, or what the verb
/// returns.
int run_verb(World& world, Verb& verb, std::span<const std::string> words);

/// The first word picks the command; without one, and with --help, the list is shown.
struct Menu {
    std::string_view usage;
    std::string_view sentence;
    std::span<const Command> commands;
    /// What is meant where the first word is an option, an id or "last"; may be null.
    std::unique_ptr<Verb> (*otherwise)() = nullptr;
};
/// "--config FILE list-tars" -> "list-tars --config FILE": options that every command has may stand before it.
std::vector<std::string> command_first(std::vector<std::string> words);
int run_menu(World& world, const Menu& menu, std::span<const std::string> words);

} // namespace hk::cli
