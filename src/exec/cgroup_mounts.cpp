#include "exec/cgroup_mounts.hpp"

#include "base/file.hpp"

#include <algorithm>

namespace hk::exec {
namespace {

namespace fs = std::filesystem;

std::vector<std::string> split(std::string_view text, char by) {
    std::vector<std::string> parts;
    for (std::size_t at = 0; at <= text.size();) {
        const auto end = std::min(text.find(by, at), text.size());
        parts.emplace_back(text.substr(at, end - at));
        at = end + 1;
    }
    return parts;
}

/// mountinfo writes blanks, tabs, line breaks and backslashes as three octal digits.
std::string unescaped(std::string_view text) {
    std::string out;
    for (std::size_t at = 0; at < text.size(); ++at) {
        if (text[at] != '\\' || at + 3 >= text.size()) {
            out += text[at];
            continue;
        }
        out += static_cast<char>((text[at + 1] - '0') * 64 + (text[at + 2] - '0') * 8 + (text[at + 3] - '0'));
        at += 3;
    }
    return out;
}

struct Mounted {
    std::string root;
    std::string point;
    std::string type;
    std::vector<std::string> options; ///< of the superblock
};

/// "36 35 98:0 /root /point rw,noatime master:1 - type source rw,options"
std::optional<Mounted> parse_mount_line(std::string_view line) {
    const auto dash = line.find(" - ");
    if (dash == line.npos) return std::nullopt;
    const auto left = split(line.substr(0, dash), ' ');
    const auto right = split(line.substr(dash + 3), ' ');
    if (left.size() < 6 || right.size() < 3) return std::nullopt;
    return Mounted{unescaped(left[3]), unescaped(left[4]), right[0], split(right[2], ',')};
}

/// The path of this process in the hierarchy that has one of the names, from lines such as "4:cpu,cpuacct:/a/b".
std::string own_path(std::string_view own_groups, const std::vector<std::string>& names) {
    for (const auto& line : split(own_groups, '\n')) {
        const auto first = line.find(':');
        const auto second = line.find(':', first + 1);
        if (first == line.npos || second == line.npos) continue;
        for (const auto& name : split(std::string_view(line).substr(first + 1, second - first - 1), ','))
            if (std::ranges::find(names, name) != names.end()) return line.substr(second + 1);
    }
    return "/";
}

fs::path own_directory(const Mounted& mounted, const std::string& path) {
    const fs::path below = fs::path(path).lexically_relative(mounted.root);
    if (below.empty() || below == "." || *below.begin() == "..") return mounted.point; // ".." is not mounted here
    return (fs::path(mounted.point) / below).lexically_normal();
}

} // namespace

CgroupMounts CgroupMounts::parse(std::string_view mountinfo, std::string_view own_groups) {
    CgroupMounts out;
    for (const auto& line : split(mountinfo, '\n')) {
        auto mounted = parse_mount_line(line);
        if (!mounted || (mounted->type != "cgroup" && mounted->type != "cgroup2")) continue;
        auto names = mounted->type == "cgroup2" ? std::vector<std::string>{""} : mounted->options;
        const std::string path = own_path(own_groups, names);
        out.found_.push_back({std::move(names), {mounted->point, own_directory(*mounted, path)}});
    }
    return out;
}

CgroupMounts CgroupMounts::read() {
    const auto mounts = read_file("/proc/self/mountinfo", 16 << 20);
    const auto groups = read_file("/proc/self/cgroup");
    return parse(mounts ? *mounts : "", groups ? *groups : "");
}

std::optional<CgroupMount> CgroupMounts::find(std::string_view name) const {
    for (const auto& entry : found_)
        if (std::ranges::find(entry.names, name) != entry.names.end()) return entry.mount;
    return std::nullopt;
}

} // namespace hk::exec
