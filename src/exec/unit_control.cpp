#include "exec/unit_control.hpp"

#include "base/file.hpp"
#include "exec/cgroup_file.hpp"
#include "exec/process_tree.hpp"
#include "keeper/protocol.hpp"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <csignal>
#include <poll.h>

namespace hk::exec {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t max_process_list = 4 << 20;
/// Freezing takes the kernel a moment.
constexpr int freeze_looks = 20;

/// The path of the hierarchy in /proc/PID/cgroup: "0::/a" has the empty name, "1:name=systemd:/a"
/// that.
std::string path_in(const std::string& groups, std::string_view name) {
    for (std::size_t at = 0; at < groups.size();) {
        const auto end = std::min(groups.find('\n', at), groups.size());
        const std::string_view line(groups.data() + at, end - at);
        const auto first = line.find(':');
        const auto second = first == line.npos ? line.npos : line.find(':', first + 1);
        if (second != line.npos && line.substr(first + 1, second - first - 1) == name)
            return std::string(line.substr(second + 1));
        at = end + 1;
    }
    return {};
}

/// Only a unit's own folder: anything else would hold processes that are not ours.
fs::path unit_folder(const fs::path& mount, const std::string& path) {
    std::error_code error;
    if (path.find(keeper::unit_prefix) == path.npos) return {};
    const fs::path folder = mount / fs::path(path).relative_path();
    return fs::is_directory(folder, error) ? folder : fs::path();
}

bool is_running(int pid) {
    const char state = process_state(pid);
    return state != 0 && state != 'Z' && state != 'X';
}

/// A parent in vfork cannot be stopped before it runs again; a stop that waits for it counts.
bool has_stopped(int pid) {
    const char state = process_state(pid);
    if (state == 'D') return is_pending(pid, SIGSTOP);
    return state == 'T' || state == 't' || !is_running(pid);
}

void add_listed(const fs::path& folder, std::vector<int>& out) {
    const auto text = folder.empty() ? fail(Errc::not_found, "") : read_file(folder / "cgroup.procs", max_process_list);
    if (!text) return;
    for (const char* at = text->data(); at < text->data() + text->size();) {
        int pid = 0;
        const auto [end, error] = std::from_chars(at, text->data() + text->size(), pid);
        if (error == std::errc{} && pid > 0) out.push_back(pid);
        at = end + 1;
    }
}

} // namespace

UnitFolders find_unit_folders(int pid) {
    const auto groups = read_file("/proc/" + std::to_string(pid) + "/cgroup");
    if (!groups) return {};
    std::error_code error;
    const bool only_v2 = fs::exists("/sys/fs/cgroup/cgroup.controllers", error);
    UnitFolders folders;
    folders.freezer = unit_folder(only_v2 ? "/sys/fs/cgroup" : "/sys/fs/cgroup/unified", path_in(*groups, ""));
    folders.list = folders.freezer.empty() ? unit_folder("/sys/fs/cgroup/systemd", path_in(*groups, "name=systemd"))
                                           : folders.freezer;
    if (!folders.freezer.empty() && !fs::exists(folders.freezer / "cgroup.freeze", error)) folders.freezer.clear();
    return folders;
}

std::vector<int> UnitControl::processes() const {
    std::vector<int> found;
    const int watcher = facts_.forked ? facts_.forked->watcher : 0;
    add_listed(folders_.list, found);
    // Those in groups of their own below the unit's, and all of them where there is no list.
    if (watcher > 0 && !facts_.gone) std::ranges::copy(processes_below(watcher), std::back_inserter(found));
    std::ranges::sort(found);
    found.erase(std::ranges::unique(found).begin(), found.end());
    std::erase_if(found, [&](int pid) { return pid == watcher || !is_running(pid); });
    return found;
}

bool UnitControl::signal(int signal) const {
    bool all = true;
    for (const int pid : processes()) all = (::kill(pid, signal) == 0 || errno == ESRCH) && all;
    return all;
}

bool UnitControl::kill() const {
    const bool frozen = freeze(true);
    for (int look = 0; frozen && look < freeze_looks && !is_frozen(); ++look) ::poll(nullptr, 0, 1);
    const bool all = signal(SIGKILL);
    if (frozen) freeze(false);
    return all;
}

bool UnitControl::freeze(bool frozen) const {
    return !folders_.freezer.empty() && write_group_file(folders_.freezer / "cgroup.freeze", frozen ? "1" : "0");
}

bool UnitControl::is_frozen() const {
    return !folders_.freezer.empty() && group_file_number(folders_.freezer / "cgroup.events", "frozen") == 1;
}

void UnitControl::pause() const {
    if (!freeze(true)) signal(SIGSTOP);
}

void UnitControl::resume() const {
    freeze(false);
    signal(SIGCONT);
}

bool UnitControl::is_paused() const {
    if (is_frozen()) return true;
    const auto all = processes();
    return !all.empty() && std::ranges::all_of(all, has_stopped);
}

} // namespace hk::exec
