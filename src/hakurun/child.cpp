#include "hakurun/child.hpp"

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>

namespace hk::hakurun {
namespace {

/// What posix_spawn is told about the child, freed in any case.
class SpawnPlan {
public:
    explicit SpawnPlan(const Streams& streams) {
        posix_spawn_file_actions_init(&actions_);
        posix_spawnattr_init(&attributes_);
        redirect(streams.input, STDIN_FILENO);
        redirect(streams.output, STDOUT_FILENO);
        redirect(streams.error, STDERR_FILENO);
        sigset_t none, restored;
        sigemptyset(&none);
        sigemptyset(&restored);
        sigaddset(&restored, SIGPIPE);
        posix_spawnattr_setsigmask(&attributes_, &none);
        posix_spawnattr_setsigdefault(&attributes_, &restored);
        posix_spawnattr_setpgroup(&attributes_, 0);
        posix_spawnattr_setflags(&attributes_, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    }
    SpawnPlan(const SpawnPlan&) = delete;
    SpawnPlan& operator=(const SpawnPlan&) = delete;
    ~SpawnPlan() {
        posix_spawn_file_actions_destroy(&actions_);
        posix_spawnattr_destroy(&attributes_);
    }

    /// 0 and the pid, or an error number.
    int spawn(pid_t& pid, const std::string& path, const std::vector<std::string>& words) const {
        std::vector<char*> argv;
        argv.reserve(words.size() + 1);
        for (const auto& word : words) argv.push_back(const_cast<char*>(word.c_str()));
        argv.push_back(nullptr);
        return posix_spawn(&pid, path.c_str(), &actions_, &attributes_, argv.data(), environ);
    }

private:
    void redirect(int from, int to) {
        if (from != to) posix_spawn_file_actions_adddup2(&actions_, from, to);
    }

    posix_spawn_file_actions_t actions_{};
    posix_spawnattr_t attributes_{};
};

Error spawn_error(const std::string& path, int number) {
    if (number == ENOENT) return {Errc::not_found, path + " or its interpreter does not exist", {}};
    if (number == EACCES) return {Errc::forbidden, path + " may not be executed", {}};
    if (number == E2BIG) return {Errc::too_large, path + ": the arguments are longer than the system allows", {}};
    if (number == EAGAIN || number == ENOMEM) return {Errc::unavailable, "no room for another process", {}};
    return system_error("cannot start " + path, number);
}

} // namespace

Result<pid_t> start_child(const Command& command, const Streams& streams) {
    const SpawnPlan plan(streams);
    pid_t pid = 0;
    int failed = plan.spawn(pid, command.path, command.argv);
    if (failed == ENOEXEC) { // a script without #! is a shell script, as in every shell
        std::vector<std::string> words{"sh", command.path};
        words.insert(words.end(), command.argv.begin() + 1, command.argv.end());
        failed = plan.spawn(pid, "/bin/sh", words);
    }
    if (failed != 0) return fail(spawn_error(command.path, failed));
    return pid;
}

int exit_code_of(int wait_status) {
    return WIFSIGNALED(wait_status) ? 128 + WTERMSIG(wait_status) : WEXITSTATUS(wait_status);
}

int exit_code_of(const Error& error) { return error.code == Errc::not_found ? 127 : 126; }

Result<int> run_quietly(const Command& command) {
    const Fd nothing(open("/dev/null", O_RDWR | O_CLOEXEC));
    if (!nothing) return fail(system_error("cannot open /dev/null", errno));
    HK_TRY(const pid_t pid, start_child(command, {nothing.get(), nothing.get(), nothing.get()}));
    int status = 0;
    while (waitpid(pid, &status, 0) < 0) {
        if (errno != EINTR) return fail(system_error("cannot wait for " + command.path, errno));
    }
    return exit_code_of(status);
}

} // namespace hk::hakurun
