#include "model/task.hpp"

#include <algorithm>
#include <array>
#include <charconv>

namespace hk {
namespace {

template <class Enum, std::size_t N>
std::optional<Enum> find_name(const std::array<std::string_view, N>& names, std::string_view text) {
    const auto found = std::ranges::find(names, text);
    if (found == names.end()) return std::nullopt;
    return static_cast<Enum>(found - names.begin());
}

constexpr std::array<std::string_view, 9> state_names{"pending",   "assigning", "running", "paused",    "lost",
                                                      "completed", "failed",    "killed",  "killed_oom"};
constexpr std::array<std::string_view, 4> strategy_names{"first-fit", "best-fit", "least-loaded", "round-robin"};
constexpr std::array<std::string_view, 5> reason_names{"exited", "killed", "oom", "not_started", "interrupted"};

constexpr std::size_t most_gpus_in_target = 64;

Result<int> parse_index(std::string_view text, std::string_view what) {
    int number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (text.empty() || error != std::errc{} || end != text.data() + text.size() || number < 0 || number > 65535)
        return fail(Errc::invalid, "\"" + std::string(text.substr(0, 40)) + "\" is not a " + std::string(what) +
                                       " id; ids are whole numbers from 0");
    return number;
}

Result<std::vector<int>> parse_gpu_list(std::string_view text) {
    std::vector<int> gpus;
    for (;;) {
        const auto comma = text.find(',');
        HK_TRY(const int id, parse_index(text.substr(0, comma), "GPU"));
        if (std::ranges::find(gpus, id) != gpus.end())
            return fail(Errc::invalid, "GPU " + std::to_string(id) + " is named twice");
        gpus.push_back(id);
        if (gpus.size() > most_gpus_in_target) return fail(Errc::invalid, "more than 64 GPUs in one target");
        if (comma == text.npos) break;
        text.remove_prefix(comma + 1);
    }
    std::ranges::sort(gpus);
    return gpus;
}

bool is_plain_absolute(std::string_view path) {
    if (!path.starts_with('/') || path.size() > 4096) return false;
    if (path.find('\0') != path.npos) return false;
    return !(std::string(path) + "/").contains("/../");
}

/// "/a//b/./" as "/a/b".
std::string plain_path(std::string_view path) {
    std::string plain;
    for (std::size_t at = 0; at < path.size();) {
        const auto end = std::min(path.find('/', at), path.size());
        const std::string_view part = path.substr(at, end - at);
        if (!part.empty() && part != ".") plain.append("/").append(part);
        at = end + 1;
    }
    return plain.empty() ? "/" : plain;
}

/// The root, what runners mount themselves, and what only the kernel can fill.
bool is_reserved(std::string_view place) {
    constexpr std::array<std::string_view, 6> exactly{"/", "/shared", "/local_temp", "/.hakuriver", "/dev", "/sys"};
    return std::ranges::find(exactly, place) != exactly.end() || place == "/proc" || place.starts_with("/proc/") ||
           place.starts_with("/.hakuriver/");
}

} // namespace

std::string_view to_string(TaskState state) { return state_names[static_cast<std::size_t>(state)]; }
std::optional<TaskState> parse_task_state(std::string_view text) { return find_name<TaskState>(state_names, text); }
bool is_final(TaskState state) { return state >= TaskState::completed; }

std::string_view to_string(Strategy strategy) { return strategy_names[static_cast<std::size_t>(strategy)]; }
Result<Strategy> parse_strategy(std::string_view text) {
    if (const auto found = find_name<Strategy>(strategy_names, text)) return *found;
    return fail(Errc::invalid, "\"" + std::string(text.substr(0, 40)) +
                                   "\" is not a strategy; choose first-fit, best-fit, least-loaded or round-robin");
}

std::string_view to_string(EndReason reason) { return reason_names[static_cast<std::size_t>(reason)]; }
std::optional<EndReason> parse_end_reason(std::string_view text) { return find_name<EndReason>(reason_names, text); }

Result<Target> parse_target(std::string_view text) {
    Target target;
    const auto colon = text.find(':');
    HK_TRY(target.node, parse_node_name(text.substr(0, colon)));
    if (colon == text.npos) return target;
    std::string_view rest = text.substr(colon + 1);
    const auto gpus_at = rest.starts_with(':') ? 0 : rest.find("::");
    if (gpus_at != 0) {
        HK_TRY(target.numa, parse_index(rest.substr(0, gpus_at), "NUMA node"));
        if (gpus_at == rest.npos) return target;
        rest.remove_prefix(gpus_at + 1);
    }
    HK_TRY(target.gpus, parse_gpu_list(rest.substr(1)));
    return target;
}

std::string to_string(const Target& target) {
    std::string text = target.node.value;
    if (target.numa) text += ":" + std::to_string(*target.numa);
    for (std::size_t i = 0; i < target.gpus.size(); ++i) text += (i == 0 ? "::" : ",") + std::to_string(target.gpus[i]);
    return text;
}

Result<Mount> parse_mount(std::string_view text) {
    Mount mount;
    std::string_view rest = text;
    if (rest.ends_with(":ro") || rest.ends_with(":rw")) {
        mount.read_only = rest.ends_with(":ro");
        rest.remove_suffix(3);
    }
    const auto colon = rest.find(':');
    if (colon != rest.npos) {
        mount.source = rest.substr(0, colon);
        mount.target = rest.substr(colon + 1);
    }
    if (is_plain_absolute(mount.source) && is_plain_absolute(mount.target) && !mount.target.contains(':')) return mount;
    return fail(Errc::invalid,
                "\"" + std::string(text.substr(0, 120)) +
                    "\" is not a mount; write /path/on/node:/path/in/container, without . and .. as parts of them, "
                    "optionally with :ro at the end");
}

std::string to_string(const Mount& mount) { return mount.source + ":" + mount.target + (mount.read_only ? ":ro" : ""); }

Result<> check_mounts(const std::vector<Mount>& mounts) {
    std::vector<std::string> taken;
    for (const Mount& mount : mounts) {
        const std::string place = plain_path(mount.target);
        if (is_reserved(place))
            return fail(Errc::invalid, "nothing can be mounted at " + place +
                                           ", which every container of a task has already; "
                                           "choose another folder in the container");
        if (std::ranges::find(taken, place) != taken.end())
            return fail(Errc::invalid, "two folders shall be mounted at " + place + "; give each a place of its own");
        taken.push_back(place);
    }
    return {};
}

TaskState final_state(const Outcome& outcome) {
    switch (outcome.reason) {
    case EndReason::exited: return outcome.exit_code == 0 ? TaskState::completed : TaskState::failed;
    case EndReason::killed: return TaskState::killed;
    case EndReason::oom: return TaskState::killed_oom;
    case EndReason::not_started:
    case EndReason::interrupted: return TaskState::failed;
    }
    std::unreachable();
}

std::int64_t index_of(const TaskSpec& spec, std::int64_t position) {
    const auto at = static_cast<std::size_t>(position);
    return at < spec.indexes.size() ? spec.indexes[at] : position;
}

} // namespace hk
