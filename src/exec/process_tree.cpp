#include "exec/process_tree.hpp"

#include "base/file.hpp"
#include "keeper/line.hpp"
#include "keeper/tree.hpp"

#include <charconv>

namespace hk::exec {
namespace {

constexpr std::size_t max_processes = 4096;
constexpr std::size_t max_environment = 4 << 20;

bool has_entry(int pid, const std::string& entry) {
    const auto text = read_file("/proc/" + std::to_string(pid) + "/environ", max_environment);
    if (!text) return false;
    const std::string wanted = entry + '\0';
    return text->starts_with(wanted) || text->find('\0' + wanted) != text->npos;
}

} // namespace

std::vector<int> processes_below(int pid) {
    std::vector<int> found(max_processes);
    found.resize(keeper::descendants(pid, found.data(), found.size()));
    return found;
}

std::vector<int> processes_with(const std::string& entry) {
    std::vector<int> found;
    std::error_code failed;
    for (const auto& item : std::filesystem::directory_iterator("/proc", failed)) {
        const std::string name = item.path().filename().string();
        int pid = 0;
        const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), pid);
        if (error == std::errc{} && end == name.data() + name.size() && has_entry(pid, entry)) found.push_back(pid);
    }
    return found;
}

bool is_alive(const ProcessId& process) {
    if (keeper::start_ticks(process.pid) != process.start_ticks || process.start_ticks == 0) return false;
    const char state = process_state(process.pid);
    return state != 0 && state != 'Z' && state != 'X';
}

char process_state(int pid) {
    const auto text = read_file("/proc/" + std::to_string(pid) + "/stat", 4096);
    if (!text) return 0;
    const auto end = text->rfind(')'); // the name before it may contain anything
    return end == text->npos || end + 2 >= text->size() ? '\0' : (*text)[end + 2];
}

bool is_pending(int pid, int signal) {
    constexpr std::string_view name = "ShdPnd:\t";
    const auto text = read_file("/proc/" + std::to_string(pid) + "/status", 16 * 1024);
    const auto at = text ? text->find(name) : std::string::npos;
    if (at == std::string::npos) return false;
    std::uint64_t mask = 0;
    std::from_chars(text->data() + at + name.size(), text->data() + text->size(), mask, 16);
    return (mask >> (signal - 1) & 1) != 0;
}

std::string current_boot_id() {
    auto text = read_file("/proc/sys/kernel/random/boot_id", 256);
    if (!text) return "-";
    while (!text->empty() && text->back() == '\n') text->pop_back();
    return *text;
}

} // namespace hk::exec
