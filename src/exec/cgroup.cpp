#include "exec/cgroup.hpp"

#include "exec/cgroup_file.hpp"
#include "exec/cgroup_mounts.hpp"

#include <cerrno>
#include <sys/stat.h>
#include <thread>
#include <unistd.h>

namespace hk::exec {
namespace {

namespace fs = std::filesystem;

constexpr char our_name[] = "hakuriver";
constexpr std::size_t id_length = 8; ///< of the state id, in the names of groups
constexpr std::int64_t cpu_period = 100'000;

bool make_directory(const fs::path& path) { return ::mkdir(path.c_str(), 0755) == 0 || errno == EEXIST; }

/// The directories from the top of the hierarchy down to our own: the first that we may use is the best, since a
/// process can only be moved by who may write to a group above both places.
std::vector<fs::path> from_the_top(const CgroupMount& mount) {
    std::vector<fs::path> places{mount.mount};
    fs::path at = mount.mount;
    for (const auto& part : mount.own.lexically_relative(mount.mount)) {
        if (part == ".") continue;
        at /= part;
        places.push_back(at);
    }
    return places;
}

/// Makes PLACE/hakuriver/ID in the highest place that lets us; empty when none does.
fs::path make_ours(const CgroupMounts& mounts, std::string_view name, const std::string& id) {
    const auto mount = mounts.find(name);
    if (!mount) return {};
    for (const auto& place : from_the_top(*mount)) {
        if (::access((place / "cgroup.procs").c_str(), W_OK) != 0) continue;
        const fs::path ours = place / our_name / id;
        if (make_directory(ours.parent_path()) && make_directory(ours)) return ours;
    }
    return {};
}

/// Hands a controller of the version 2 hierarchy down to `ours`, whose two parents must do it first.
bool enable(const fs::path& ours, const std::string& controller) {
    for (const auto& group : {ours.parent_path().parent_path(), ours.parent_path(), ours})
        if (!write_group_file(group / "cgroup.subtree_control", "+" + controller)) return false;
    return true;
}

fs::path keeper_group(const fs::path& ours) {
    if (ours.empty() || !make_directory(ours / "keeper")) return {};
    return ours / "keeper" / "cgroup.procs";
}

bool set_cores(const fs::path& unified, const fs::path& cpu, int cores) {
    const std::int64_t quota = cores * cpu_period;
    if (cpu.empty()) {
        const std::string wanted = std::to_string(quota) + " " + std::to_string(cpu_period);
        return write_group_file(unified / "cpu.max", wanted) && read_group_file(unified / "cpu.max") == wanted + "\n";
    }
    return write_group_file(cpu / "cpu.cfs_quota_us", std::to_string(quota)) && // of the period that every group has
           group_file_number(cpu / "cpu.cfs_quota_us") == quota;
}

/// The kernel rounds down to whole pages.
bool is_near(std::optional<std::int64_t> got, Bytes wanted) {
    return got && *got <= wanted.value && *got > wanted.value - ::sysconf(_SC_PAGESIZE);
}

bool set_memory(const fs::path& unified, const fs::path& memory, Bytes limit) {
    const fs::path file = memory.empty() ? unified / "memory.max" : memory / "memory.limit_in_bytes";
    return write_group_file(file, std::to_string(limit.value)) && is_near(group_file_number(file), limit);
}

/// After set_memory. The files are absent where the kernel does not count swap.
bool forbid_swap(const fs::path& unified, const fs::path& memory, Bytes limit) {
    if (memory.empty()) {
        const fs::path file = unified / "memory.swap.max";
        return write_group_file(file, "0") && group_file_number(file) == 0;
    }
    const fs::path file = memory / "memory.memsw.limit_in_bytes"; // of memory and swap together
    return write_group_file(file, std::to_string(limit.value)) && is_near(group_file_number(file), limit);
}

/// The first line of /proc/swaps is a heading.
bool machine_swaps() {
    const std::string text = read_group_file("/proc/swaps");
    return text.find('\n') + 1 < text.size();
}

/// The whole machine needs no quota, and a group without one is a group that costs nothing.
bool limits_cores(int cores) { return cores > 0 && static_cast<unsigned>(cores) < std::thread::hardware_concurrency(); }

} // namespace

CgroupTree CgroupTree::none() {
    CgroupTree tree;
    tree.warnings_ = {"CPU and memory limits are not enforced: control groups are turned off"};
    return tree;
}

CgroupTree CgroupTree::find(const std::string& state_id) {
    const auto mounts = CgroupMounts::read();
    const std::string id = state_id.substr(0, id_length);
    CgroupTree tree;
    tree.unified_ = make_ours(mounts, "", id);
    if (!tree.unified_.empty()) {
        tree.unified_cpu_ = enable(tree.unified_, "cpu");
        tree.unified_memory_ = enable(tree.unified_, "memory");
        tree.unified_pids_ = enable(tree.unified_, "pids");
    }
    if (!tree.unified_cpu_) tree.cpu_ = make_ours(mounts, "cpu", id);
    if (!tree.unified_memory_) tree.memory_ = make_ours(mounts, "memory", id);
    if (!tree.unified_pids_) tree.pids_ = make_ours(mounts, "pids", id);
    if (tree.unified_.empty()) tree.freezer_ = make_ours(mounts, "freezer", id);
    tree.systemd_ = make_ours(mounts, "name=systemd", id);
    if (!tree.unified_cpu_ && tree.cpu_.empty())
        tree.warnings_.push_back("CPU limits are not enforced: the runner may not make cpu control groups here");
    if (!tree.unified_memory_ && tree.memory_.empty())
        tree.warnings_.push_back("memory limits are not enforced: the runner may not make memory control groups here");
    return tree;
}

std::vector<fs::path> CgroupTree::keeper_join_files() const {
    std::vector<fs::path> files;
    for (const auto* ours : {&unified_, &cpu_, &memory_, &freezer_, &pids_, &systemd_})
        if (auto file = keeper_group(*ours); !file.empty()) files.push_back(std::move(file));
    return files;
}

CgroupTree::Made CgroupTree::make(AttemptId attempt, const CgroupLimits& limits) const {
    Made made;
    const std::string name = to_string(attempt);
    const auto add = [&](const fs::path& ours, bool wanted) -> fs::path {
        if (ours.empty() || !wanted || !make_directory(ours / name)) return {};
        return ours / name;
    };
    const bool cores = limits_cores(limits.cores);
    const bool memory = limits.memory.has_value();
    made.group.unified_ = add(unified_, (unified_cpu_ && cores) || (unified_memory_ && memory));
    made.group.unified_memory_ = unified_memory_ && memory;
    made.group.cpu_ = add(cpu_, cores);
    made.group.memory_ = add(memory_, memory);
    const bool has_cpu = !made.group.cpu_.empty() || (unified_cpu_ && !made.group.unified_.empty());
    const bool has_memory = !made.group.memory_.empty() || (unified_memory_ && !made.group.unified_.empty());
    if (cores && !(has_cpu && set_cores(made.group.unified_, made.group.cpu_, limits.cores)))
        made.warnings.push_back("the limit of " + std::to_string(limits.cores) +
                                " CPU cores is not enforced on this node");
    if (memory && !(has_memory && set_memory(made.group.unified_, made.group.memory_, *limits.memory)))
        made.warnings.push_back("the memory limit of " + format_size(*limits.memory) + " is not enforced on this node");
    else if (memory && !forbid_swap(made.group.unified_, made.group.memory_, *limits.memory) && machine_swaps())
        made.warnings.push_back(
            "the task may use swap on top of its memory limit: this node's kernel does not count it");
    return made;
}

void CgroupTree::limit_processes(std::int64_t most) const {
    const fs::path& ours = unified_pids_ ? unified_ : pids_;
    if (!ours.empty()) write_group_file(ours / "pids.max", most > 0 ? std::to_string(most) : "max");
}

void CgroupTree::make_freezable(AttemptId attempt, AttemptGroup& group) const {
    const std::string name = to_string(attempt);
    if (!unified_.empty() && make_directory(unified_ / name)) group.unified_ = unified_ / name;
    else if (!freezer_.empty() && make_directory(freezer_ / name)) group.freezer_ = freezer_ / name;
}

AttemptGroup CgroupTree::existing(AttemptId attempt) const {
    const std::string name = to_string(attempt);
    const auto found = [&](const fs::path& ours) -> fs::path {
        return !ours.empty() && ::access((ours / name).c_str(), F_OK) == 0 ? ours / name : fs::path();
    };
    AttemptGroup group;
    group.unified_ = found(unified_);
    group.unified_memory_ = unified_memory_ && !group.unified_.empty();
    group.cpu_ = found(cpu_);
    group.memory_ = found(memory_);
    group.freezer_ = found(freezer_);
    return group;
}

void CgroupTree::remove_if_unused() const {
    for (const auto* ours : {&unified_, &cpu_, &memory_, &freezer_, &pids_, &systemd_}) {
        if (ours->empty()) continue;
        ::rmdir((*ours / "keeper").c_str());
        ::rmdir(ours->c_str());
        ::rmdir(ours->parent_path().c_str());
    }
}

} // namespace hk::exec
