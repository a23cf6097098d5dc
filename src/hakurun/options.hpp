#pragma once
#include "base/result.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace hk::hakurun {

/// The most commands that may run at once.
constexpr unsigned max_parallel = 4096;
/// A larger product needs --yes: it is more often a slip than a plan.
constexpr std::uint64_t max_unasked = 1'000'000;

/// What the command line of hakurun asks for.
struct Options {
    unsigned parallel = 1;
    bool dry_run = false;
    bool fail_fast = false;
    bool label = false;
    bool quiet = false;
    bool yes = false;
    bool help = false;
    bool version = false;
    std::optional<std::uint64_t> shuffle_seed;
    std::string output_dir; ///< empty: output is not kept in files
    std::string python = "python3";
    std::vector<std::string> command; ///< the target and its arguments, untouched
};

/// Reads everything up to the target; the target and what follows is never looked at. `words` has no argv[0].
/// Fails with invalid and a sentence.
Result<Options> parse_options(const std::vector<std::string>& words);

/// The text of --help.
std::string_view help_text();

} // namespace hk::hakurun
