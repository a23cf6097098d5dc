#include "cli/suggest.hpp"

#include <algorithm>
#include <numeric>
#include <vector>

namespace hk::cli {
namespace {

constexpr std::size_t most_edits = 2;
constexpr std::size_t longest_word = 64; ///< longer ones are no typing mistake

/// The dashes of options are never what was mistyped, and would make short ones look alike.
std::string_view bare(std::string_view word) { return word.substr(std::min(word.find_first_not_of('-'), word.size())); }

} // namespace

std::size_t edit_distance(std::string_view a, std::string_view b) {
    const std::size_t columns = b.size() + 1;
    std::vector<std::size_t> before(columns);
    std::vector<std::size_t> last(columns);
    std::vector<std::size_t> now(columns);
    std::iota(last.begin(), last.end(), std::size_t{0});
    for (std::size_t i = 1; i <= a.size(); ++i) {
        now[0] = i;
        for (std::size_t j = 1; j < columns; ++j) {
            const std::size_t replaced = last[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
            now[j] = std::min({last[j] + 1, now[j - 1] + 1, replaced});
            const bool swapped = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
            if (swapped) now[j] = std::min(now[j], before[j - 2] + 1);
        }
        std::swap(before, last);
        std::swap(last, now);
    }
    return last.back();
}

std::optional<std::string_view> nearest(std::string_view typed, std::span<const std::string_view> words) {
    std::optional<std::string_view> best;
    std::size_t best_distance = most_edits + 1;
    if (typed.size() > longest_word) return best;
    for (const std::string_view word : words) {
        const std::size_t distance = edit_distance(bare(typed), bare(word));
        if (distance >= best_distance || distance >= std::max(bare(typed).size(), bare(word).size())) continue;
        best = word;
        best_distance = distance;
    }
    return best;
}

std::string did_you_mean(std::string_view typed, std::span<const std::string_view> words) {
    const auto found = nearest(typed, words);
    return found ? "; did you mean " + std::string(*found) + "?" : std::string();
}

} // namespace hk::cli
