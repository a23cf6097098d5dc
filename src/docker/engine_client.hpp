#pragma once
#include "docker/engine.hpp"
#include "net/http_client.hpp"

namespace hk::docker {

/// Where the engine listens: `configured` if it says something, else DOCKER_HOST, else /var/run/docker.sock, else
/// Podman's socket where only that one is there. Takes "unix:///path" and "tcp://host:port".
Result<net::Address> find_engine(const std::string& configured);

/// The newest API version that we know; an engine that knows less is asked in its own.
inline constexpr std::string_view newest_api = "1.45";
inline constexpr std::string_view oldest_api = "1.40";

/// The Engine API over its socket, one connection per call. Owned by the wiring; loop thread only.
///
/// The version is agreed on with the first call and again after the engine could not be reached: it may be another
/// one when it comes back.
class EngineClient final : public Engine {
public:
    explicit EngineClient(net::Address address)
        : address_(std::move(address)) {}

    net::Task<Result<EngineInfo>> info() override;
    net::Task<Result<Created>> create(ContainerSpec spec) override;
    net::Task<Result<>> start(std::string container) override;
    net::Task<Result<int>> wait(std::string container) override;
    net::Task<Result<ContainerInfo>> inspect(std::string container) override;
    net::Task<Result<std::vector<ContainerInfo>>> list(std::string label) override;
    net::Task<Result<>> kill(std::string container, int signal) override;
    net::Task<Result<>> stop(std::string container, Duration grace) override;
    net::Task<Result<>> pause(std::string container) override;
    net::Task<Result<>> unpause(std::string container) override;
    net::Task<Result<>> rename(std::string container, std::string name) override;
    net::Task<Result<>> remove(std::string container, bool force) override;
    net::Task<Result<int>> count_processes(std::string container) override;
    net::Task<Result<std::string>> create_exec(std::string container, ExecSpec spec) override;
    net::Task<Result<net::StreamPtr>> start_exec(std::string exec, bool terminal) override;
    net::Task<Result<>> resize_exec(std::string exec, int rows, int columns) override;
    net::Task<Result<ExecInfo>> inspect_exec(std::string exec) override;
    net::Task<Result<std::string>> commit(CommitSpec spec) override;
    net::Task<Result<ImageInfo>> inspect_image(std::string image) override;
    net::Task<Result<std::vector<ImageSummary>>> list_images(std::string label) override;
    net::Task<Result<>> save_image(std::string image, ChunkSink& sink) override;
    net::Task<Result<std::string>> load_image(ChunkSource& source) override;
    net::Task<Result<>> tag(std::string image, std::string repository, std::string tag) override;
    net::Task<Result<>> remove_image(std::string image) override;
    net::Task<Result<>> prune_images(std::string label) override;
    net::Task<Result<>> pull(ImageName image, TransferProgress progress) override;
    net::Task<Result<>> push(std::string repository, std::string tag, TransferProgress progress) override;
    net::Task<Result<>> watch(std::string label, std::function<void(const EngineEvent&)> on_event) override;

private:
    /// One request: the path without its version, what it is for in words, and how long it may take.
    struct Call {
        net::Method method = net::Method::get;
        std::string path;
        std::string doing;
        std::string body;
        bool with_auth = false; ///< engines want a header of credentials, empty ones too
        Duration limit = std::chrono::seconds{30};
    };
    net::Task<Result<std::string>> version_prefix();
    net::Task<Result<std::string>> get_plain(std::string path);
    net::Task<Result<net::HttpConnection>> connect(Duration limit);
    net::Task<Result<std::string>> ask(Call call);
    net::Task<Result<>> tell(Call call);
    /// Sends the call and returns the connection with the answer's head read; for everything that streams.
    net::Task<Result<net::HttpConnection>> open(Call call);
    /// Reads messages, one JSON text per line, until the end or the first error. The text of the last one.
    net::Task<Result<std::string>> read_messages(net::HttpConnection& connection, TransferProgress progress,
                                                 std::string doing);
    Error lost(const Error& error);

    net::Address address_;
    std::string version_; ///< "v1.41" once agreed on
};

} // namespace hk::docker
