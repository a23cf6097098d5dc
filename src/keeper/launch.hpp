#pragma once
#include "keeper/request.hpp"

namespace hk::keeper {

/// Why a command could not be executed. Lives in memory that parent and vforked child share.
struct Failure {
    int code = 0;  ///< 0: it was executed
    int error = 0; ///< errno, 0 when there is none to add
    const char* what = nullptr;
    const char* name = nullptr; ///< the file or command concerned
};

/// What a process was given at its start and hands on to the task.
struct Inherited {
    unsigned umask = 022;
    std::uint64_t open_files_soft = 0; ///< the keeper raises its own limit; tasks get this one
    std::uint64_t open_files_hard = 0;
    const char* boot_id = "";
    bool is_spared_by_oom = false; ///< the runner's unit asks the kernel to spare it; tasks get no such favour
};

/// Turns the calling process, a child that nothing else shares but memory, into the task. Returns only when that
/// failed. No allocation, no standard library state: it runs after vfork.
void become_task(const Request& request, int record, const Inherited& inherited, Failure& out);

/// Executes argv[0], looked up in the PATH of `env` as a shell does. Returns only when that failed.
void execute(char* const* argv, char* const* env, Failure& out);

/// Opens the file for appending, making it and the last part of its folder when they are missing; -1 and errno. A link
/// is not followed, and what is no regular file is refused.
int open_output(const char* path);

/// Says the failure in one line: `failed CODE ... WHAT NAME: WHY`.
void append_failure(int record, const Failure& failure);
/// The same sentence on a descriptor such as standard error.
void print_failure(int fd, const Failure& failure);

} // namespace hk::keeper
