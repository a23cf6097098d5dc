#include "hakurun/options.hpp"
#include "hakurun/quote.hpp"

#include <doctest/doctest.h>

#include <sstream>

using hk::hakurun::Options;
using hk::hakurun::parse_options;
using Words = std::vector<std::string>;

namespace {

Words words_of(const std::string& line) {
    std::istringstream stream(line);
    Words words;
    for (std::string word; stream >> word;) words.push_back(word);
    return words;
}

Options accepted(const std::string& line) {
    auto options = parse_options(words_of(line));
    REQUIRE_MESSAGE(options, (options ? "" : options.error().message));
    return *options;
}

std::string refusal(const std::string& line) {
    const auto options = parse_options(words_of(line));
    return options ? "accepted" : options.error().message;
}

} // namespace

TEST_CASE("options end at the target, and what follows is not looked at") {
    const auto options = accepted("--parallel 3 prog --parallel -x -- --help");
    CHECK(options.parallel == 3);
    CHECK_FALSE(options.help);
    CHECK(options.command == words_of("prog --parallel -x -- --help"));
    CHECK(accepted("-- --odd-name x").command == words_of("--odd-name x"));
    CHECK(accepted("- x").command == words_of("- x"));
}

TEST_CASE("numbers are optional where the help says so") {
    CHECK(accepted("prog").parallel == 1);
    CHECK(accepted("--parallel prog").parallel >= 1);
    CHECK(accepted("--parallel prog").command == words_of("prog"));
    CHECK(accepted("--parallel=2 prog").parallel == 2);
    CHECK(accepted("--parallel -- 7").command == words_of("7"));
    CHECK(accepted("--shuffle 9 prog").shuffle_seed == 9);
    CHECK(accepted("--shuffle=0 prog").shuffle_seed == 0);
    CHECK(accepted("--shuffle prog").shuffle_seed.has_value());
    CHECK_FALSE(accepted("prog").shuffle_seed.has_value());
}

TEST_CASE("flags and texts") {
    const auto options = accepted("--dry-run --fail-fast -q --yes --output-dir out --python=py prog");
    CHECK(options.dry_run);
    CHECK(options.fail_fast);
    CHECK(accepted("--label prog").label);
    CHECK(options.quiet);
    CHECK(options.yes);
    CHECK(options.output_dir == "out");
    CHECK(options.python == "py");
    CHECK_FALSE(accepted("--fail-fast --keep-going prog").fail_fast);
    CHECK(accepted("--help").help);
    CHECK(accepted("--version").version);
}

TEST_CASE("what is wrong is refused in words") {
    CHECK(refusal("").contains("missing"));
    CHECK(refusal("--parallel 4").contains("missing"));
    CHECK(refusal("--paralel prog").contains("no option --paralel"));
    CHECK(refusal("--parallel=0 prog").contains("1 to 4096"));
    CHECK(refusal("--parallel=4097 prog").contains("1 to 4096"));
    CHECK(refusal("--parallel=two prog").contains("not 'two'"));
    CHECK(refusal("--shuffle=-1 prog").contains("whole number"));
    CHECK(refusal("--dry-run=yes prog").contains("takes no value"));
    CHECK(refusal("--output-dir").contains("needs a value"));
    CHECK(refusal("--output-dir= prog").contains("needs a value"));
    CHECK(refusal("--label --output-dir d prog").contains("one of"));
}

TEST_CASE("the help names every option") {
    const auto help = hk::hakurun::help_text();
    for (const auto* name : {"--parallel", "--dry-run", "--keep-going", "--fail-fast", "--output-dir", "--label",
                             "--shuffle", "--python", "--yes", "--quiet", "--help", "--version"}) {
        CHECK_MESSAGE(help.contains(name), name);
    }
}

TEST_CASE("a line can be given to a shell") {
    using hk::hakurun::shell_line;
    CHECK(shell_line({"python", "x.py", "--lr=0.1"}) == "python x.py --lr=0.1");
    CHECK(shell_line({"echo", "a b", "", "it's", "$HOME"}) == R"(echo 'a b' '' 'it'\''s' '$HOME')");
}
