#include "config/keys.hpp"

#include "config/checks.hpp"

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

namespace hk::config {
namespace {

constexpr std::array table{
    Key{.name = "network.host_bind_ip",
        .kind = Kind::text,
        .fallback = "\"127.0.0.1\"",
        .used_by = host,
        .sentence = "Address the Host listens on. 127.0.0.1 takes connections of this machine "
                    "only; 0.0.0.0 listens on every network, where whoever reaches the port can "
                    "run commands on every node.",
        .check = check_bind_address,
        .may_be_empty = false},
    Key{.name = "network.host_port",
        .kind = Kind::integer,
        .fallback = "8000",
        .used_by = everyone,
        .sentence = "Port of the Host. With 0 the Host picks a free one, which only tests want.",
        .high = 65535},
    Key{.name = "network.host_reachable_address",
        .kind = Kind::text,
        .fallback = "\"127.0.0.1\"",
        .used_by = everyone,
        .sentence = "Address or name under which runners and clients reach the Host.",
        .check = check_host,
        .may_be_empty = false},
    Key{.name = "network.allowed_hosts",
        .kind = Kind::list,
        .fallback = "[]",
        .used_by = host,
        .sentence = "Further host names under which browsers may open the dashboard, beside "
                    "addresses, localhost and host_reachable_address.",
        .check = check_host},
    Key{.name = "network.runner_address",
        .kind = Kind::text,
        .fallback = "\"127.0.1.1\"",
        .used_by = runner,
        .sentence = "Address of the runner that lists of nodes show. Nothing connects to it: the "
                    "runner dials the Host.",
        .check = check_host},
    Key{.name = "network.runner_port",
        .kind = Kind::integer,
        .fallback = "8001",
        .used_by = runner,
        .sentence = "Shown beside runner_address; the runner listens on nothing.",
        .high = 65535},

    Key{.name = "paths.shared_dir",
        .kind = Kind::path,
        .fallback = "\"test/shared\"",
        .used_by = host | runner,
        .sentence = "Storage that the Host and all nodes share, under the same path everywhere: "
                    "outputs of tasks, container archives and the folder that tasks see as "
                    "/shared. Write an absolute path.",
        .may_be_empty = false},
    Key{.name = "paths.local_temp_dir",
        .kind = Kind::path,
        .fallback = "\"test/temp\"",
        .used_by = runner,
        .sentence = "Fast storage of the node alone, which tasks see as /local_temp.",
        .may_be_empty = false},
    Key{.name = "paths.numactl_path",
        .kind = Kind::path,
        .fallback = "\"\"",
        .used_by = runner,
        .sentence = "Program that binds a task outside containers to the NUMA node of its target, "
                    "called with --cpunodebind=N --membind=N -- and the command. Empty: the runner "
                    "binds it without a program."},
    Key{.name = "paths.host_log_file",
        .kind = Kind::path,
        .fallback = "\"host.log\"",
        .used_by = nobody,
        .sentence = "Accepted and not used: the Host logs to standard error, which systemd keeps "
                    "in the journal."},
    Key{.name = "paths.runner_log_file",
        .kind = Kind::path,
        .fallback = "\"runner.log\"",
        .used_by = nobody,
        .sentence = "Accepted and not used: the runner logs to standard error, which systemd keeps "
                    "in the journal."},

    Key{.name = "database.db_file",
        .kind = Kind::path,
        .fallback = "\"test/cluster_management.db\"",
        .used_by = host,
        .sentence = "The Host's database. It must be on a local disk; a shared or network file "
                    "system can damage it.",
        .may_be_empty = false},

    Key{.name = "host.state_dir",
        .kind = Kind::path,
        .fallback = "\"~/.hakuriver/host\"",
        .used_by = host,
        .sentence = "Folder for what the Host keeps beside the database.",
        .may_be_empty = false},

    Key{.name = "runner.name",
        .kind = Kind::text,
        .fallback = "\"\"",
        .used_by = runner,
        .sentence = "Name of the node, unique in the cluster. Empty: the machine's host name.",
        .check = check_node_name},
    Key{.name = "runner.state_dir",
        .kind = Kind::path,
        .fallback = "\"~/.hakuriver/runner\"",
        .used_by = runner,
        .sentence = "Folder for the runner's records of tasks. Local to the node, and each runner "
                    "needs its own.",
        .may_be_empty = false},
    Key{.name = "runner.executors",
        .kind = Kind::list,
        .fallback = "[]",
        .used_by = runner,
        .sentence = "Ways in which this node runs tasks: process, systemd, docker. Empty: all that "
                    "work here.",
        .check = check_executor},
    Key{.name = "runner.cores",
        .kind = Kind::integer,
        .fallback = "0",
        .used_by = runner,
        .sentence = "CPU cores that the node offers. 0: all it has.",
        .high = 65536},
    Key{.name = "runner.memory",
        .kind = Kind::text,
        .fallback = "\"\"",
        .used_by = runner,
        .sentence = "Memory that the node offers, such as \"64G\" (1000-based). Empty: all it has.",
        .check = check_size},

    Key{.name = "scheduler.strategy",
        .kind = Kind::text,
        .fallback = "\"first-fit\"",
        .used_by = host,
        .sentence = "How a node is chosen for a task that names none: first-fit, best-fit (fill nodes up), "
                    "least-loaded (spread) or round-robin. A submission may choose another one.",
        .check = check_strategy,
        .may_be_empty = false},
    Key{.name = "scheduler.backfill",
        .kind = Kind::flag,
        .fallback = "true",
        .used_by = host,
        .sentence = "Whether small tasks may run before a larger one that waits, where that does "
                    "not delay it."},

    Key{.name = "timing.heartbeat_interval",
        .kind = Kind::seconds,
        .fallback = "5",
        .used_by = host | runner,
        .sentence = "Seconds between two signs of life of a runner.",
        .low = 0.1,
        .high = 3600},
    Key{.name = "timing.heartbeat_timeout_factor",
        .kind = Kind::integer,
        .fallback = "6",
        .used_by = host,
        .sentence = "A node is offline when it was silent for so many heartbeat intervals.",
        .low = 2,
        .high = 1000},
    Key{.name = "timing.cleanup_check_interval",
        .kind = Kind::seconds,
        .fallback = "10",
        .used_by = host,
        .sentence = "Seconds between two looks for silent nodes. Not longer than a node may be silent, which the "
                    "default follows.",
        .low = 0.1,
        .high = 3600},
    Key{.name = "timing.resource_check_interval",
        .kind = Kind::seconds,
        .fallback = "1",
        .used_by = nobody,
        .sentence = "Accepted and not used.",
        .high = 86400},
    Key{.name = "timing.kill_grace",
        .kind = Kind::seconds,
        .fallback = "10",
        .used_by = host | runner,
        .sentence = "Seconds that a task has to end by itself (SIGTERM) before it is killed (SIGKILL).",
        .high = 3600},

    Key{.name = "environment.runner_user",
        .kind = Kind::text,
        .fallback = "\"\"",
        .used_by = runner,
        .sentence = "User as whom tasks outside containers run, when the runner is root. Empty: "
                    "the runner's own user.",
        .check = check_word},

    Key{.name = "docker.container_dir",
        .kind = Kind::text,
        .fallback = "\"hakuriver-containers\"",
        .used_by = host | runner,
        .sentence = "Folder inside shared_dir for the archives of container environments.",
        .check = check_inner_folder,
        .may_be_empty = false},
    Key{.name = "docker.default_container_name",
        .kind = Kind::text,
        .fallback = "\"hakuriver-base\"",
        .used_by = host,
        .sentence = "Environment of tasks that do not name one. Empty: such tasks run directly on "
                    "the node.",
        .check = check_environment},
    Key{.name = "docker.initial_base_image",
        .kind = Kind::text,
        .fallback = "\"python:3.12.10-alpine3.21\"",
        .used_by = host,
        .sentence = "Image from which the default environment is made when there is none yet.",
        .check = check_word},
    Key{.name = "docker.versions_kept",
        .kind = Kind::integer,
        .fallback = "1",
        .used_by = host,
        .sentence = "How many versions of an environment stay when a new one is packaged, the new one "
                    "included. Tasks can be submitted to any that is there, as NAME:VERSION.",
        .low = 1,
        .high = 1000},
    Key{.name = "docker.tasks_privileged",
        .kind = Kind::flag,
        .fallback = "false",
        .used_by = host,
        .sentence = "Whether containers of tasks are privileged when the submission does not say. "
                    "A privileged container is root on its node."},
    Key{.name = "docker.additional_mounts",
        .kind = Kind::list,
        .fallback = "[]",
        .used_by = host,
        .sentence = "Folders of the node that every container of a task sees, as "
                    "\"/on/node:/in/container\", with :ro at the end for reading only. A "
                    "submission with mounts of its own replaces them.",
        .check = check_mount},
    Key{.name = "docker.socket",
        .kind = Kind::path,
        .fallback = "\"\"",
        .used_by = host | runner,
        .sentence = "Socket of the container engine; Podman's compatible one works as well. Empty: "
                    "$DOCKER_HOST, else /var/run/docker.sock.",
        .may_be_empty = true},
    Key{.name = "docker.allow_privileged",
        .kind = Kind::flag,
        .fallback = "true",
        .used_by = host | runner,
        .sentence = "Whether a submission may ask for a privileged container. The Host refuses it "
                    "otherwise, and so does a runner whose file says false."},
    Key{.name = "docker.allowed_mounts",
        .kind = Kind::list,
        .fallback = "[]",
        .used_by = host | runner,
        .sentence = "Folders of nodes that tasks may mount, with everything below them. Empty: any.",
        .check = check_absolute},

    Key{.name = "log.level",
        .kind = Kind::text,
        .fallback = "\"info\"",
        .used_by = everyone,
        .sentence = "debug, info, warn or error.",
        .check = check_log_level,
        .may_be_empty = false},
    Key{.name = "log.format",
        .kind = Kind::text,
        .fallback = "\"text\"",
        .used_by = everyone,
        .sentence = "text for people or json for programs.",
        .check = check_log_format,
        .may_be_empty = false},
};

constexpr std::array<std::pair<std::string_view, std::string_view>, 10> sections{{
    {"network", "Where the Host is."},
    {"paths", "Folders. A relative path is relative to the folder of this file, and ~ is the home folder."},
    {"database", "The Host's memory."},
    {"host", "The Host's own settings."},
    {"runner", "This node, as its runner offers it."},
    {"scheduler", "How tasks are placed."},
    {"timing", "Seconds; fractions are allowed except in the factor."},
    {"environment", "Who tasks are."},
    {"docker", "Container environments and what tasks may ask of them."},
    {"log", "What the programs say on standard error."},
}};

/// Letters to insert, delete or replace to get from one to the other.
std::size_t distance(std::string_view a, std::string_view b) {
    std::vector<std::size_t> row(b.size() + 1);
    for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
    for (std::size_t i = 1; i <= a.size(); ++i) {
        std::size_t diagonal = std::exchange(row[0], i);
        for (std::size_t j = 1; j <= b.size(); ++j) {
            const std::size_t replaced = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
            diagonal = std::exchange(row[j], std::min({row[j] + 1, row[j - 1] + 1, replaced}));
        }
    }
    return row.back();
}

std::string_view last_part(std::string_view name) { return name.substr(name.rfind('.') + 1); }

} // namespace

std::span<const Key> keys() { return table; }

const Key* find_key(std::string_view name) {
    const auto found = std::ranges::find(table, name, &Key::name);
    return found == table.end() ? nullptr : &*found;
}

std::string_view section_sentence(std::string_view section) {
    for (const auto& [name, sentence] : sections)
        if (name == section) return sentence;
    return {};
}

std::string suggestion(std::string_view unknown) {
    constexpr std::size_t longest = 100; // a name longer than that resembles nothing
    if (unknown.size() > longest) return {};
    for (const Key& key : table)
        if (last_part(key.name) == last_part(unknown)) return "did you mean " + std::string(key.name) + "?";
    const auto far = [&](const Key& key) { return distance(unknown, key.name); };
    const auto& nearest = *std::ranges::min_element(table, {}, far);
    if (far(nearest) > 1 + unknown.size() / 5) return {};
    return "did you mean " + std::string(nearest.name) + "?";
}

} // namespace hk::config
