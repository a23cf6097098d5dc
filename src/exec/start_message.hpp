#pragma once
#include "base/file.hpp"
#include "keeper/protocol.hpp"
#include "model/ids.hpp"

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace hk::exec {

/// The user that tasks run as, when it is not the runner's own.
struct TaskUser {
    std::uint32_t uid = 0;
    std::uint32_t gid = 0;
    std::vector<std::uint32_t> groups;
    std::string name;
    std::string home;
    std::string shell;
};
/// Asks the machine's user database. Once, at start: it may be a network service.
Result<TaskUser> find_user(const std::string& name);

/// Everything the keeper needs to start one attempt.
struct StartRequest {
    AttemptId attempt;
    std::uint64_t record_size = 0; ///< of the record when it holds the assignment alone
    std::vector<std::string> command;
    std::map<std::string, std::string> environment;
    std::string directory;
    bool make_directory = false; ///< the last part of it, when it is missing
    std::string output;
    std::string errors;
    std::vector<std::filesystem::path> cgroups;
    std::filesystem::path cgroup_kill;
    std::vector<int> cpus; ///< empty: all
    std::optional<int> memory_node;
    std::optional<TaskUser> user;
};

/// A message as it goes through the socket: what does not fit a datagram goes into a file beside it.
struct StartMessage {
    std::string bytes;
    Fd memfd;
};
/// too_large over keeper::max_message; invalid when a string holds a zero byte, which no program can be given.
Result<StartMessage> encode_start(const StartRequest& request);

} // namespace hk::exec
