#pragma once
#include "base/log.hpp"
#include "base/time.hpp"
#include "base/units.hpp"
#include "model/node.hpp"
#include "model/task.hpp"

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

/// What each program is configured with, by value and checked. Paths are absolute. The keys are in
/// keys.cpp.
namespace hk::config {

/// What every program takes from the file.
struct Common {
    std::filesystem::path file;             ///< that was read; empty: none, everything is default
    std::string host_address = "127.0.0.1"; ///< network.host_reachable_address
    std::uint16_t host_port = 8000;
    log::Level log_level = log::Level::info;
    log::Format log_format = log::Format::text;
    std::vector<std::string> warnings; ///< worth a line at start: keys that no longer do anything, risky choices
};

/// What the Host and the runners must agree on, or both enforce.
struct Shared {
    std::filesystem::path shared_dir;
    std::filesystem::path container_dir; ///< docker.container_dir inside shared_dir
    Duration heartbeat_interval = std::chrono::seconds(5);
    Duration kill_grace = std::chrono::seconds(10); ///< between TERM and KILL
    std::filesystem::path docker_socket;            ///< empty: $DOCKER_HOST, else where engines usually listen
    bool allow_privileged = true;
    std::vector<std::filesystem::path> allowed_mounts; ///< empty: every folder of a node may be mounted
};

struct HostConfig {
    Common common;
    Shared shared;
    std::string bind_ip = "127.0.0.1";
    std::vector<std::string> allowed_hosts; ///< Host headers that are taken beside addresses and localhost
    std::filesystem::path state_dir;
    std::filesystem::path db_file;
    Duration silence_limit = std::chrono::seconds(30); ///< heartbeat_interval x heartbeat_timeout_factor
    Duration check_interval = std::chrono::seconds(10);
    Strategy strategy = Strategy::first_fit;
    bool backfill = true;
    std::string default_container = "hakuriver-base"; ///< empty: tasks run directly on the node
    std::string initial_base_image;
    int versions_kept = 1; ///< of an environment when a new one is packaged, which is one of them
    bool tasks_privileged = false;
    std::vector<Mount> additional_mounts;
};

struct RunnerConfig {
    Common common;
    Shared shared;
    NodeName name;             ///< runner.name, else the machine's host name
    std::string shown_address; ///< network.runner_address: shown, never dialled
    std::uint16_t shown_port = 8001;
    std::filesystem::path local_temp_dir;
    std::filesystem::path numactl; ///< paths.numactl_path: binds tasks to NUMA nodes; empty: we do
    std::filesystem::path state_dir;
    std::vector<ExecutorKind> executors; ///< empty: all that work on this machine
    int cores = 0;                       ///< 0: all
    std::optional<Bytes> memory;         ///< absent: all
    std::string user;                    ///< environment.runner_user: who tasks run as; empty: whoever the runner is
};

struct ClientConfig {
    Common common;
};

} // namespace hk::config
