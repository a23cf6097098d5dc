#include "model/attempt_report.hpp"

#include <array>

namespace hk {
namespace {
constexpr std::array<std::string_view, 4> names{"accepted", "running", "paused", "ended"};
} // namespace

std::string_view to_string(AttemptPhase phase) { return names[static_cast<std::size_t>(phase)]; }

std::optional<AttemptPhase> parse_attempt_phase(std::string_view text) {
    for (std::size_t i = 0; i < names.size(); ++i)
        if (names[i] == text) return static_cast<AttemptPhase>(i);
    return std::nullopt;
}

} // namespace hk
