#include "keeper/unit.hpp"

#include "keeper/record.hpp"
#include "keeper/unit_group.hpp"
#include "keeper/watcher.hpp"

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <initializer_list>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

namespace hk::keeper {
namespace {

int complain(const char* what, const char* name) {
    Line line;
    line.word("hakuriver-keeper:").word(what).word(name).join(": ").join(::strerrordesc_np(errno));
    line.append_to(STDERR_FILENO);
    return 1;
}

struct Message {
    Header header;
    char* fields = nullptr;
    std::size_t size = 0;
};

bool read_fully(int fd, char* out, std::size_t size) {
    while (size > 0) {
        const ssize_t got = ::read(fd, out, size);
        if (got <= 0) return false;
        out += got;
        size -= static_cast<std::size_t>(got);
    }
    return true;
}

bool read_message(const char* path, Message& out) {
    const int fd = ::open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    struct stat found{};
    if (fd < 0 || ::fstat(fd, &found) != 0) return false;
    const auto size = static_cast<std::size_t>(found.st_size);
    errno = EBADMSG;
    if (size < sizeof out.header || size > sizeof out.header + max_message) return false;
    out.size = size - sizeof out.header;
    out.fields = static_cast<char*>(std::malloc(out.size + 1));
    if (out.fields == nullptr || !read_fully(fd, reinterpret_cast<char*>(&out.header), sizeof out.header) ||
        !read_fully(fd, out.fields, out.size))
        return false;
    ::close(fd);
    return out.header.magic == magic && std::memchr(out.header.attempt, 0, sizeof out.header.attempt) != nullptr;
}

/// Stopping the unit signals every process in it. The task shall act on that; its watcher only has
/// to see how.
void leave_signals_to_task() {
    for (int signal = 1; signal < NSIG; ++signal) ::signal(signal, SIG_DFL);
    sigset_t taken;
    ::sigemptyset(&taken);
    for (const int signal : {SIGCHLD, SIGTERM, SIGINT, SIGHUP, SIGQUIT}) ::sigaddset(&taken, signal);
    ::sigprocmask(SIG_SETMASK, &taken, nullptr);
}

void append_limits(int record, const UnitGroup& group) {
    const UnitLimits limits = read_limits(group);
    Line line;
    append_fact(record, line.word(fact_limits).number(limits.cpu_micros).number(limits.memory));
}

/// Before `gone`, which is the last: the control group goes away with this process.
void append_unit_memory(int record) {
    const UnitGroup group = find_unit_group();
    const UnitMemory memory = read_memory(group);
    Line line;
    line.word(fact_memory).number(memory.oom_kills).number(read_limits(group).memory).number(memory.peak);
    append_fact(record, line);
}

[[noreturn]] void watch_task(const Request& request, int record) {
    const UnitGroup group = find_unit_group();
    append_limits(record, group);
    static char boot_id[boot_id_room];
    read_boot_id(boot_id);
    Inherited inherited;
    inherited.boot_id = boot_id;
    watch(request, record, inherited, append_unit_memory);
}

} // namespace

int run_unit(int argc, char** argv) {
    if (argc != 2) return complain("usage: --unit STATE_DIR", "MESSAGE");
    leave_signals_to_task();
    Message message;
    if (!read_message(argv[1], message)) return complain("cannot read", argv[1]);
    if (::chdir(argv[0]) != 0) return complain("cannot enter", argv[0]);
    const int spool = ::open(spool_folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    const int record = spool < 0 ? -1 : open_record(spool, message.header.attempt);
    if (record < 0) return complain("there is no record of attempt", message.header.attempt);
    ::close(spool);
    if (!claim_untouched(record, message.header.record_size)) return 0; // it was started before: once is enough
    ::unlink(argv[1]);
    Line name;
    name.word("hk").word(message.header.attempt);
    ::prctl(PR_SET_NAME, name.text(), 0, 0, 0);
    static Request request;
    const char* wrong = decode(message.fields, message.size, request);
    if (wrong == nullptr) watch_task(request, record);
    append_failure(record, exit_not_set_up, wrong, nullptr);
    return 0;
}

} // namespace hk::keeper
