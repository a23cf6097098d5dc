#include "keeper/line.hpp"

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <fcntl.h>
#include <unistd.h>

namespace hk::keeper {

void Line::put(char c) {
    if (size_ + 2 < room) text_[size_++] = c; // room for the line break and the zero
}

Line& Line::word(const char* text) {
    if (size_ > 0) put(' ');
    return join(text);
}

Line& Line::join(const char* text) {
    for (; *text != '\0'; ++text) put(*text == '\n' || *text == '\r' ? ' ' : *text);
    return *this;
}

Line& Line::number(std::int64_t value) {
    char digits[24];
    char* at = digits + sizeof digits;
    *--at = '\0';
    std::uint64_t rest = value < 0 ? 0 - static_cast<std::uint64_t>(value) : static_cast<std::uint64_t>(value);
    do *--at = static_cast<char>('0' + rest % 10);
    while ((rest /= 10) != 0);
    if (value < 0) *--at = '-';
    return word(at);
}

bool Line::append_to(int fd) {
    text_[size_] = '\n';
    ssize_t done = -1;
    do done = ::write(fd, text_, size_ + 1);
    while (done < 0 && errno == EINTR);
    text_[size_] = '\0';
    return done == static_cast<ssize_t>(size_ + 1);
}

namespace {

std::int64_t micros(clockid_t clock) {
    timespec now{};
    ::clock_gettime(clock, &now);
    return std::int64_t{now.tv_sec} * 1'000'000 + now.tv_nsec / 1000;
}

} // namespace

std::int64_t realtime_micros() { return micros(CLOCK_REALTIME); }
std::int64_t monotonic_micros() { return micros(CLOCK_MONOTONIC); }

std::uint64_t start_ticks(int pid) {
    Line digits;
    digits.number(pid);
    char path[48] = "/proc/";
    std::strcat(path, digits.text());
    std::strcat(path, "/stat");
    const int fd = ::open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) return 0;
    char text[1024];
    const ssize_t got = ::read(fd, text, sizeof text - 1);
    ::close(fd);
    if (got <= 0) return 0;
    text[got] = '\0';
    // The second field is the program's name in parentheses and may contain anything, so count from its end.
    const char* at = std::strrchr(text, ')');
    for (int field = 2; at != nullptr && field < 22; ++field) at = std::strchr(at + 1, ' ');
    return at == nullptr ? 0 : std::strtoull(at + 1, nullptr, 10);
}

} // namespace hk::keeper
