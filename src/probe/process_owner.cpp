#include "probe/process_owner.hpp"

#include "probe/text.hpp"

#include <algorithm>
#include <array>
#include <pwd.h>

namespace hk::probe {
namespace {

constexpr std::size_t longest_command = 200;
constexpr std::size_t most_names = 1024;
constexpr std::size_t most_environment_bytes = 256 << 10;

/// The command line with spaces between the words; of a kernel thread or a zombie its name in
/// brackets.
std::string command_of(const std::filesystem::path& process) {
    auto line = read_text(process / "cmdline", 4096);
    if (line) std::ranges::replace(*line, '\0', ' ');
    std::string command = line ? clean_text(trim(*line), longest_command) : std::string();
    if (!command.empty()) return command;
    std::string name = read_line(process / "comm");
    return name.empty() ? name : "[" + name + "]";
}

/// What the process itself says, which is good enough to be shown. Of other users' processes only
/// root may read it.
std::optional<TaskId> task_of(const std::filesystem::path& process) {
    constexpr std::string_view name = "HAKURIVER_TASK_ID=";
    const auto text = read_text(process / "environ", most_environment_bytes);
    for (std::string_view rest = text ? *text : std::string_view(); !rest.empty();) {
        const std::string_view entry = rest.substr(0, rest.find('\0'));
        if (entry.starts_with(name))
            if (const auto id = parse_task_id(entry.substr(name.size()))) return *id;
        rest.remove_prefix(std::min(rest.size(), entry.size() + 1));
    }
    return std::nullopt;
}

} // namespace

std::string ProcessOwners::user_name(long long uid) {
    if (const auto known = names_.find(uid); known != names_.end()) return known->second;
    std::array<char, 4096> buffer{};
    passwd entry{};
    passwd* found = nullptr;
    const int error = ::getpwuid_r(static_cast<uid_t>(uid), &entry, buffer.data(), buffer.size(), &found);
    std::string name = error == 0 && found != nullptr ? clean_text(found->pw_name, 64) : "uid " + std::to_string(uid);
    if (names_.size() >= most_names) names_.clear();
    names_[uid] = name;
    return name;
}

GpuProcess ProcessOwners::describe(int pid, Bytes memory) {
    GpuProcess process{.pid = pid, .user = {}, .command = {}, .memory = memory, .task = {}};
    const std::filesystem::path folder = root_ / "proc" / std::to_string(pid);
    const auto status = read_text(folder / "status");
    const auto uids = status ? value_of(*status, "Uid:") : std::nullopt;
    const auto words = split_words(uids.value_or(""));
    const auto uid = words.empty() ? std::nullopt : parse_number(words[0]);
    if (uid) process.user = user_name(*uid);
    process.command = command_of(folder);
    process.task = task_of(folder);
    return process;
}

} // namespace hk::probe
