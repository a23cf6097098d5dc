#pragma once
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

/// Kernel files of a control group: short texts, read whole and written in one call.
namespace hk::exec {

/// What the kernel says when there is no memory limit is larger than this.
inline constexpr std::int64_t no_memory_limit = std::int64_t{1} << 60;

bool write_group_file(const std::filesystem::path& file, std::string_view text);
/// Empty when it cannot be read.
std::string read_group_file(const std::filesystem::path& file);
/// The number that the file holds, or that follows `key` at the start of a line of it. "max" is no number.
std::optional<std::int64_t> group_file_number(const std::filesystem::path& file, std::string_view key = {});

} // namespace hk::exec
