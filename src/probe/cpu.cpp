#include "probe/cpu.hpp"

#include "probe/text.hpp"

#include <algorithm>
#include <array>
#include <limits>
#include <numeric>
#include <thread>

namespace hk::probe {
namespace {

std::vector<int> both(const std::vector<int>& a, const std::vector<int>& b) {
    std::vector<int> common;
    std::ranges::set_intersection(a, b, std::back_inserter(common));
    return common;
}

std::vector<int> read_online(const std::filesystem::path& root) {
    const auto text = read_text(root / "sys/devices/system/cpu/online");
    return text ? parse_cpu_list(*text) : std::vector<int>();
}

/// One "cpu" or "cpuN" line: user nice system idle iowait irq softirq steal; guest time is part of
/// user time.
std::optional<CpuTicks> parse_line(const std::vector<std::string_view>& words) {
    constexpr std::size_t idle = 4, iowait = 5, last = 8;
    constexpr long long most = std::numeric_limits<long long>::max() / 65'536 / 16;
    if (words.size() <= idle) return std::nullopt;
    CpuTicks ticks;
    for (std::size_t i = 1; i < std::min(words.size(), last + 1); ++i) {
        const auto value = parse_number(words[i]);
        if (!value || *value < 0 || *value > most) return std::nullopt;
        ticks.total += *value;
        if (i != idle && i != iowait) ticks.busy += *value;
    }
    return ticks;
}

} // namespace

std::vector<int> read_usable_cpus(const std::filesystem::path& root) {
    const std::vector<int> online = read_online(root);
    const auto status = read_text(root / "proc/self/status");
    const auto list = status ? value_of(*status, "Cpus_allowed_list:") : std::nullopt;
    const std::vector<int> allowed = list ? parse_cpu_list(*list) : std::vector<int>();
    if (online.empty() && allowed.empty()) {
        std::vector<int> counted(std::max(1U, std::thread::hardware_concurrency()));
        std::iota(counted.begin(), counted.end(), 0);
        return counted;
    }
    if (online.empty() || allowed.empty()) return online.empty() ? allowed : online;
    std::vector<int> usable = both(online, allowed);
    return usable.empty() ? online : usable;
}

bool is_confined(const std::filesystem::path& root, const std::vector<int>& usable) {
    return read_online(root).size() > usable.size();
}

std::optional<CpuTicks> parse_cpu_ticks(std::string_view stat, const std::vector<int>& cpus) {
    CpuTicks sum;
    bool found = false;
    for (const auto line : split_lines(stat)) {
        if (!line.starts_with("cpu")) break; // the CPU lines come first
        const auto words = split_words(line);
        const bool whole = words[0] == "cpu";
        if (whole != cpus.empty()) continue;
        const auto number = whole ? std::nullopt : parse_number(words[0].substr(3));
        if (!whole && (!number || !std::ranges::binary_search(cpus, static_cast<int>(*number)))) continue;
        const auto ticks = parse_line(words);
        if (!ticks) continue;
        sum.busy += ticks->busy;
        sum.total += ticks->total;
        found = true;
    }
    return found ? std::optional(sum) : std::nullopt;
}

std::optional<double> busy_percent(const CpuTicks& before, const CpuTicks& after) {
    const long long total = after.total - before.total;
    if (total <= 0) return std::nullopt;
    const long long busy = std::clamp(after.busy - before.busy, 0LL, total);
    return 100.0 * static_cast<double>(busy) / static_cast<double>(total);
}

} // namespace hk::probe
