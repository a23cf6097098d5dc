#include "hakurun/options.hpp"

#include <sched.h>

#include <algorithm>
#include <charconv>
#include <random>
#include <span>

namespace hk::hakurun {
namespace {

constexpr std::string_view help = R"(hakurun: run a command for every combination of its spans

usage: hakurun [OPTIONS] [--] TARGET [ARGUMENT...]

  hakurun python train.py --lr 'span:[0.1,0.01]' --seed 'span:{1..5}'
  hakurun --parallel 4 --output-dir runs ./simulate 'span:{0..100..10}' fast
  hakurun --dry-run mymod:train 'span:{1..3}'

Spans (in quotes, or the shell expands the braces itself):
  span:{1..5}  span:{0..100..10}  span:{5..1..-1}  span:{01..12}  span:{a..e}
  span:{0.1..0.5..0.1}        fractions are exact
  span:[a,b,c]  span:{a,b,c}  items; \, and \] for a comma and a bracket in an item
  span:file:list.txt          one value per line of a file
  --lr=span:[0.1,0.01]        inside an argument
The last span varies fastest. A literal argument that begins with "span:" is written span:[span:text].

TARGET is a program (looked up in PATH, or a path), else a Python module (mymod, as with python3 -m),
or a Python function (mymod:train), called with the arguments: numbers of a range as numbers, all else
as text. Everything after TARGET is passed on as it is.

Options:
  --parallel [N]     run N commands at once; without N as many as there are CPUs (default: one)
  --dry-run          print the commands and run none
  --keep-going       go on after a failure (the default)
  --fail-fast        stop everything at the first failure
  --output-dir DIR   write the output of each command to DIR/NUMBER.txt, and an index to DIR/index.tsv
  --label            begin each line of output with the values of its combination
  --shuffle [SEED]   in random order; SEED repeats an order
  --python PROGRAM   the Python for modules and functions (default: python3)
  --yes              run more than 1,000,000 combinations
  -q, --quiet        no progress and no summary
  -h, --help         this text
  --version          the version

With more than one combination the commands read nothing from the terminal (standard input is empty).
Ctrl-C stops all of them, a second one kills them. The exit code is the highest of the commands' (128 + N
for one that signal N ended), 127 when the target is not found, 2 for a wrong command line.
)";

/// Everything that is read from the command line, word by word.
class Parser {
public:
    explicit Parser(std::span<const std::string> words)
        : rest_(words) {}

    Result<Options> parse() {
        while (!rest_.empty() && rest_.front().size() > 1 && rest_.front().starts_with('-')) {
            const std::string word = take();
            if (word == "--") break;
            HK_CHECK(option(word));
        }
        options_.command.assign(rest_.begin(), rest_.end());
        if (options_.command.empty() && !options_.help && !options_.version) {
            return fail(Errc::invalid, "what to run is missing (hakurun --help shows examples)");
        }
        if (options_.label && !options_.output_dir.empty()) {
            return fail(Errc::invalid, "--label and --output-dir: give one of them");
        }
        return std::move(options_);
    }

private:
    std::string take() {
        std::string word = rest_.front();
        rest_ = rest_.subspan(1);
        return word;
    }

    Result<> option(const std::string& word) {
        const auto equals = word.find('=');
        const std::string name = word.substr(0, equals);
        value_ = equals == word.npos ? std::nullopt : std::optional(word.substr(equals + 1));
        if (bool* flag = flag_named(name)) {
            if (value_) return fail(Errc::invalid, name + " takes no value");
            *flag = name != "--keep-going";
            return {};
        }
        if (name == "--parallel") return parallel();
        if (name == "--shuffle") return shuffle();
        if (name == "--output-dir") return text(name, options_.output_dir);
        if (name == "--python") return text(name, options_.python);
        return fail(Errc::invalid, "there is no option " + name + " (hakurun --help lists them)");
    }

    bool* flag_named(std::string_view name) {
        const std::pair<std::string_view, bool*> flags[] = {
            {"--dry-run", &options_.dry_run},
            {"--fail-fast", &options_.fail_fast},
            {"--keep-going", &options_.fail_fast},
            {"--label", &options_.label},
            {"--quiet", &options_.quiet},
            {"-q", &options_.quiet},
            {"--yes", &options_.yes},
            {"--help", &options_.help},
            {"-h", &options_.help},
            {"--version", &options_.version},
        };
        const auto* found = std::ranges::find(flags, name, &std::pair<std::string_view, bool*>::first);
        return found == std::end(flags) ? nullptr : found->second;
    }

    /// The value after "=", or the next word where that is a number.
    Result<std::optional<std::uint64_t>> number(const std::string& name) {
        if (!value_ && !rest_.empty() && is_number(rest_.front())) value_ = take();
        if (!value_) return std::nullopt;
        std::uint64_t result = 0;
        const auto* end = value_->data() + value_->size();
        const auto read = std::from_chars(value_->data(), end, result);
        if (read.ec != std::errc{} || read.ptr != end) {
            return fail(Errc::invalid, name + " takes a whole number, not '" + *value_ + "'");
        }
        return result;
    }

    static bool is_number(std::string_view word) {
        return !word.empty() && word.find_first_not_of("0123456789") == word.npos;
    }

    Result<> parallel() {
        HK_TRY(const auto wanted, number("--parallel"));
        if (wanted && (*wanted < 1 || *wanted > max_parallel)) {
            return fail(Errc::invalid, "--parallel takes a number from 1 to " + std::to_string(max_parallel));
        }
        options_.parallel = wanted ? static_cast<unsigned>(*wanted) : usable_cpus();
        return {};
    }

    static unsigned usable_cpus() {
        cpu_set_t set;
        if (sched_getaffinity(0, sizeof set, &set) != 0) return 1;
        return static_cast<unsigned>(std::max(1, CPU_COUNT(&set)));
    }

    Result<> shuffle() {
        HK_TRY(const auto seed, number("--shuffle"));
        options_.shuffle_seed = seed ? *seed : std::random_device{}();
        return {};
    }

    Result<> text(const std::string& name, std::string& into) {
        if (!value_ && !rest_.empty()) value_ = take();
        if (!value_ || value_->empty()) return fail(Errc::invalid, name + " needs a value");
        into = *value_;
        return {};
    }

    std::span<const std::string> rest_;
    std::optional<std::string> value_;
    Options options_;
};

} // namespace

Result<Options> parse_options(const std::vector<std::string>& words) { return Parser(words).parse(); }

std::string_view help_text() { return help; }

} // namespace hk::hakurun
