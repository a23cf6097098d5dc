#include "keeper/launch.hpp"

#include "keeper/record.hpp"

#include <cerrno>
#include <csignal>
#include <cstring>
#include <fcntl.h>
#include <sys/fsuid.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace hk::keeper {
namespace {

constexpr std::size_t max_path = 4096;
constexpr int mpol_bind = 2;

// The system calls themselves: glibc's own functions keep every thread of the process in step, and after vfork that
// process is the parent.
int set_ids(const User& user) {
    if (::syscall(SYS_setresgid, user.gid, user.gid, user.gid) != 0) return -1;
    return static_cast<int>(::syscall(SYS_setresuid, user.uid, user.uid, user.uid));
}

void make_parent(const char* path) {
    char folder[max_path];
    const char* slash = std::strrchr(path, '/');
    const auto length = slash == nullptr ? 0 : static_cast<std::size_t>(slash - path);
    if (length == 0 || length >= sizeof folder) return;
    std::memcpy(folder, path, length);
    folder[length] = '\0';
    ::mkdir(folder, 0777);
}

void warn(int record, const char* what, int error) {
    Line line;
    line.word(fact_warning).word(what);
    if (const char* why = ::strerrordesc_np(error); why != nullptr) line.join(": ").join(why);
    append_fact(record, line);
}

bool fail_with(Failure& out, const char* what, const char* name) {
    out = Failure{exit_not_set_up, errno, what, name};
    return false;
}

/// Tasks may write in the folder of the outputs, and so can leave a link to another's file there, which must not be
/// followed, or a pipe, for whose reader nobody waits.
int open_or_make(const char* path) {
    return ::open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NOFOLLOW | O_NONBLOCK, 0644);
}

/// As the task's user, so that a file server that does not trust root lets us; else as ourselves, given to the user.
int open_output_for(const Request& request, const char* path) {
    if (!request.has_user) return open_output(path);
    ::setfsgid(request.user.gid);
    ::setfsuid(request.user.uid);
    int fd = open_output(path);
    ::setfsuid(::geteuid());
    ::setfsgid(::getegid());
    if (fd >= 0) return fd;
    fd = open_output(path);
    if (fd >= 0 && ::fchown(fd, request.user.uid, request.user.gid) != 0) return fd; // still usable: it is open
    return fd;
}

bool redirect(const Request& request, const char* path, int target, Failure& out) {
    const int fd = path == nullptr ? ::open("/dev/null", O_WRONLY | O_CLOEXEC) : open_output_for(request, path);
    if (fd < 0) return fail_with(out, "cannot open", path);
    ::dup2(fd, target);
    ::close(fd);
    return true;
}

bool set_streams(const Request& request, Failure& out) {
    const int input = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
    if (input >= 0) {
        ::dup2(input, STDIN_FILENO);
        ::close(input);
    }
    return redirect(request, request.output, STDOUT_FILENO, out) &&
           redirect(request, request.errors, STDERR_FILENO, out);
}

void join_cgroups(const Request& request, int record) {
    for (std::size_t i = 0; i < request.cgroup_count; ++i) {
        const int fd = ::open(request.cgroups[i], O_WRONLY | O_CLOEXEC);
        if (fd < 0 || ::write(fd, "0", 1) != 1) warn(record, "a resource limit is not in force", errno);
        if (fd >= 0) ::close(fd);
    }
}

void give_up_favour() {
    const int fd = ::open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
    if (fd < 0) return;
    [[maybe_unused]] const ssize_t done = ::write(fd, "0", 1);
    ::close(fd);
}

void apply_limits(const Request& request, int record, const Inherited& inherited) {
    if (inherited.is_spared_by_oom) give_up_favour();
    if (request.cpus != nullptr && ::sched_setaffinity(0, sizeof *request.cpus, request.cpus) != 0)
        warn(record, "the task is not bound to the CPUs of its NUMA node", errno);
    if (request.memory_nodes != 0 && ::syscall(SYS_set_mempolicy, mpol_bind, &request.memory_nodes, 64UL + 1) != 0)
        warn(record, "the task's memory is not bound to its NUMA node", errno);
    if (request.has_nice && ::setpriority(PRIO_PROCESS, 0, request.nice) != 0) warn(record, "nice", errno);
    if (inherited.open_files_hard != 0) {
        const rlimit files{inherited.open_files_soft, inherited.open_files_hard};
        ::setrlimit(RLIMIT_NOFILE, &files);
    }
    for (std::size_t i = 0; i < request.limit_count; ++i) {
        const Limit& limit = request.limits[i];
        const rlimit value{limit.soft, limit.hard};
        if (::setrlimit(static_cast<__rlimit_resource_t>(limit.resource), &value) != 0)
            warn(record, "a resource limit is not in force", errno);
    }
}

bool become_user(const Request& request, Failure& out) {
    if (request.no_new_privileges) ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    if (!request.has_user) return true;
    if (::syscall(SYS_setgroups, request.group_count, request.groups) != 0 || set_ids(request.user) != 0)
        return fail_with(out, "cannot become the user that tasks run as", nullptr);
    return true;
}

bool enter_directory(const Request& request, Failure& out) {
    if (request.directory == nullptr || ::chdir(request.directory) == 0) return true;
    const bool made = request.make_directory && errno == ENOENT && ::mkdir(request.directory, 0777) == 0;
    if (made && ::chdir(request.directory) == 0) return true;
    return fail_with(out, "cannot enter the working directory", request.directory);
}

void append_forked(int record, const Inherited& inherited) {
    const int self = ::getpid();
    Line line;
    line.word(fact_forked).number(self).number(static_cast<std::int64_t>(start_ticks(self)));
    line.number(::getppid()).word(inherited.boot_id);
    append_fact(record, line);
}

} // namespace

int open_output(const char* path) {
    int fd = open_or_make(path);
    if (fd < 0 && errno == ENOENT) {
        make_parent(path);
        fd = open_or_make(path);
    }
    struct stat about{};
    if (fd < 0 || (::fstat(fd, &about) == 0 && S_ISREG(about.st_mode))) {
        if (fd >= 0) ::fcntl(fd, F_SETFL, O_APPEND); // the task need not know that we would not wait
        return fd;
    }
    ::close(fd);
    errno = EINVAL;
    return -1;
}

void become_task(const Request& request, int record, const Inherited& inherited, Failure& out) {
    append_forked(record, inherited);
    ::setsid();
    ::umask(inherited.umask);
    if (!set_streams(request, out)) return;
    join_cgroups(request, record);
    apply_limits(request, record, inherited);
    if (!become_user(request, out) || !enter_directory(request, out)) return;
    sigset_t none;
    ::sigemptyset(&none);
    ::sigprocmask(SIG_SETMASK, &none, nullptr);
    execute(request.argv, request.env, out);
}

} // namespace hk::keeper
