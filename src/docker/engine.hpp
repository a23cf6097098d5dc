#pragma once
#include "docker/container.hpp"
#include "docker/image_name.hpp"
#include "net/stream.hpp"
#include "oci/digest.hpp"

#include <functional>

/// A container engine, as its Engine API offers it: the real one is EngineClient, an in-memory one is in
/// tests/support/fake_engine.hpp, and one contract test runs on both.
namespace hk::docker {

struct EngineInfo {
    std::string name;        ///< "Docker" or "Podman"
    std::string version;     ///< "20.10.24"
    std::string api_version; ///< the one that was agreed on
    std::string storage_driver;
    std::string root_folder;
    int cgroup_version = 0;
    bool live_restore = false;
    bool cdi = false;              ///< devices can be asked for by CDI names
    bool gpu_driver = false;       ///< "--gpus" works: the engine knows the nvidia hook or runtime
    bool containerd_store = false; ///< images live in containerd: thin archives are not understood
    int cpus = 0;
    std::vector<std::string> warnings;
    std::string text() const { return name + " " + version; }
};

struct Created {
    std::string id;
    std::vector<std::string> warnings; ///< limits that the engine will not enforce, in its words
};

struct ImageInfo {
    std::string id; ///< "sha256:..."
    std::vector<std::string> tags;
    std::vector<oci::Digest> diff_ids;
    Bytes size;
    std::string created; ///< as the engine writes it; for comparison only
    std::vector<std::string> command;
    std::string user; ///< who its processes are; empty: root
    std::map<std::string, std::string> labels;
    bool has_volumes = false;
};

struct CommitSpec {
    std::string container;
    std::string repository; ///< "hakuriver/python"; empty: no tag
    std::string tag;
    bool pause = true;
    std::map<std::string, std::string> labels;
};

struct ImageSummary {
    std::string id;
    std::vector<std::string> tags;
    std::map<std::string, std::string> labels;
    Bytes size;
};

/// One message of a pull or a push: "Downloading", 12 of 80 MB, of one layer.
struct TransferStep {
    std::string layer;
    std::string status;
    std::optional<Bytes> done;
    std::optional<Bytes> total;
};
using TransferProgress = std::function<void(const TransferStep&)>;

struct EngineEvent {
    std::string type;   ///< "container", "image", ...
    std::string action; ///< "die", "oom", "start", ...
    std::string id;
    std::map<std::string, std::string> attributes;
};

/// Takes the pieces of a download; the next piece is asked for when `write` has resumed. An error ends the download.
class ChunkSink {
public:
    virtual ~ChunkSink() = default;
    virtual net::Task<Result<>> write(std::string chunk) = 0;
};
/// Gives the pieces of an upload; an empty one is the end. An error cuts the upload off.
class ChunkSource {
public:
    virtual ~ChunkSource() = default;
    virtual net::Task<Result<std::string>> next() = 0;
};

/// Loop thread only; any number of calls at once. Containers are named by id or name, images by id or reference; no
/// name is ever read as an option or a path. Errors: not_found, conflict (wrong state, name taken, in use), invalid,
/// unavailable or timeout (the engine cannot be reached: whether the call had an effect is not known), io (it answered
/// that it could not; its own sentence is in the message).
class Engine {
public:
    virtual ~Engine() = default;
    virtual net::Task<Result<EngineInfo>> info() = 0;

    virtual net::Task<Result<Created>> create(ContainerSpec spec) = 0;
    virtual net::Task<Result<>> start(std::string container) = 0;
    /// Resumes when the container has ended (at once when it has); the exit code.
    virtual net::Task<Result<int>> wait(std::string container) = 0;
    virtual net::Task<Result<ContainerInfo>> inspect(std::string container) = 0;
    /// All containers, running or not; with a label ("NAME" or "NAME=VALUE") only those that have it.
    virtual net::Task<Result<std::vector<ContainerInfo>>> list(std::string label) = 0;
    virtual net::Task<Result<>> kill(std::string container, int signal) = 0;
    /// Its stop signal, then KILL after `grace`. A container that is not running is no error.
    virtual net::Task<Result<>> stop(std::string container, Duration grace) = 0;
    virtual net::Task<Result<>> pause(std::string container) = 0;
    virtual net::Task<Result<>> unpause(std::string container) = 0;
    virtual net::Task<Result<>> rename(std::string container, std::string name) = 0;
    /// `force` kills it first.
    virtual net::Task<Result<>> remove(std::string container, bool force) = 0;
    /// How many processes run in it.
    virtual net::Task<Result<int>> count_processes(std::string container) = 0;

    /// Starts a program in a running container; the id of the session.
    virtual net::Task<Result<std::string>> create_exec(std::string container, ExecSpec spec) = 0;
    /// Its terminal, both ways. The end of reading is the end of the program.
    virtual net::Task<Result<net::StreamPtr>> start_exec(std::string exec, bool terminal) = 0;
    virtual net::Task<Result<>> resize_exec(std::string exec, int rows, int columns) = 0;
    virtual net::Task<Result<ExecInfo>> inspect_exec(std::string exec) = 0;

    /// The new image's id.
    virtual net::Task<Result<std::string>> commit(CommitSpec spec) = 0;
    virtual net::Task<Result<ImageInfo>> inspect_image(std::string image) = 0;
    /// Images that have the label, dangling ones included.
    virtual net::Task<Result<std::vector<ImageSummary>>> list_images(std::string label) = 0;
    /// The image as an archive (what `docker save` writes).
    virtual net::Task<Result<>> save_image(std::string image, ChunkSink& sink) = 0;
    /// Takes an archive in (what `docker load` reads); what the engine said about it.
    virtual net::Task<Result<std::string>> load_image(ChunkSource& source) = 0;
    virtual net::Task<Result<>> tag(std::string image, std::string repository, std::string tag) = 0;
    /// conflict while a container uses it. An id with several tags is refused too.
    virtual net::Task<Result<>> remove_image(std::string image) = 0;
    /// Removes images with the label that have no tag and that nothing uses.
    virtual net::Task<Result<>> prune_images(std::string label) = 0;
    virtual net::Task<Result<>> pull(ImageName image, TransferProgress progress) = 0;
    /// To the registry that the name begins with; without credentials.
    virtual net::Task<Result<>> push(std::string repository, std::string tag, TransferProgress progress) = 0;

    /// Container events as they happen, until the engine goes away or the task is cancelled.
    virtual net::Task<Result<>> watch(std::string label, std::function<void(const EngineEvent&)> on_event) = 0;
};

} // namespace hk::docker
