#include "keeper/unit_group.hpp"

#include "keeper/protocol.hpp"

#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <unistd.h>

namespace hk::keeper {
namespace {

constexpr char mounts[] = "/sys/fs/cgroup";
/// Version 1 says "no limit" with a number that is larger than this.
constexpr std::int64_t no_limit = std::int64_t{1} << 60;

struct Text {
    char bytes[4096] = {};
};

bool read_text(const char* path, Text& out) {
    const int fd = ::open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) return false;
    const ssize_t got = ::read(fd, out.bytes, sizeof out.bytes - 1);
    ::close(fd);
    if (got < 0) return false;
    out.bytes[got] = '\0';
    return true;
}

bool exists(const char* path) { return ::access(path, F_OK) == 0; }

/// Joins up to three parts; an empty result when they do not fit.
void join(char (&out)[UnitGroup::room], const char* a, const char* b, const char* c = "") {
    const std::size_t sizes[3] = {std::strlen(a), std::strlen(b), std::strlen(c)};
    out[0] = '\0';
    if (sizes[0] + sizes[1] + sizes[2] >= UnitGroup::room) return;
    std::memcpy(out, a, sizes[0]);
    std::memcpy(out + sizes[0], b, sizes[1]);
    std::memcpy(out + sizes[0] + sizes[1], c, sizes[2] + 1);
}

/// Whether "cpu,cpuacct" names the controller; version 2 has the empty list.
bool names(const char* list, std::size_t size, const char* controller) {
    const std::size_t length = std::strlen(controller);
    if (length == 0) return size == 0;
    for (const char* at = list; at + length <= list + size; ++at) {
        const bool begins = at == list || at[-1] == ',';
        const bool ends = at + length == list + size || at[length] == ',';
        if (begins && ends && std::strncmp(at, controller, length) == 0) return true;
    }
    return false;
}

/// The path after "NUMBER:LIST:" of the controller's line. False for a group that is not the
/// unit's: without a limit systemd version 1 leaves us in a group of many.
bool own_path(const Text& groups, const char* controller, char (&out)[UnitGroup::room]) {
    for (const char* line = groups.bytes; line != nullptr && *line != '\0';) {
        const char* end = ::strchrnul(line, '\n');
        const char* list = std::strchr(line, ':');
        const char* path = list == nullptr ? nullptr : std::strchr(list + 1, ':');
        if (path != nullptr && path < end && names(list + 1, static_cast<std::size_t>(path - list - 1), controller)) {
            const auto size = static_cast<std::size_t>(end - path - 1);
            if (size < 2 || size >= UnitGroup::room) return false;
            std::memcpy(out, path + 1, size);
            out[size] = '\0';
            return std::strstr(out, unit_prefix) != nullptr;
        }
        line = *end == '\0' ? nullptr : end + 1;
    }
    return false;
}

void find_folder(const Text& groups, const char* controller, const char* mount, char (&out)[UnitGroup::room]) {
    char path[UnitGroup::room] = {};
    if (!own_path(groups, controller, path)) return;
    join(out, mounts, mount, path);
    if (!exists(out)) out[0] = '\0';
}

std::int64_t number_in(const char* folder, const char* file, const char* key = nullptr) {
    char path[UnitGroup::room];
    static Text text;
    join(path, folder, "/", file);
    if (path[0] == '\0' || !read_text(path, text)) return 0;
    if (key == nullptr) return std::strtoll(text.bytes, nullptr, 10);
    for (const char* at = std::strstr(text.bytes, key); at != nullptr; at = std::strstr(at + 1, key))
        if (at == text.bytes || at[-1] == '\n') return std::strtoll(at + std::strlen(key), nullptr, 10);
    return 0;
}

std::int64_t per_second(std::int64_t quota, std::int64_t period) {
    return quota > 0 && period > 0 ? quota * 1'000'000 / period : 0;
}

std::int64_t quota_v2(const char* folder) {
    char path[UnitGroup::room];
    static Text text;
    join(path, folder, "/cpu.max");
    if (!read_text(path, text)) return 0;
    char* rest = nullptr;
    const std::int64_t quota = std::strtoll(text.bytes, &rest, 10);
    return per_second(quota, std::strtoll(rest, nullptr, 10));
}

} // namespace

UnitGroup find_unit_group() {
    UnitGroup group;
    static Text groups;
    if (!read_text("/proc/self/cgroup", groups)) return group;
    const bool only_v2 = exists("/sys/fs/cgroup/cgroup.controllers");
    find_folder(groups, "", only_v2 ? "" : "/unified", group.unified);
    find_folder(groups, "cpu", "/cpu", group.cpu);
    find_folder(groups, "memory", "/memory", group.memory);
    return group;
}

UnitLimits read_limits(const UnitGroup& group) {
    UnitLimits limits;
    limits.cpu_micros = group.cpu[0] != '\0' ? per_second(number_in(group.cpu, "cpu.cfs_quota_us"),
                                                          number_in(group.cpu, "cpu.cfs_period_us"))
                                             : quota_v2(group.unified);
    limits.memory = group.memory[0] != '\0' ? number_in(group.memory, "memory.limit_in_bytes")
                                            : number_in(group.unified, "memory.max");
    if (limits.memory >= no_limit) limits.memory = 0;
    return limits;
}

UnitMemory read_memory(const UnitGroup& group) {
    if (group.memory[0] != '\0')
        return {number_in(group.memory, "memory.oom_control", "oom_kill "),
                number_in(group.memory, "memory.max_usage_in_bytes")};
    return {number_in(group.unified, "memory.events", "oom_kill "), number_in(group.unified, "memory.peak")};
}

} // namespace hk::keeper
