#include "keeper/daemon.hpp"

#include "keeper/channel.hpp"
#include "keeper/record.hpp"
#include "keeper/watched.hpp"
#include "keeper/watcher.hpp"

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <poll.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <unistd.h>

namespace hk::keeper {
namespace {

constexpr int first_runner_within_millis = 10'000;
constexpr int unsure_millis = 100;
/// So many starts are taken before ended tasks are reaped again.
constexpr int starts_per_turn = 64;

/// Everything the keeper is. One per process; watchers inherit a copy and close what they do not need.
struct Daemon {
    Channel channel;
    WatchedList watched;
    Inherited inherited;
    char boot_id[boot_id_room] = {};
    int spool = -1;
    int signals = -1;
    bool had_runner = false;
};

int complain(const char* what) {
    Line line;
    line.word("hakuriver-keeper:").word(what).join(": ").join(::strerrordesc_np(errno));
    line.append_to(STDERR_FILENO);
    return 1;
}

bool is_spared_by_oom() {
    char text[16] = {};
    const int fd = ::open("/proc/self/oom_score_adj", O_RDONLY | O_CLOEXEC);
    if (fd < 0) return false;
    const ssize_t got = ::read(fd, text, sizeof text - 1);
    ::close(fd);
    return got > 0 && text[0] == '-';
}

void keep_limits(Inherited& out) {
    out.is_spared_by_oom = is_spared_by_oom();
    rlimit files{};
    if (::getrlimit(RLIMIT_NOFILE, &files) != 0) return;
    out.open_files_soft = files.rlim_cur;
    out.open_files_hard = files.rlim_max;
    files.rlim_cur = files.rlim_max;
    ::setrlimit(RLIMIT_NOFILE, &files);
}

/// Whatever the runner ignores or blocks, tasks start with the defaults.
void reset_signals() {
    for (int signal = 1; signal < NSIG; ++signal) ::signal(signal, SIG_DFL);
    sigset_t child;
    ::sigemptyset(&child);
    ::sigaddset(&child, SIGCHLD);
    ::sigprocmask(SIG_SETMASK, &child, nullptr);
}

int open_signals() {
    sigset_t child;
    ::sigemptyset(&child);
    ::sigaddset(&child, SIGCHLD);
    return ::signalfd(-1, &child, SFD_CLOEXEC | SFD_NONBLOCK);
}

void leave_cgroups(int argc, char** argv) {
    for (int i = 0; i + 1 < argc; ++i) {
        if (std::strcmp(argv[i], "--cgroup") != 0) continue;
        const int fd = ::open(argv[++i], O_WRONLY | O_CLOEXEC);
        if (fd < 0) continue; // staying is no harm: the unit of the runner kills only its own process
        [[maybe_unused]] const ssize_t done = ::write(fd, "0", 1);
        ::close(fd);
    }
}

void detach_streams() {
    const int null = ::open("/dev/null", O_RDWR | O_CLOEXEC);
    for (int fd = 0; null >= 0 && fd <= 2; ++fd) ::dup2(null, fd);
    if (null > 2) ::close(null);
}

/// The lock is held by this process and its watchers do not inherit it: who gets it knows that no keeper is left.
int take_lock() {
    const int fd = ::open(lock_name, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0 || ::flock(fd, LOCK_EX | LOCK_NB) != 0) return -1;
    return fd;
}

void write_pid(int lock) {
    Line line;
    line.number(::getpid());
    if (::ftruncate(lock, 0) == 0) line.append_to(lock);
}

/// In the forked watcher. The fields are read in place, in this process's copy of the message.
[[noreturn]] void begin_watcher(const Daemon& daemon, Start& start, int record) {
    char* fields = start.fields;
    if (start.memfd >= 0) {
        void* mapped = ::mmap(nullptr, start.size, PROT_READ | PROT_WRITE, MAP_PRIVATE, start.memfd, 0);
        fields = mapped == MAP_FAILED ? nullptr : static_cast<char*>(mapped);
    }
    if (record > 3) ::close_range(3, static_cast<unsigned>(record) - 1, 0);
    ::close_range(static_cast<unsigned>(record) + 1, ~0U, 0);
    Line name;
    name.word("hk").word(start.header.attempt);
    ::prctl(PR_SET_NAME, name.text(), 0, 0, 0);
    Request request;
    const char* wrong = fields == nullptr ? "out of memory" : decode(fields, start.size, request);
    if (wrong == nullptr) watch(request, record, daemon.inherited);
    append_failure(record, exit_not_set_up, wrong, nullptr);
    ::_exit(0);
}

void start_attempt(Daemon& daemon, Start& start) {
    const int record = open_record(daemon.spool, start.header.attempt);
    if (record < 0) return;
    if (!claim_untouched(record, start.header.record_size)) {
        ::close(record);
        return;
    }
    const int pid = ::fork();
    if (pid == 0) begin_watcher(daemon, start, record);
    if (pid > 0 && daemon.watched.add(pid, record)) return; // without room in the list the watcher does it alone
    if (pid < 0) append_failure(record, exit_not_set_up, "cannot start another process", ::strerrordesc_np(errno));
    ::close(record);
}

void take_starts(Daemon& daemon) {
    for (int taken = 0; taken < starts_per_turn; ++taken) {
        Start start;
        if (!daemon.channel.next(start)) return;
        start_attempt(daemon, start);
        if (start.memfd >= 0) ::close(start.memfd);
    }
}

bool is_finished(const Daemon& daemon, bool nothing_happened) {
    if (daemon.channel.connected() || !daemon.watched.empty()) return false;
    return daemon.had_runner || nothing_happened;
}

void serve(Daemon& daemon) {
    for (;;) {
        pollfd watched[Channel::max_descriptors + 1];
        std::size_t count = daemon.channel.descriptors(watched);
        watched[count++] = pollfd{daemon.signals, POLLIN, 0};
        const int idle = daemon.had_runner ? -1 : first_runner_within_millis;
        const int limit = daemon.watched.any_unsure() ? unsure_millis : idle;
        const int ready = ::poll(watched, count, limit);
        if (ready == 0) daemon.watched.decide_unsure();
        signalfd_siginfo ignored[8];
        while (::read(daemon.signals, ignored, sizeof ignored) > 0) {
        }
        daemon.watched.reap();
        daemon.channel.accept();
        daemon.had_runner = daemon.had_runner || daemon.channel.connected();
        take_starts(daemon);
        if (is_finished(daemon, ready == 0)) return;
    }
}

[[noreturn]] void become_daemon(Daemon& daemon, int lock, int argc, char** argv) {
    ::setsid();
    if (::fork() != 0) ::_exit(0);
    detach_streams();
    leave_cgroups(argc, argv);
    ::prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
    write_pid(lock);
    daemon.signals = open_signals();
    serve(daemon);
    ::_exit(0);
}

} // namespace

int run_daemon(int argc, char** argv) {
    static Daemon daemon;
    if (argc < 1 || ::chdir(argv[0]) != 0) return complain("cannot enter the state directory");
    ::close_range(3, ~0U, 0); // whatever the runner left open
    reset_signals();
    const int lock = take_lock();
    if (lock < 0) return errno == EWOULDBLOCK ? 0 : complain("cannot lock the state directory");
    daemon.inherited.umask = ::umask(0077);
    daemon.spool = ::open(spool_folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (daemon.spool < 0) return complain("cannot open the spool folder");
    if (!daemon.channel.listen()) return complain("cannot listen in the state directory");
    read_boot_id(daemon.boot_id);
    daemon.inherited.boot_id = daemon.boot_id;
    keep_limits(daemon.inherited);
    const int child = ::fork();
    if (child == 0) become_daemon(daemon, lock, argc - 1, argv + 1);
    return child < 0 ? complain("cannot start another process") : 0;
}

} // namespace hk::keeper
