#pragma once
#include <cstddef>
#include <cstdint>

/// What the runner says to the keeper, and the first words of the lines that the keeper appends to spool records.
/// One message starts one attempt: a Header, then fields of the form { tag, length, bytes }. Both ends run on one
/// machine, so numbers are in its byte order. Strings include their terminating zero.
namespace hk::keeper {

/// Every unit of a task begins so; its control groups are told from others by it.
inline constexpr char unit_prefix[] = "hakuriver-task-";

/// Changes with the message format. It is part of the socket's name, so that a runner never talks to a keeper that
/// an older version left behind; that one ends by itself after its last task.
inline constexpr char socket_name[] = "keeper-1.sock";
inline constexpr char lock_name[] = "keeper-1.lock";
/// The folder of spool records, under the state directory that the keeper serves.
inline constexpr char spool_folder[] = "spool";

/// A start message, command and environment included. Linux itself allows about 2 MB for those.
inline constexpr std::size_t max_message = 1 << 20;
/// Longer messages travel in a memfd beside an empty Header: a datagram must fit the socket's send buffer, which an
/// unprivileged process cannot raise above about 200 kB.
inline constexpr std::size_t max_inline = 64 * 1024;
inline constexpr std::size_t max_attempt_name = 31;
inline constexpr std::size_t max_cgroups = 8;
inline constexpr std::size_t max_limits = 16;

inline constexpr std::uint32_t magic = 0x4b414831;

struct Header {
    std::uint32_t magic = keeper::magic;
    std::uint32_t in_memfd = 0; ///< 1: the fields are in the file that came along
    char attempt[max_attempt_name + 1] = {};
    /// The size of the record when it holds the assignment and no fact. Another size means that the attempt was started
    /// before: a start that is said twice happens once.
    std::uint64_t record_size = 0;
};

enum class Tag : std::uint32_t {
    argument,     ///< repeated; the first is the program
    environment,  ///< repeated; NAME=VALUE
    directory,    ///< working directory
    output,       ///< standard output's file, appended to; its folder is created when it is missing
    errors,       ///< standard error's file
    cgroup,       ///< repeated; a cgroup.procs file to join
    cgroup_kill,  ///< a cgroup.kill file that ends whatever the task left
    cpus,         ///< a cpu_set_t
    memory_nodes, ///< std::uint64_t bit mask for MPOL_BIND
    user,         ///< User
    groups,       ///< std::uint32_t each
    nice,         ///< std::int32_t
    limit,        ///< repeated; Limit
    no_new_privileges,
    make_directory, ///< the last part of the working directory is created when it is missing
};

struct FieldHead {
    Tag tag;
    std::uint32_t length;
};
struct User {
    std::uint32_t uid;
    std::uint32_t gid;
};
struct Limit {
    std::uint32_t resource; ///< RLIMIT_*
    std::uint32_t unused;
    std::uint64_t soft;
    std::uint64_t hard;
};

/// Exit codes of an attempt that could not be started, as shells use them.
inline constexpr int exit_not_set_up = 125;
inline constexpr int exit_not_executable = 126;
inline constexpr int exit_not_found = 127;

/// Facts, one line each. Whoever watches a task holds an flock on its record for as long as it lives, so a record that
/// is not locked and does not say `gone` has lost its watcher.
///   forked PID START_TICKS WATCHER_PID BOOT_ID     written by the process that becomes the task
///   warning TEXT                                   a limit that is not in force
///   started MICROSECONDS                           the command runs
///   failed CODE MICROSECONDS TEXT                  it could not be executed; the last fact
///   limits CPU_MICROS_PER_SECOND MEMORY_BYTES      in a systemd unit: what is in force; 0 for no limit
///   memory OOM_KILLS LIMIT_BYTES PEAK_BYTES        of a container or a systemd unit, at the end; 0 for none or unknown
///   exited CODE MICROSECONDS                       written before the process is reaped, so that no death loses it
///   signalled SIGNAL MICROSECONDS
///   gone MAXRSS_KB CPU_MICROSECONDS                nothing of the task is left; the last fact; zeros when unknown
///   adopted                                        the watcher was killed; the keeper waits for the task instead
///   outside SIGNAL MICROSECONDS                    somebody outside the container asked PID 1 to end
///   stop MICROSECONDS DEADLINE_MICROSECONDS        written by the runner: what is left at the deadline is killed
inline constexpr char fact_forked[] = "forked";
inline constexpr char fact_warning[] = "warning";
inline constexpr char fact_started[] = "started";
inline constexpr char fact_failed[] = "failed";
inline constexpr char fact_exited[] = "exited";
inline constexpr char fact_signalled[] = "signalled";
inline constexpr char fact_gone[] = "gone";
inline constexpr char fact_limits[] = "limits";
inline constexpr char fact_memory[] = "memory";
inline constexpr char fact_adopted[] = "adopted";
inline constexpr char fact_outside[] = "outside";
inline constexpr char fact_stop[] = "stop";

/// What a task leaves behind when its command has ended gets TERM, and KILL after this long (or at the deadline of a
/// stop that was asked for).
inline constexpr std::int64_t leftover_grace_micros = 2'000'000;

} // namespace hk::keeper
