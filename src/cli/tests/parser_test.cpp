#include "cli/parser.hpp"

#include "support/golden.hpp"

#include <doctest/doctest.h>

using namespace hk;
using namespace hk::cli;

namespace {

/// One option of each kind, with a command at the end.
struct Line {
    bool wait = false;
    std::optional<std::string> container;
    std::vector<std::string> targets;
    std::optional<std::int64_t> cores;
    bool health = false;
    std::optional<std::string> health_node;
    UserCommand command;
    Parser parser;

    Line() {
        parser.about({.usage = "thing [OPTIONS] [--] COMMAND [ARGS...]",
                      .sentence = "Runs COMMAND somewhere, and says where; this sentence is long "
                                  "enough to be folded.",
                      .examples = {"thing --target node1 -- df -h"},
                      .more = "See also the manual."});
        parser.section("Where");
        parser.option({.names = "-t,--target", .value = "NODE", .help = "Where to run.", .what = Names::node}, targets);
        parser.section("What it gets");
        parser.number({.names = "--cores", .value = "N", .help = "Cores of the task, as many as the node has free."},
                      {0, 1000}, cores);
        parser.option({.names = "--container", .value = "NAME", .help = "Environment."}, container);
        parser.section("Other");
        parser.flag({.names = "-w,--wait", .help = "Wait for the end."}, wait);
        parser.optional_value({.names = "--health", .value = "[NODE]", .help = "Show health."}, health, health_node);
        parser.command({.name = "COMMAND", .help = "What to run."}, command);
    }
    Result<Parser::Asked> parse(std::vector<std::string> words) { return parser.parse(words); }
};

std::string mistake(std::vector<std::string> words) {
    Line line;
    const auto parsed = line.parse(std::move(words));
    if (parsed) return "none";
    CHECK(parsed.error().code == Errc::invalid);
    return parsed.error().message;
}

using Words = std::vector<std::string>;

} // namespace

TEST_CASE("parser: the command is passed byte for byte, with and without --") {
    struct Case {
        Words words;
        Words command;
    };
    const std::vector<Case> cases{
        {{"ls"}, {"ls"}},
        {{"--", "ls"}, {"ls"}},
        {{"-t", "n1", "python", "x.py", "--lr", "3", "-w"}, {"python", "x.py", "--lr", "3", "-w"}},
        {{"-t", "n1", "-t", "n2", "echo", "hi"}, {"echo", "hi"}},
        {{"--target=n1", "--", "--odd", "--", "-x"}, {"--odd", "--", "-x"}},
        {{"git", "checkout", "--", "file"}, {"git", "checkout", "--", "file"}},
        {{"--", "--", "x"}, {"--", "x"}},
        {{"-w", "echo", "[a,b]", "{x}", "", "--container="}, {"echo", "[a,b]", "{x}", "", "--container="}},
        {{"--cores", "2", "-", "x"}, {"-", "x"}},
        {{"echo", "--help"}, {"echo", "--help"}},
        {{}, {}},
    };
    for (const Case& c : cases) {
        Line line;
        const auto parsed = line.parse(c.words);
        REQUIRE_MESSAGE(parsed, parsed.error().message);
        CHECK(*parsed == Parser::Asked::run);
        CHECK(line.command.words == c.command);
    }
}

TEST_CASE("parser: options fill their variables") {
    Line line;
    REQUIRE(line.parse({"-t", "n1:0::1,2", "--target=n2", "--cores", "4", "--container", "[a,b]", "-w", "--", "x"}));
    CHECK(line.targets == Words{"n1:0::1,2", "n2"});
    CHECK(line.cores == 4);
    CHECK(line.container == "[a,b]");
    CHECK(line.wait);
    CHECK(line.command.marked);
    CHECK_FALSE(line.health);
}

TEST_CASE("parser: an optional value is optional") {
    Line without;
    REQUIRE(without.parse({"--health"}));
    CHECK(without.health);
    CHECK_FALSE(without.health_node);
    Line with;
    REQUIRE(with.parse({"--health", "n1", "-w"}));
    CHECK(with.health_node == "n1");
    CHECK(with.wait);
    Line before_option;
    REQUIRE(before_option.parse({"--health", "-w"}));
    CHECK(before_option.health);
    CHECK_FALSE(before_option.health_node);
}

TEST_CASE("parser: each mistake is one sentence") {
    CHECK(mistake({"--target"}) == "--target needs a value");
    CHECK(mistake({"--target", "--wait", "ls"}) == "--target needs a value, and --wait is none");
    CHECK(mistake({"--target", "--", "ls"}) == "--target needs a value, and -- is none");
    CHECK(mistake({"--container=", "ls"}) == "--container needs a value after the =");
    CHECK(mistake({"-t", "n1", "--container=", "ls"}) == "--container needs a value after the =");
    CHECK(mistake({"-t", "--container=", "ls"}) == "none"); // a value, however odd
    CHECK(mistake({"--container", "a", "--container", "b"}) == "--container is given twice");
    CHECK(mistake({"--traget", "n1", "ls"}) == "there is no option \"--traget\"; did you mean --target?");
    CHECK(mistake({"--core=3", "ls"}) == "there is no option \"--core\"; did you mean --cores?");
    CHECK(mistake({"--zzzzzz", "--", "ls"}) == "there is no option \"--zzzzzz\"");
    CHECK(mistake({"-x", "ls"}) == "there is no option \"-x\"");
    for (const char* wrong : {"-1", "1001", "1.5", "four", "", "0x4", "99999999999999999999", "NaN"}) {
        const std::string text = wrong;
        CHECK(mistake({"--cores", text, "ls"}) ==
              "--cores needs a whole number from 0 to 1000, and \"" + text + "\" is none");
    }
}

TEST_CASE("parser: positionals are counted") {
    const auto parse = [](Words words, Words& into) {
        Parser parser;
        bool json = false;
        parser.flag({.names = "--json", .help = "JSON."}, json);
        parser.positional({.name = "ID", .help = "the task", .least = 1, .most = 2}, into);
        return parser.parse(words);
    };
    Words ids;
    CHECK(parse({}, ids).error().message == "ID is missing: the task");
    CHECK(parse({"1", "2", "3"}, ids).error().message == "there is a word too many: \"3\"");
    CHECK(parse({"1", "--jsno"}, ids).error().message == "there is no option \"--jsno\"; did you mean --json?");
    REQUIRE(parse({"1", "--json", "2"}, ids));
    CHECK(ids == Words{"1", "2"});
    REQUIRE(parse({"--", "7"}, ids));
    CHECK(ids == Words{"7"});
}

TEST_CASE("parser: without positionals every word is too many") {
    Parser parser;
    CHECK(parser.parse(Words{"extra"}).error().message == "there is a word too many: \"extra\"");
}

TEST_CASE("parser: help wins over what is missing, and shows examples first") {
    Line line;
    CHECK(line.parse({"--wait", "-h"}) == Parser::Asked::help);
    check_golden("cli/help.txt", line.parser.help(80));
    check_golden("cli/help-narrow.txt", line.parser.help(60));
}

TEST_CASE("parser: completion sees every option") {
    Line line;
    const auto declared = line.parser.declared();
    REQUIRE(declared.size() == 6);
    CHECK(declared.front().names == std::vector<std::string_view>{"-t", "--target"});
    CHECK(declared.front().what == Names::node);
    CHECK(declared.front().repeatable);
    CHECK_FALSE(declared[3].takes_value);
    CHECK(declared.back().is_command);
}
