#pragma once
#include "base/time.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

/// When the outputs of tasks grew, as runners note it in the shared folder and the Host reads it: beside an output file
/// task_outputs/12.out, the text file task_times/12.out has a line "SIZE MILLISECONDS" (since 1970) for each look at
/// which the output had grown: so large it was when it was last written to.
namespace hk::proto {

/// Up to byte `size` (not included) the output was written by `at`.
struct LogMark {
    std::int64_t size = 0;
    Time at{};
    static const std::string_view schema_name;
    friend bool operator==(const LogMark&, const LogMark&) = default;
};

/// The folder inside shared_dir, which the Host makes. In it each file has the name of its output file.
inline constexpr std::string_view log_times_folder = "task_times";

std::string format_mark(const LogMark& mark);
/// Growing in both. A line that is cut off or makes no sense is passed over; an output that became smaller was begun
/// anew, and nothing is known of what it had before.
std::vector<LogMark> parse_marks(std::string_view text);

} // namespace hk::proto
