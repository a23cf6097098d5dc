#include "keeper/record.hpp"

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

namespace hk::keeper {
namespace {

/// Facts are short and few, so the last lines hold all of them.
constexpr std::size_t tail_size = 32 * 1024;

bool is_attempt_name(const char* name) {
    if (*name == '\0' || *name == '.') return false;
    for (; *name != '\0'; ++name)
        if (*name != '.' && (*name < '0' || *name > '9')) return false;
    return true;
}

bool is_word(const char* line, const char* word) {
    const std::size_t length = std::strlen(word);
    return std::strncmp(line, word, length) == 0 && (line[length] == ' ' || line[length] == '\0');
}

std::int64_t number_in(const char* line, int field) {
    for (; field > 0 && line != nullptr; --field) {
        line = std::strchr(line, ' ');
        if (line != nullptr) ++line;
    }
    return line == nullptr ? 0 : std::strtoll(line, nullptr, 10);
}

void take_line(const char* line, Standing& out) {
    if (is_word(line, fact_forked)) out.task = static_cast<int>(number_in(line, 1));
    if (is_word(line, fact_exited) || is_word(line, fact_signalled)) out.ended = true;
    if (is_word(line, fact_failed)) out.ended = out.gone = true;
    if (is_word(line, fact_gone)) out.gone = true;
    if (is_word(line, fact_stop)) out.deadline = number_in(line, 2);
}

ssize_t read_tail(int record, char* text) {
    struct stat now{};
    if (record < 0 || ::fstat(record, &now) != 0) return -1;
    const off_t from = now.st_size > static_cast<off_t>(tail_size) ? now.st_size - static_cast<off_t>(tail_size) : 0;
    return ::pread(record, text, tail_size, from);
}

void pause_for_millis(long millis) {
    const timespec time{millis / 1000, millis % 1000 * 1'000'000};
    ::nanosleep(&time, nullptr);
}

} // namespace

int open_record(int folder, const char* attempt) {
    if (!is_attempt_name(attempt)) return -1;
    return ::openat(folder, attempt, O_RDWR | O_APPEND | O_CLOEXEC | O_NOFOLLOW);
}

void append_fact(int record, Line& line) {
    if (record < 0 || line.append_to(record)) return;
    // A part of the line may be there: end it, so that the next try stands alone.
    for (long wait = 50;; wait = wait < 1000 ? wait * 2 : 1000) {
        if (errno == EBADF || errno == EIO) return;
        pause_for_millis(wait);
        if (::write(record, "\n", 1) == 1 && line.append_to(record)) return;
    }
}

bool claim_untouched(int record, std::uint64_t size) {
    struct stat now{};
    if (::flock(record, LOCK_EX | LOCK_NB) != 0) return false;
    return ::fstat(record, &now) == 0 && static_cast<std::uint64_t>(now.st_size) == size;
}

void read_boot_id(char (&out)[boot_id_room]) {
    const int fd = ::open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
    const ssize_t got = fd < 0 ? -1 : ::read(fd, out, sizeof out - 1);
    if (fd >= 0) ::close(fd);
    out[got > 0 ? got : 0] = '\0';
    out[std::strcspn(out, "\n")] = '\0';
    if (out[0] == '\0') std::strcpy(out, "-");
}

Standing read_standing(int record) {
    static char text[tail_size + 1];
    Standing standing;
    const ssize_t got = read_tail(record, text);
    if (got <= 0) return standing;
    text[got] = '\0';
    for (char* line = text; line != nullptr;) {
        char* end = std::strchr(line, '\n');
        if (end == nullptr) break; // not complete: it is still being written
        *end = '\0';
        take_line(line, standing);
        line = end + 1;
    }
    return standing;
}

void append_failure(int record, int code, const char* what, const char* why) {
    Line line;
    line.word(fact_failed).number(code).number(realtime_micros()).word(what);
    if (why != nullptr) line.join(": ").join(why);
    append_fact(record, line);
}

void append_started(int record) {
    Line line;
    line.word(fact_started).number(realtime_micros());
    append_fact(record, line);
}

int status_of(const siginfo_t& ended) {
    return ended.si_code == CLD_EXITED ? (ended.si_status & 0xff) << 8 : ended.si_status & 0x7f;
}

void append_end(int record, int status) {
    Line line;
    if (WIFSIGNALED(status)) line.word(fact_signalled).number(WTERMSIG(status));
    else line.word(fact_exited).number(WEXITSTATUS(status));
    line.number(realtime_micros());
    append_fact(record, line);
}

void append_gone(int record, long max_rss_kb, std::int64_t cpu_micros) {
    Line line;
    line.word(fact_gone).number(max_rss_kb).number(cpu_micros);
    append_fact(record, line);
}

} // namespace hk::keeper
