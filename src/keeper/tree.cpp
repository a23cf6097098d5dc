#include "keeper/tree.hpp"

#include <csignal>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace hk::keeper {
namespace {

constexpr std::size_t max_below = 4096;
constexpr std::size_t first_room = 1024;

struct Pair {
    int pid;
    int parent;
};

struct Pairs {
    Pair* at = nullptr;
    std::size_t count = 0;
    std::size_t room = 0;
    Pairs() = default;
    Pairs(const Pairs&) = delete;
    Pairs& operator=(const Pairs&) = delete;
    ~Pairs() { std::free(at); }

    bool add(Pair pair) {
        if (count == room) {
            const std::size_t wanted = room == 0 ? first_room : room * 2;
            void* grown = std::realloc(at, wanted * sizeof *at);
            if (grown == nullptr) return false;
            at = static_cast<Pair*>(grown);
            room = wanted;
        }
        at[count++] = pair;
        return true;
    }
};

/// The parent of a process, 0 when it is gone; a zombie counts.
int parent_of(int proc, const char* pid) {
    char path[32] = {};
    if (std::strlen(pid) > 16) return 0;
    std::strcpy(path, pid);
    std::strcat(path, "/stat");
    const int fd = ::openat(proc, path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) return 0;
    char text[512];
    const ssize_t got = ::read(fd, text, sizeof text - 1);
    ::close(fd);
    if (got <= 0) return 0;
    text[got] = '\0';
    const char* at = std::strrchr(text, ')'); // the name before it may contain anything
    return at == nullptr || std::strlen(at) < 5 ? 0 : std::atoi(at + 4);
}

struct Entry { // what getdents64 writes
    std::uint64_t inode;
    std::int64_t offset;
    unsigned short length;
    unsigned char type;
    char name[1];
};

void read_pairs(int proc, Pairs& out) {
    alignas(Entry) static char buffer[16 * 1024];
    for (;;) {
        const long got = ::syscall(SYS_getdents64, proc, buffer, sizeof buffer);
        if (got <= 0) return;
        for (long at = 0; at < got;) {
            const auto* entry = reinterpret_cast<const Entry*>(buffer + at);
            at += entry->length;
            if (entry->name[0] < '1' || entry->name[0] > '9') continue;
            const int parent = parent_of(proc, entry->name);
            if (parent > 0 && !out.add({std::atoi(entry->name), parent})) return;
        }
    }
}

bool contains(const int* list, std::size_t count, int pid) {
    for (std::size_t i = 0; i < count; ++i)
        if (list[i] == pid) return true;
    return false;
}

} // namespace

std::size_t descendants(int root, int* out, std::size_t room) {
    const int proc = ::open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (proc < 0) return 0;
    Pairs pairs;
    read_pairs(proc, pairs);
    ::close(proc);
    std::size_t found = 0;
    for (std::size_t before = 1; before != found;) {
        before = found;
        for (std::size_t i = 0; i < pairs.count && found < room; ++i) {
            const Pair& pair = pairs.at[i];
            if (pair.parent != root && !contains(out, found, pair.parent)) continue;
            if (!contains(out, found, pair.pid)) out[found++] = pair.pid;
        }
        if (found == 0) break;
    }
    return found;
}

std::size_t signal_descendants(int root, int signal) {
    static int below[max_below];
    const std::size_t count = descendants(root, below, max_below);
    for (std::size_t i = 0; i < count; ++i) ::kill(below[i], signal);
    return count;
}

} // namespace hk::keeper
