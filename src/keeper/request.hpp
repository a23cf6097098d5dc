#pragma once
#include "keeper/protocol.hpp"

#include <sched.h>

namespace hk::keeper {

/// How one task is to be started, decoded in place: every pointer points into the message. Owned by the process that
/// received the message; lives until that process ends or executes the task.
struct Request {
    char** argv = nullptr; ///< ends with a null pointer, as execve wants it
    char** env = nullptr;  ///< null: the environment of this process
    const char* directory = nullptr;
    const char* output = nullptr;
    const char* errors = nullptr;
    const char* cgroups[max_cgroups] = {};
    std::size_t cgroup_count = 0;
    const char* cgroup_kill = nullptr;
    const cpu_set_t* cpus = nullptr;
    std::uint64_t memory_nodes = 0;
    bool has_user = false;
    User user{};
    const std::uint32_t* groups = nullptr;
    std::size_t group_count = 0;
    bool has_nice = false;
    int nice = 0;
    Limit limits[max_limits] = {};
    std::size_t limit_count = 0;
    bool no_new_privileges = false;
    bool make_directory = false;
};

/// Reads the fields after the Header. Null when all is well, else what is wrong. Allocates the two pointer arrays.
const char* decode(char* fields, std::size_t size, Request& out);

} // namespace hk::keeper
