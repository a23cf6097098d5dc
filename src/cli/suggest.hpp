#pragma once
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace hk::cli {

/// Edits (insert, remove, replace, swap of neighbours) between two words.
std::size_t edit_distance(std::string_view a, std::string_view b);

/// The nearest of the words, when it is at most 2 edits away and shares something with what was
/// typed.
std::optional<std::string_view> nearest(std::string_view typed, std::span<const std::string_view> words);

/// "; did you mean --cores?" or nothing.
std::string did_you_mean(std::string_view typed, std::span<const std::string_view> words);

} // namespace hk::cli
