#pragma once
#include "base/result.hpp"
#include "model/ids.hpp"

#include <span>
#include <string>
#include <string_view>
#include <vector>

/// The tasks that a command line names: "12", "3,5,9", "1-10", "last".
namespace hk::cli {

/// More ids than one submission can make are a mistake.
inline constexpr std::size_t most_selected = 10'000;

struct Selector {
    std::vector<TaskId> ids; ///< in the order in which they were named, each once
    bool last = false;       ///< all tasks of the caller's newest submission
    bool range = false;      ///< named as a range: ids in it that do not exist are no mistake
};

Result<Selector> parse_selector(std::string_view word);
/// Several words together.
Result<Selector> parse_selectors(std::span<const std::string> words);

/// "3-6, 9": how people write what was selected.
std::string format_ids(std::vector<TaskId> ids);

} // namespace hk::cli
