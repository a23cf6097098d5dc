#include "exec/exec_settings.hpp"

#include "exec/cgroup_file.hpp"

#include <algorithm>
#include <limits>
#include <unistd.h>

namespace hk::exec {

std::int64_t share_of_processes() {
    constexpr std::int64_t none = std::numeric_limits<std::int64_t>::max();
    const auto by_number = group_file_number("/proc/sys/kernel/pid_max").value_or(none);
    const auto by_memory = group_file_number("/proc/sys/kernel/threads-max").value_or(none);
    const std::int64_t most = std::min(by_number, by_memory);
    return most == none ? 0 : most / 4;
}

std::map<std::string, std::string> own_environment() {
    std::map<std::string, std::string> out;
    for (char** at = environ; at != nullptr && *at != nullptr; ++at) {
        const std::string_view entry(*at);
        const auto equals = entry.find('=');
        if (equals != entry.npos && equals > 0) out.emplace(entry.substr(0, equals), entry.substr(equals + 1));
    }
    return out;
}

} // namespace hk::exec
