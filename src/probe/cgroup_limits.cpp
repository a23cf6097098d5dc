#include "probe/cgroup_limits.hpp"

#include "probe/text.hpp"

#include <algorithm>
#include <charconv>
#include <string>
#include <string_view>
#include <vector>

namespace hk::probe {
namespace {

constexpr int deepest_group = 64;
/// Version 1 writes "no limit" as a huge number that depends on the page size.
constexpr std::int64_t unlimited_memory = std::int64_t{1} << 60;

/// Where one hierarchy is mounted and the group of this process in it.
struct Hierarchy {
    std::filesystem::path top;   ///< the mount point, below the root
    std::filesystem::path group; ///< our group; `top` or below it
};

bool has_word(std::string_view list, std::string_view word) {
    while (!list.empty()) {
        const auto comma = std::min(list.find(','), list.size());
        if (list.substr(0, comma) == word) return true;
        list.remove_prefix(std::min(comma + 1, list.size()));
    }
    return false;
}

/// Our group in the hierarchy of a controller, as /proc/self/cgroup says; version 2 has the empty
/// controller.
std::optional<std::string> own_group(std::string_view cgroup_text, std::string_view controller) {
    for (const auto line : split_lines(cgroup_text)) {
        const auto first = line.find(':');
        const auto second = first == line.npos ? line.npos : line.find(':', first + 1);
        if (second == line.npos) continue;
        const std::string_view names = line.substr(first + 1, second - first - 1);
        if (controller.empty() ? names.empty() : has_word(names, controller))
            return std::string(line.substr(second + 1));
    }
    return std::nullopt;
}

struct Mount {
    std::string top;   ///< the group that is mounted
    std::string point; ///< where
};

std::optional<Mount> find_mount(std::string_view mountinfo, std::string_view controller) {
    for (const auto line : split_lines(mountinfo)) {
        const auto dash = line.find(" - ");
        if (dash == line.npos) continue;
        const auto left = split_words(line.substr(0, dash));
        const auto right = split_words(line.substr(dash + 3));
        if (left.size() < 5 || right.empty()) continue;
        const bool wanted = controller.empty()
                                ? right[0] == "cgroup2"
                                : right[0] == "cgroup" && right.size() >= 3 && has_word(right[2], controller);
        if (wanted) return Mount{std::string(left[3]), std::string(left[4])};
    }
    return std::nullopt;
}

/// Below the mounted group; a group outside of it (seen from a namespace as "/..") counts as the
/// mounted one.
std::filesystem::path below(const std::filesystem::path& point, const Mount& mount, std::string group) {
    if (group.find("..") != group.npos) return point;
    if (mount.top != "/") {
        const bool inside =
            group.starts_with(mount.top) && (group.size() == mount.top.size() || group[mount.top.size()] == '/');
        if (!inside) return point;
        group.erase(0, mount.top.size());
    }
    while (group.starts_with('/')) group.erase(0, 1);
    const std::filesystem::path folder = group.empty() ? point : point / group;
    std::error_code error;
    return std::filesystem::is_directory(folder, error) ? folder : point;
}

std::optional<Hierarchy> find_hierarchy(const std::filesystem::path& root, std::string_view controller) {
    const auto mountinfo = read_text(root / "proc/self/mountinfo", 1 << 20);
    const auto cgroup = read_text(root / "proc/self/cgroup");
    if (!mountinfo || !cgroup) return std::nullopt;
    const auto mount = find_mount(*mountinfo, controller);
    auto group = own_group(*cgroup, controller);
    if (!mount || !group) return std::nullopt;
    const std::filesystem::path point = root / std::filesystem::path(mount->point).relative_path();
    return Hierarchy{point, below(point, *mount, std::move(*group))};
}

/// The smallest value that `read` finds from our group up to the mount point.
template <class Value, class Read>
std::optional<CgroupLimit<Value>> tightest(const std::optional<Hierarchy>& where, bool unified, Read read) {
    std::optional<CgroupLimit<Value>> found;
    if (!where) return found;
    std::filesystem::path folder = where->group;
    for (int depth = 0; depth < deepest_group; ++depth, folder = folder.parent_path()) {
        const std::optional<Value> value = read(folder);
        if (value && (!found || *value < found->value)) found = CgroupLimit<Value>{*value, folder, unified};
        if (folder == where->top) break;
    }
    return found;
}

std::optional<double> quota_v2(const std::filesystem::path& folder) {
    const auto text = read_text(folder / "cpu.max", 128);
    if (!text) return std::nullopt;
    const auto words = split_words(*text);
    if (words.size() != 2) return std::nullopt;
    const auto quota = parse_number(words[0]);
    const auto period = parse_number(words[1]);
    if (!quota || !period || *quota <= 0 || *period <= 0) return std::nullopt;
    return static_cast<double>(*quota) / static_cast<double>(*period);
}

std::optional<double> quota_v1(const std::filesystem::path& folder) {
    const auto quota = read_number(folder / "cpu.cfs_quota_us");
    const auto period = read_number(folder / "cpu.cfs_period_us");
    if (!quota || !period || *quota <= 0 || *period <= 0) return std::nullopt;
    return static_cast<double>(*quota) / static_cast<double>(*period);
}

std::optional<Bytes> memory_limit(const std::filesystem::path& file) {
    const auto limit = read_number(file);
    if (!limit || *limit <= 0 || *limit >= unlimited_memory) return std::nullopt;
    return Bytes{*limit};
}

template <class Limit>
std::optional<Limit> smaller(std::optional<Limit> a, std::optional<Limit> b) {
    if (!a || !b) return a ? a : b;
    return a->value <= b->value ? a : b;
}

} // namespace

CgroupLimits read_cgroup_limits(const std::filesystem::path& root) {
    const auto unified = find_hierarchy(root, "");
    const auto cpu = find_hierarchy(root, "cpu");
    const auto memory = find_hierarchy(root, "memory");
    CgroupLimits limits;
    limits.cpus = smaller(tightest<double>(unified, true, quota_v2), tightest<double>(cpu, false, quota_v1));
    limits.memory =
        smaller(tightest<Bytes>(unified, true, [](const auto& folder) { return memory_limit(folder / "memory.max"); }),
                tightest<Bytes>(memory, false,
                                [](const auto& folder) { return memory_limit(folder / "memory.limit_in_bytes"); }));
    if (limits.cpus && !limits.cpus->unified) {
        const auto accounting = find_hierarchy(root, "cpuacct");
        const auto relative = limits.cpus->folder.lexically_relative(cpu->top);
        if (accounting) limits.cpu_time_v1 = (accounting->top / relative).lexically_normal();
    }
    return limits;
}

std::optional<Duration> read_cpu_time(const CgroupLimits& limits) {
    if (!limits.cpus) return std::nullopt;
    if (!limits.cpus->unified) {
        const auto nanoseconds = read_number(limits.cpu_time_v1 / "cpuacct.usage");
        return nanoseconds ? std::optional(Duration{*nanoseconds / 1000}) : std::nullopt;
    }
    const auto text = read_text(limits.cpus->folder / "cpu.stat");
    const auto value = text ? value_of(*text, "usage_usec ") : std::nullopt;
    const auto microseconds = value ? parse_number(*value) : std::nullopt;
    return microseconds ? std::optional(Duration{*microseconds}) : std::nullopt;
}

std::optional<Bytes> read_memory_used(const CgroupLimit<Bytes>& limit) {
    const auto current = read_number(limit.folder / (limit.unified ? "memory.current" : "memory.usage_in_bytes"));
    if (!current) return std::nullopt;
    const auto text = read_text(limit.folder / "memory.stat");
    const auto value = text ? value_of(*text, limit.unified ? "inactive_file " : "total_inactive_file ") : std::nullopt;
    const auto cache = value ? parse_number(*value).value_or(0) : 0;
    return Bytes{std::max<std::int64_t>(0, *current - std::max<std::int64_t>(0, cache))};
}

} // namespace hk::probe
