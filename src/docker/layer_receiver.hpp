#pragma once
#include "docker/engine.hpp"
#include "net/http_server.hpp"
#include "net/pool.hpp"
#include "oci/environment_store.hpp"
#include "oci/layer_intake.hpp"

#include <map>
#include <memory>

namespace hk::docker {

/// Receives an image that the engine pushes: as much of a registry as a push needs, on a port of the loopback
/// interface, for one image and then no more. Why a registry: `save` writes every layer of an image, however many of
/// them are known; `push` asks first which layers are there.
///
/// Who else can reach the port needs the repository's random name. Lives as long as one push; loop thread only.
class LayerReceiver {
public:
    LayerReceiver(net::Loop& loop, net::Pool& pool, oci::EnvironmentStore store);
    ~LayerReceiver();

    /// Starts to listen; the repository that the engine shall push to, "127.0.0.1:41234/4f1c...".
    Result<std::string> listen();
    /// The push is over: what was pushed. Every layer is in the store and matches the image's config.
    net::Task<Result<oci::Image>> finish();
    /// To be awaited before it is destroyed.
    net::Task<void> close();
    Bytes new_bytes() const { return new_bytes_; }
    Bytes received() const { return received_; }

private:
    struct Upload;
    net::Task<void> handle(net::Exchange& exchange);
    net::Task<void> answer(net::Exchange& exchange, int status);
    net::Task<void> answer(net::Exchange& exchange, int status, net::Headers headers);
    net::Task<void> look_up(net::Exchange& exchange, std::string digest);
    net::Task<void> begin_upload(net::Exchange& exchange);
    net::Task<void> take_chunks(net::Exchange& exchange, std::string id);
    net::Task<Result<>> drain(net::Exchange& exchange, std::shared_ptr<Upload> upload);
    net::Task<void> end_upload(net::Exchange& exchange, std::string id);
    net::Task<Result<>> keep(std::shared_ptr<Upload> upload, oci::Digest digest);
    net::Task<void> take_manifest(net::Exchange& exchange);

    net::Pool& pool_;
    oci::EnvironmentStore store_;
    std::string name_; ///< random
    std::map<std::string, std::shared_ptr<Upload>> uploads_;
    std::map<std::string, std::string> texts_; ///< by digest: what may be the config
    std::string manifest_;
    int counter_ = 0;
    Bytes new_bytes_, received_;
    net::HttpServer server_;
};

} // namespace hk::docker
