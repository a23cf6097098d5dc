#include "model/node.hpp"

#include <array>

namespace hk {
namespace {
constexpr std::array<std::string_view, 3> names{"process", "systemd", "docker"};
} // namespace

std::string_view to_string(ExecutorKind kind) { return names[static_cast<std::size_t>(kind)]; }

std::optional<ExecutorKind> parse_executor_kind(std::string_view text) {
    for (std::size_t i = 0; i < names.size(); ++i)
        if (names[i] == text) return static_cast<ExecutorKind>(i);
    return std::nullopt;
}

} // namespace hk
