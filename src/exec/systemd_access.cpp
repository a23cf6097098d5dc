#include "exec/systemd_manager.hpp"

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <fcntl.h>
#include <filesystem>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

namespace hk::exec {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

constexpr char private_socket[] = "/run/systemd/private";
constexpr char bus_socket[] = "/run/dbus/system_bus_socket";
constexpr char sudo_program[] = "/usr/bin/sudo";
constexpr Duration sudo_limit = 5s;

bool is_there(const fs::path& path) {
    std::error_code error;
    return fs::exists(path, error);
}

/// Spawned with nothing to read and nowhere to write, so that nothing can be asked or said.
pid_t spawn_silently(char* const* argv) {
    posix_spawn_file_actions_t files;
    ::posix_spawn_file_actions_init(&files);
    ::posix_spawn_file_actions_addopen(&files, 0, "/dev/null", O_RDONLY, 0);
    for (const int fd : {1, 2}) ::posix_spawn_file_actions_addopen(&files, fd, "/dev/null", O_WRONLY, 0);
    pid_t pid = 0;
    const int error = ::posix_spawn(&pid, argv[0], &files, nullptr, argv, environ);
    ::posix_spawn_file_actions_destroy(&files);
    return error == 0 ? pid : 0;
}

/// Whether sudo runs commands as root without asking for a password.
bool sudo_works() {
    std::string words[] = {sudo_program, "-n", "true"};
    char* argv[] = {words[0].data(), words[1].data(), words[2].data(), nullptr};
    const pid_t pid = spawn_silently(argv);
    if (pid == 0) return false;
    int status = 0;
    const Mono deadline = BootClock::now() + sudo_limit;
    while (::waitpid(pid, &status, WNOHANG) == 0) {
        if (BootClock::now() > deadline) {
            ::kill(pid, SIGKILL);
            ::waitpid(pid, &status, 0);
            return false;
        }
        ::poll(nullptr, 0, 10);
    }
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

SystemdAccess system_access() {
    if (is_there(private_socket))
        return {SystemdAccess::Kind::system, {std::string("unix:path=") + private_socket, true}};
    return {SystemdAccess::Kind::system, {std::string("unix:path=") + bus_socket, false}};
}

Result<SystemdAccess> sudo_access() {
    if (!is_there(sudo_program)) return fail(Errc::unsupported, "sudo is not installed");
    if (!sudo_works()) return fail(Errc::forbidden, "sudo asks for a password or does not allow it");
    return SystemdAccess{
        SystemdAccess::Kind::system_through_sudo,
        {std::string("unixexec:path=") + sudo_program + ",argv0=sudo,argv1=-n,argv2=systemd-stdio-bridge", false}};
}

Result<SystemdAccess> user_access() {
    const char* runtime = std::getenv("XDG_RUNTIME_DIR");
    const fs::path folder = runtime ? fs::path(runtime) : fs::path("/run/user") / std::to_string(::getuid());
    const fs::path socket = folder / "systemd/private";
    if (!is_there(socket))
        return fail(Errc::unsupported, "no systemd of this user runs (loginctl enable-linger starts it at boot)");
    return SystemdAccess{SystemdAccess::Kind::user, {"unix:path=" + socket.string(), true}};
}

} // namespace

Result<SystemdAccess> find_systemd() {
    if (!is_there("/run/systemd/system")) return fail(Errc::unsupported, "systemd does not run this machine");
    if (::geteuid() == 0) return system_access();
    auto through_sudo = sudo_access();
    if (through_sudo) return through_sudo;
    auto user = user_access();
    if (user) return user;
    return fail(Errc::unsupported,
                "the runner is not root, " + through_sudo.error().message + ", and " + user.error().message);
}

} // namespace hk::exec
