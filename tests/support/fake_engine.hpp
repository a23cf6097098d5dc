#pragma once
#include "docker/engine.hpp"
#include "net/loop.hpp"

#include <map>
#include <memory>
#include <set>

namespace hk::test {

/// A container engine in memory that keeps to the rules of a real one: it passes tests/support/engine_contract.hpp.
///
/// Its programs: "true", "false", "sleep N" (until it is signalled), "sh -c 'exit N'", and anything that `programs`
/// names; "sh" in an exec session echoes lines and understands "exit N". Everything else cannot be started. Loop thread
/// only.
class FakeEngine final : public docker::Engine {
public:
    explicit FakeEngine(net::Loop& loop);
    ~FakeEngine() override;

    /// Puts an image into the store; its layers are whole tar files, lowest first.
    void add_image(const std::string& reference, const std::vector<std::string>& layers);
    /// What pull finds in the registry.
    void add_remote_image(const std::string& reference, std::vector<std::string> layers);
    /// Further programs: the argument vector's first word and the exit code; no code: runs until it is signalled.
    std::map<std::string, std::optional<int>> programs;
    /// What has changed in the container (a tar): a commit adds it as a layer.
    void write_layer(const std::string& container, std::string layer);
    /// A running container ends by itself, perhaps killed for memory.
    void end_container(const std::string& container, int exit_code, bool oom = false);
    /// While set, every call fails with unavailable; containers run on.
    bool down = false;
    /// While set, shells ignore a hang-up.
    bool deaf = false;
    /// While set, no session starts.
    bool starts_no_exec = false;
    /// The sizes that terminals were given: rows, columns.
    std::vector<std::pair<int, int>> sizes;
    /// Load wants every layer in the archive, as engines with another image store do.
    bool refuses_thin = false;
    /// Images are named by something else than the digest of their config, as in engines with a containerd store.
    bool containerd_store = false;
    /// While set, an archive that has come is not answered.
    bool holds_loads = false;
    /// Bytes that save and load have moved.
    Bytes saved, loaded;
    int loads = 0;
    std::size_t container_count() const { return containers_.size(); }
    std::size_t image_count() const { return images_.size(); }
    bool has_image(const std::string& id) const;
    const docker::ContainerSpec* spec_of(const std::string& container) const;

    net::Task<Result<docker::EngineInfo>> info() override;
    net::Task<Result<docker::Created>> create(docker::ContainerSpec spec) override;
    net::Task<Result<>> start(std::string container) override;
    net::Task<Result<int>> wait(std::string container) override;
    net::Task<Result<docker::ContainerInfo>> inspect(std::string container) override;
    net::Task<Result<std::vector<docker::ContainerInfo>>> list(std::string label) override;
    net::Task<Result<>> kill(std::string container, int signal) override;
    net::Task<Result<>> stop(std::string container, Duration grace) override;
    net::Task<Result<>> pause(std::string container) override;
    net::Task<Result<>> unpause(std::string container) override;
    net::Task<Result<>> rename(std::string container, std::string name) override;
    net::Task<Result<>> remove(std::string container, bool force) override;
    net::Task<Result<int>> count_processes(std::string container) override;
    net::Task<Result<std::string>> create_exec(std::string container, docker::ExecSpec spec) override;
    net::Task<Result<net::StreamPtr>> start_exec(std::string exec, bool terminal) override;
    net::Task<Result<>> resize_exec(std::string exec, int rows, int columns) override;
    net::Task<Result<docker::ExecInfo>> inspect_exec(std::string exec) override;
    net::Task<Result<std::string>> commit(docker::CommitSpec spec) override;
    net::Task<Result<docker::ImageInfo>> inspect_image(std::string image) override;
    net::Task<Result<std::vector<docker::ImageSummary>>> list_images(std::string label) override;
    net::Task<Result<>> save_image(std::string image, docker::ChunkSink& sink) override;
    net::Task<Result<std::string>> load_image(docker::ChunkSource& source) override;
    net::Task<Result<>> tag(std::string image, std::string repository, std::string tag) override;
    net::Task<Result<>> remove_image(std::string image) override;
    net::Task<Result<>> prune_images(std::string label) override;
    net::Task<Result<>> pull(docker::ImageName image, docker::TransferProgress progress) override;
    /// This engine reaches no registry.
    net::Task<Result<>> push(std::string repository, std::string tag, docker::TransferProgress progress) override;
    net::Task<Result<>> watch(std::string label, std::function<void(const docker::EngineEvent&)> on_event) override;

private:
    struct Container;
    struct Image;
    struct Exec;
    struct Watcher;
    Result<Container*> find(const std::string& name);
    Result<Image*> find_image(const std::string& reference);
    Result<> reachable() const;
    void ended(Container& container, int exit_code);
    void tell(const std::string& action, const Container& container);
    std::string put_image(const std::string& config, std::vector<std::string> layers,
                          std::map<std::string, std::string> labels);
    bool run_script(const Exec& script);
    net::Task<void> run_shell(std::shared_ptr<Exec> exec, net::StreamPtr stream);
    std::string fresh_id();

    net::Loop& loop_;
    std::map<std::string, std::shared_ptr<Container>> containers_; ///< by id
    std::map<std::string, Image> images_;                          ///< by id
    std::map<std::string, std::vector<std::string>> remote_;
    std::map<std::string, std::shared_ptr<Exec>> execs_;
    std::set<Watcher*> watchers_;
    net::TaskGroup group_;
    int counter_ = 0;
};

} // namespace hk::test
