#include "base/file.hpp"
#include "exec/cgroup.hpp"
#include "exec/cgroup_file.hpp"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <unistd.h>

namespace hk::exec {
namespace {

namespace fs = std::filesystem;

/// A group with more processes than fit is looked at again and again until it is empty.
constexpr std::size_t max_process_list = 4 << 20;

void add_processes(const fs::path& group, std::vector<int>& out) {
    if (group.empty()) return;
    const auto text = read_file(group / "cgroup.procs", max_process_list);
    if (!text) return;
    for (const char* at = text->data(); at < text->data() + text->size();) {
        int pid = 0;
        const auto [end, error] = std::from_chars(at, text->data() + text->size(), pid);
        if (error == std::errc{} && pid > 0) out.push_back(pid);
        at = end + 1;
    }
}

bool remove_group(const fs::path& group) { return group.empty() || ::rmdir(group.c_str()) == 0 || errno == ENOENT; }

} // namespace

std::vector<fs::path> AttemptGroup::join_files() const {
    std::vector<fs::path> files;
    for (const auto* group : {&unified_, &cpu_, &memory_, &freezer_})
        if (!group->empty()) files.push_back(*group / "cgroup.procs");
    return files;
}

fs::path AttemptGroup::kill_file() const {
    if (unified_.empty() || !fs::exists(unified_ / "cgroup.kill")) return {};
    return unified_ / "cgroup.kill";
}

bool AttemptGroup::kill() const { return !unified_.empty() && write_group_file(unified_ / "cgroup.kill", "1"); }

std::vector<int> AttemptGroup::processes() const {
    std::vector<int> found;
    for (const auto* group : {&unified_, &cpu_, &memory_, &freezer_}) add_processes(*group, found);
    std::ranges::sort(found);
    found.erase(std::ranges::unique(found).begin(), found.end());
    return found;
}

std::vector<int> AttemptGroup::freezable() const {
    std::vector<int> found;
    add_processes(unified_.empty() ? freezer_ : unified_, found);
    return found;
}

void AttemptGroup::take_in(const std::vector<int>& processes) const {
    for (const auto& file : join_files())
        for (const int pid : processes)
            if (pid > 0) write_group_file(file, std::to_string(pid)); // zero would be ourselves
}

bool AttemptGroup::can_freeze() const {
    if (!unified_.empty()) return fs::exists(unified_ / "cgroup.freeze");
    return !freezer_.empty();
}

bool AttemptGroup::freeze(bool frozen) const {
    if (!unified_.empty()) return write_group_file(unified_ / "cgroup.freeze", frozen ? "1" : "0");
    return !freezer_.empty() && write_group_file(freezer_ / "freezer.state", frozen ? "FROZEN" : "THAWED");
}

bool AttemptGroup::frozen() const {
    if (!unified_.empty()) return group_file_number(unified_ / "cgroup.events", "frozen") == 1;
    return !freezer_.empty() && read_group_file(freezer_ / "freezer.state").starts_with("FROZEN");
}

std::optional<Bytes> AttemptGroup::memory_limit() const {
    std::optional<std::int64_t> limit;
    if (!memory_.empty()) limit = group_file_number(memory_ / "memory.limit_in_bytes");
    else if (unified_memory_) limit = group_file_number(unified_ / "memory.max");
    if (!limit || *limit >= no_memory_limit) return std::nullopt;
    return Bytes{*limit};
}

std::optional<Bytes> AttemptGroup::memory_peak() const {
    std::optional<std::int64_t> peak;
    if (!memory_.empty()) peak = group_file_number(memory_ / "memory.max_usage_in_bytes");
    else if (unified_memory_) peak = group_file_number(unified_ / "memory.peak");
    if (!peak) return std::nullopt;
    return Bytes{*peak};
}

int AttemptGroup::oom_kills() const {
    std::optional<std::int64_t> kills;
    if (!memory_.empty()) kills = group_file_number(memory_ / "memory.oom_control", "oom_kill");
    else if (unified_memory_) kills = group_file_number(unified_ / "memory.events", "oom_kill");
    return static_cast<int>(kills.value_or(0));
}

bool AttemptGroup::remove() const {
    bool all = true;
    for (const auto* group : {&unified_, &cpu_, &memory_, &freezer_}) all = remove_group(*group) && all;
    return all;
}

} // namespace hk::exec
