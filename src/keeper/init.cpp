#include "keeper/init.hpp"

#include "keeper/memory.hpp"
#include "keeper/record.hpp"
#include "keeper/sweep.hpp"
#include "keeper/watcher.hpp"

#include <cerrno>
#include <csignal>
#include <cstring>
#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

extern char** environ;

namespace hk::keeper {
namespace {

constexpr std::size_t max_path_list = 32 * 1024;

struct Options {
    const char* facts = nullptr;
    const char* directory = nullptr;
    const char* coded = nullptr;
    const char* path = nullptr;
    Request request;
};

const char** option_named(const char* name, Options& options) {
    if (std::strcmp(name, "--facts") == 0) return &options.facts;
    if (std::strcmp(name, "--out") == 0) return &options.request.output;
    if (std::strcmp(name, "--err") == 0) return &options.request.errors;
    if (std::strcmp(name, "--cwd") == 0) return &options.request.directory;
    if (std::strcmp(name, "--coded") == 0) return &options.coded;
    if (std::strcmp(name, "--path") == 0) return &options.path;
    return nullptr;
}

int hex_digit(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/// "%ff" to the byte, in place. An engine's API is JSON, in which not every byte can be written.
void decode_bytes(char* text) {
    char* out = text;
    for (; *text != '\0'; ++out) {
        const int high = *text == '%' ? hex_digit(text[1]) : -1;
        const int low = high < 0 ? -1 : hex_digit(text[2]);
        *out = low < 0 ? *text : static_cast<char>(high * 16 + low);
        text += low < 0 ? 1 : 3;
    }
    *out = '\0';
}

/// The folder comes last in PATH, so that an image's own programs go first. A list that is too long stays as it is.
void extend_path(const char* folder) {
    static char longer[max_path_list];
    for (char** at = environ; folder != nullptr && *at != nullptr; ++at) {
        if (std::strncmp(*at, "PATH=", 5) != 0) continue;
        const std::size_t length = std::strlen(*at);
        const std::size_t more = std::strlen(folder) + 1; // with the zero byte
        if (length + 1 + more > max_path_list) return;
        std::memcpy(longer, *at, length);
        longer[length] = ':';
        std::memcpy(longer + length + 1, folder, more);
        *at = longer;
        return;
    }
}

bool parse(int argc, char** argv, Options& out) {
    int at = 0;
    for (; at + 1 < argc && std::strcmp(argv[at], "--") != 0; at += 2) {
        const char** value = option_named(argv[at], out);
        if (value == nullptr) return false;
        *value = argv[at + 1];
    }
    if (at + 1 >= argc || std::strcmp(argv[at], "--") != 0) return false;
    out.request.argv = argv + at + 1;
    for (int i = at + 1; out.coded != nullptr && i < argc; ++i) decode_bytes(argv[i]);
    extend_path(out.path);
    out.request.env = environ;
    return true;
}

int fail(int record, const Failure& failure) {
    print_failure(STDERR_FILENO, failure);
    append_failure(record, failure);
    return failure.code;
}

bool redirect(const char* path, int target) {
    if (path == nullptr) return true; // stays what the engine gave us
    const int fd = open_output(path);
    if (fd < 0) return false;
    ::dup2(fd, target);
    ::close(fd);
    return true;
}

bool prepare(const Request& request, Failure& out) {
    const char* wrong = nullptr;
    if (!redirect(request.errors, STDERR_FILENO)) wrong = request.errors;
    else if (!redirect(request.output, STDOUT_FILENO)) wrong = request.output;
    if (wrong != nullptr) {
        out = Failure{exit_not_set_up, errno, "cannot open", wrong};
        return false;
    }
    if (request.directory == nullptr || ::chdir(request.directory) == 0) return true;
    out = Failure{exit_not_set_up, errno, "cannot enter the working directory", request.directory};
    return false;
}

/// Every signal is taken by sigwaitinfo: PID 1 has no default actions, so nothing else would happen to them.
void block_signals() {
    for (int signal = 1; signal < NSIG; ++signal) ::signal(signal, SIG_DFL);
    sigset_t all;
    ::sigfillset(&all);
    ::sigprocmask(SIG_SETMASK, &all, nullptr);
}

void append_forked(int record) {
    char boot[boot_id_room];
    read_boot_id(boot);
    Line line;
    line.word(fact_forked).number(::getpid()).number(static_cast<std::int64_t>(start_ticks(::getpid())));
    line.number(::getppid()).word(boot);
    append_fact(record, line);
}

[[gnu::noinline]] int launch(const Request& request, int record, volatile Failure& failure) {
    const int pid = ::vfork(); // NOLINT(bugprone-unsafe-functions): posix_spawn cannot do what the child does
    if (pid != 0) return pid;
    append_forked(record);
    ::setsid();
    sigset_t none;
    ::sigemptyset(&none);
    ::sigprocmask(SIG_SETMASK, &none, nullptr);
    execute(request.argv, request.env, const_cast<Failure&>(failure));
    ::_exit(exit_not_set_up);
}

bool means_end(int signal) { return signal == SIGTERM || signal == SIGINT || signal == SIGHUP || signal == SIGQUIT; }

/// A sender that has no number here is in another PID namespace: the engine, for whoever asked it.
void note_sender(int record, const siginfo_t& info) {
    if (!means_end(info.si_signo) || ::getpid() != 1 || info.si_code != SI_USER || info.si_pid != 0) return;
    Line line;
    line.word(fact_outside).number(info.si_signo).number(realtime_micros());
    append_fact(record, line);
}

/// A request to end concerns every process, as it does outside containers; the rest is for the program to interpret.
void forward(int signal, int task) {
    if (means_end(signal) && ::getpid() == 1) ::kill(-1, signal);
    else if (means_end(signal)) ::kill(-task, signal);
    else ::kill(task, signal);
}

/// True when the program has ended; it stays a zombie until its end is on record. All others are reaped.
bool reap_others(int task) {
    for (;;) {
        siginfo_t ended{};
        if (::waitid(P_ALL, 0, &ended, WEXITED | WNOWAIT | WNOHANG | __WALL) != 0 || ended.si_pid == 0) return false;
        if (ended.si_pid == task) return true;
        ::waitpid(ended.si_pid, nullptr, WNOHANG | __WALL);
    }
}

void forward_until_ended(int task, int record) {
    sigset_t all;
    ::sigfillset(&all);
    while (!reap_others(task)) {
        siginfo_t info{};
        const int signal = ::sigwaitinfo(&all, &info);
        if (signal <= 0 || signal == SIGCHLD) continue;
        note_sender(record, info);
        forward(signal, task);
    }
}

int code_of(int status) { return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status); }

int run_program(const Request& request, int record) {
    static volatile Failure failure;
    block_signals();
    const int task = launch(request, record, failure);
    if (task < 0) return fail(record, Failure{exit_not_set_up, errno, "cannot start another process", nullptr});
    if (failure.code != 0) {
        ::waitpid(task, nullptr, __WALL);
        return fail(record, const_cast<Failure&>(failure));
    }
    append_started(record);
    forward_until_ended(task, record);
    append_memory(record);
    return code_of(see_to_end(task, record, nullptr));
}

} // namespace

int run_init(int argc, char** argv) {
    Options options;
    if (!parse(argc, argv, options))
        return fail(-1, Failure{exit_not_set_up, 0,
                                "usage: --init [--facts FILE] [--out FILE] [--err FILE] "
                                "[--cwd DIR] [--path DIR] -- PROGRAM ARGUMENTS...",
                                nullptr});
    // Without the facts the exit code still reaches the engine, so the task runs.
    const int record = options.facts == nullptr ? -1 : ::open(options.facts, O_RDWR | O_APPEND | O_CLOEXEC);
    if (options.facts != nullptr && record < 0)
        print_failure(STDERR_FILENO, Failure{0, errno, "cannot record what happens in", options.facts});
    ::prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
    Failure failure;
    if (!prepare(options.request, failure)) return fail(record, failure);
    return run_program(options.request, record);
}

} // namespace hk::keeper
