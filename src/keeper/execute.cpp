#include "keeper/launch.hpp"

#include "keeper/record.hpp"

#include <cerrno>
#include <cstring>
#include <unistd.h>

namespace hk::keeper {
namespace {

constexpr char default_path[] = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
constexpr std::size_t max_path = 4096;
/// A script without "#!" is given to the shell with its arguments, as execvp does; no longer list than this.
constexpr std::size_t max_script_arguments = 1024;

const char* path_of(char* const* env) {
    for (; env != nullptr && *env != nullptr; ++env)
        if (std::strncmp(*env, "PATH=", 5) == 0) return *env + 5;
    return default_path;
}

void execute_script(const char* file, char* const* argv, char* const* env) {
    static const char* with_shell[max_script_arguments + 2];
    std::size_t count = 0;
    with_shell[count++] = "/bin/sh";
    with_shell[count++] = file;
    for (std::size_t i = 1; argv[i] != nullptr; ++i) {
        if (count > max_script_arguments) {
            errno = E2BIG;
            return;
        }
        with_shell[count++] = argv[i];
    }
    with_shell[count] = nullptr;
    ::execve("/bin/sh", const_cast<char* const*>(with_shell), env);
}

void try_file(const char* file, char* const* argv, char* const* env) {
    ::execve(file, argv, env);
    if (errno == ENOEXEC) execute_script(file, argv, env);
}

/// Copies "FOLDER/NAME" into `out`; false when it does not fit.
bool join_path(const char* folder, std::size_t folder_length, const char* name, char (&out)[max_path]) {
    const std::size_t name_length = std::strlen(name);
    if (folder_length + name_length + 2 > max_path) return false;
    std::memcpy(out, folder, folder_length);
    std::size_t at = folder_length;
    if (at == 0) out[at++] = '.'; // an empty part of PATH is the present folder
    out[at++] = '/';
    std::memcpy(out + at, name, name_length + 1);
    return true;
}

/// Whether the search goes on after this errno; the others say that the file was found.
bool means_look_further(int error) {
    return error == ENOENT || error == ENOTDIR || error == EACCES || error == ESTALE || error == ENODEV ||
           error == ETIMEDOUT || error == ELOOP || error == ENAMETOOLONG;
}

void search(char* const* argv, char* const* env) {
    static char file[max_path];
    int found = ENOENT;
    for (const char* at = path_of(env);; ++at) {
        const char* end = std::strchr(at, ':');
        const std::size_t length = end == nullptr ? std::strlen(at) : static_cast<std::size_t>(end - at);
        if (join_path(at, length, argv[0], file)) {
            try_file(file, argv, env);
            if (!means_look_further(errno)) return;
            if (errno == EACCES && ::access(file, F_OK) == 0) found = EACCES; // and not merely a folder we may not see
        }
        if (end == nullptr) break;
        at = end;
    }
    errno = found;
}

} // namespace

void execute(char* const* argv, char* const* env, Failure& out) {
    const bool has_slash = std::strchr(argv[0], '/') != nullptr;
    if (argv[0][0] == '\0') errno = ENOENT;
    else if (has_slash) try_file(argv[0], argv, env);
    else search(argv, env);
    const bool missing = errno == ENOENT || errno == ENOTDIR;
    const int code = missing ? exit_not_found : exit_not_executable;
    const bool not_in_path = errno == ENOENT && !has_slash;
    out = Failure{code, not_in_path ? 0 : errno, not_in_path ? "no such command in PATH:" : "cannot execute", argv[0]};
}

namespace {

void say(Line& line, const Failure& failure) {
    line.word(failure.what);
    if (failure.name != nullptr) line.word(failure.name);
    const char* why = failure.error == 0 ? nullptr : ::strerrordesc_np(failure.error);
    if (why != nullptr) line.join(": ").join(why);
}

} // namespace

void append_failure(int record, const Failure& failure) {
    Line line;
    line.word(fact_failed).number(failure.code).number(realtime_micros());
    say(line, failure);
    append_fact(record, line);
}

void print_failure(int fd, const Failure& failure) {
    Line line;
    line.word("hakuriver:");
    say(line, failure);
    line.append_to(fd);
}

} // namespace hk::keeper
