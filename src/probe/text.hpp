#pragma once
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

/// Reading of the small texts that kernels show. Nothing here fails: what cannot be read is empty.
namespace hk::probe {

/// The first `limit` bytes of a file. Files of /proc and /sys have no size, so it is read until it
/// ends.
std::optional<std::string> read_text(const std::filesystem::path& path, std::size_t limit = 64 << 10);
/// A file that holds one decimal number.
std::optional<std::int64_t> read_number(const std::filesystem::path& path);
/// A file that holds one line; empty when it cannot be read.
std::string read_line(const std::filesystem::path& path);

std::string_view trim(std::string_view text);
/// Decimal, with spaces around allowed, nothing else.
std::optional<std::int64_t> parse_number(std::string_view text);
/// At most 100,000 lines or words; more is no text of a kernel.
std::vector<std::string_view> split_lines(std::string_view text);
std::vector<std::string_view> split_words(std::string_view text);
/// What follows the key on the line that begins with it: value_of("Uid:\t0\n", "Uid:") is "0".
std::optional<std::string_view> value_of(std::string_view text, std::string_view key);

/// "0-3,8,10-11" as the kernel writes CPU and node lists: ascending, without doubles. Parts that
/// make no sense and numbers from 65,536 up are left out.
std::vector<int> parse_cpu_list(std::string_view text);

/// The entries of a folder named `prefix` and a number ("node0", "node1"), in the order of the
/// numbers; 4,096 at most.
std::vector<std::pair<int, std::filesystem::path>> numbered_entries(const std::filesystem::path& folder,
                                                                    std::string_view prefix);

/// Printable UTF-8 of at most `limit` bytes: control characters become spaces, wrong bytes question
/// marks.
std::string clean_text(std::string_view text, std::size_t limit);

} // namespace hk::probe
