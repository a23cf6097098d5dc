#pragma once
#include "base/result.hpp"
#include "proto/log_times.hpp"

#include <filesystem>
#include <optional>

namespace hk::host {

/// Where the times of an output are asked for: those of bytes from `from` up to, not including, `to`.
struct LogTimesQuery {
    std::filesystem::path output;
    std::filesystem::path marks;
    std::int64_t from = 0;
    std::int64_t to = 0;
    std::optional<Time> completed; ///< when its task ended, if it has
};

/// So many marks are told at once; the rest from the size of the last one on.
inline constexpr std::size_t most_marks = 10'000;

/// The marks that cover the bytes asked for, as far as the output goes. What was written after the runner's last look
/// counts as written when the file was last written to, which is not after the task's end. Blocks like `output_file`.
Result<std::vector<proto::LogMark>> read_log_times(const LogTimesQuery& query);

} // namespace hk::host
