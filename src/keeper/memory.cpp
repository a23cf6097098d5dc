#include "keeper/memory.hpp"

#include "keeper/record.hpp"

#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <unistd.h>

namespace hk::keeper {
namespace {

/// The files of one cgroup version; engines mount the container's own group there.
struct Files {
    const char* events; ///< holds a line "oom_kill COUNT"
    const char* limit;
    const char* peak;
};
constexpr Files version_1{"/sys/fs/cgroup/memory/memory.oom_control", "/sys/fs/cgroup/memory/memory.limit_in_bytes",
                          "/sys/fs/cgroup/memory/memory.max_usage_in_bytes"};
constexpr Files version_2{"/sys/fs/cgroup/memory.events", "/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory.peak"};

/// Larger is no limit but version 1's way to say that there is none.
constexpr long long largest_limit = 1LL << 60;

bool read_text(const char* path, char* text, std::size_t size) {
    const int fd = ::open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) return false;
    const ssize_t got = ::read(fd, text, size - 1);
    ::close(fd);
    text[got > 0 ? got : 0] = '\0';
    return got > 0;
}

/// Zero for "max" and for a file that is not there.
long long read_number(const char* path) {
    char text[64];
    const long long number = read_text(path, text, sizeof text) ? std::strtoll(text, nullptr, 10) : 0;
    return number > largest_limit ? 0 : number;
}

} // namespace

void append_memory(int record) {
    char text[1024];
    const Files* files = &version_1;
    if (!read_text(files->events, text, sizeof text)) files = &version_2;
    if (files == &version_2 && !read_text(files->events, text, sizeof text)) return;
    const char* count = std::strstr(text, "oom_kill ");
    if (count == nullptr) return;
    Line line;
    line.word(fact_memory).number(std::strtoll(count + 9, nullptr, 10));
    line.number(read_number(files->limit)).number(read_number(files->peak));
    append_fact(record, line);
}

} // namespace hk::keeper
