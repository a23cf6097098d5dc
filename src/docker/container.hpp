#pragma once
#include "base/time.hpp"
#include "base/units.hpp"

#include <map>
#include <optional>
#include <string>
#include <vector>

/// What an engine is told and says about containers: plain values.
namespace hk::docker {

struct BindMount {
    std::string source;
    std::string target;
    bool read_only = false;
    friend bool operator==(const BindMount&, const BindMount&) = default;
};

/// A GPU request. `cdi` names devices of the Container Device Interface ("nvidia.com/gpu=0"); otherwise the engine's
/// own driver is asked for the devices with these ids.
struct DeviceRequest {
    bool cdi = false;
    std::vector<std::string> device_ids;
    friend bool operator==(const DeviceRequest&, const DeviceRequest&) = default;
};

/// A host device that is handed to the container as it is.
struct Device {
    std::string path;
    friend bool operator==(const Device&, const Device&) = default;
};

struct ContainerSpec {
    std::string name;
    std::string image;
    std::vector<std::string> entrypoint; ///< empty: the image's
    std::vector<std::string> command;
    std::vector<std::string> env; ///< NAME=VALUE
    std::string working_directory;
    std::map<std::string, std::string> labels;
    std::vector<BindMount> mounts;
    std::optional<std::int64_t> nano_cpus;
    std::optional<Bytes> memory;           ///< also the limit of memory and swap together: nothing is swapped on top
    std::optional<std::int64_t> processes; ///< at most so many at one time, threads included
    std::string cpuset_cpus;
    std::string cpuset_mems;
    std::vector<DeviceRequest> gpus;
    std::vector<Device> devices;
    std::vector<std::string> capabilities; ///< added to the engine's default set
    bool privileged = false;
    bool init = false; ///< the engine's own reaping PID 1
    std::string network = "default";
    std::string ipc; ///< "" or "host", "private", "shareable"
    std::string user;
};

enum class ContainerStatus { created, running, paused, restarting, removing, exited, dead, unknown };
std::string_view to_string(ContainerStatus status);

/// One container as the engine knows it now.
struct ContainerInfo {
    std::string id;
    std::string name;
    std::string image; ///< as it was named when the container was made
    std::string image_id;
    ContainerStatus status = ContainerStatus::unknown;
    std::string status_text; ///< "Up 3 minutes"; in lists only
    std::int64_t pid = 0;    ///< of the container's first process, as the engine's machine counts
    int exit_code = 0;
    bool oom_killed = false; ///< not to be relied on: engines on cgroup v2 may say false after an OOM kill
    std::string error;       ///< why a start failed
    std::optional<Time> started_at;
    std::optional<Time> finished_at;
    std::vector<std::string> command;
    std::map<std::string, std::string> labels;
    std::vector<std::string> exec_ids; ///< running sessions
    int mount_count = 0;
};

struct ExecSpec {
    std::vector<std::string> argv;
    std::vector<std::string> env;
    std::string working_directory;
    std::string user;
    bool terminal = true;
    int rows = 24;
    int columns = 80;
};
struct ExecInfo {
    bool running = false;
    std::optional<int> exit_code; ///< absent while it runs
};

} // namespace hk::docker
