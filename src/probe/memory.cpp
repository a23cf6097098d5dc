#include "probe/memory.hpp"

#include "probe/text.hpp"

#include <algorithm>

namespace hk::probe {
namespace {

constexpr std::int64_t most_kibibytes = std::int64_t{1} << 50;

/// "16318412 kB" in bytes.
std::optional<Bytes> kibibytes(std::optional<std::string_view> text) {
    if (!text) return std::nullopt;
    if (text->ends_with("kB")) text->remove_suffix(2);
    const auto number = parse_number(*text);
    if (!number || *number < 0 || *number > most_kibibytes) return std::nullopt;
    return Bytes{*number * 1024};
}

} // namespace

std::optional<MemoryReading> parse_meminfo(std::string_view text) {
    const auto total = kibibytes(value_of(text, "MemTotal:"));
    if (!total || total->value == 0) return std::nullopt;
    auto available = kibibytes(value_of(text, "MemAvailable:"));
    if (!available)
        available = kibibytes(value_of(text, "MemFree:")).value_or(Bytes{}) +
                    kibibytes(value_of(text, "Cached:")).value_or(Bytes{});
    return MemoryReading{*total, std::min(*available, *total)};
}

std::optional<Bytes> parse_node_memory(std::string_view text) {
    for (const auto line : split_lines(text)) {
        const auto key = line.find("MemTotal:");
        if (key != line.npos) return kibibytes(trim(line.substr(key + 9)));
    }
    return std::nullopt;
}

} // namespace hk::probe
