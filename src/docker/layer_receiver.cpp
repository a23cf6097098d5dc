#include "docker/layer_receiver.hpp"

#include "base/random.hpp"
#include "docker/json_reader.hpp"

namespace hk::docker {

using namespace std::chrono_literals;

namespace {

constexpr std::size_t largest_layer = std::size_t{1} << 40;
constexpr std::size_t largest_manifest = 4 << 20;
/// Pieces are collected up to this size before they go to the pool.
constexpr std::size_t batch_size = 1 << 20;

net::BodyRule body_rule(const net::Request& head) {
    const bool blob = head.path.find("/blobs/uploads/") != std::string::npos;
    return {blob ? largest_layer : largest_manifest, blob};
}

} // namespace

struct LayerReceiver::Upload {
    oci::EnvironmentStore store;
    oci::LayerIntake intake;
    std::int64_t size = 0;
    explicit Upload(oci::EnvironmentStore s)
        : store(std::move(s))
        , intake(store.layers()) {}
};

LayerReceiver::LayerReceiver(net::Loop& loop, net::Pool& pool, oci::EnvironmentStore store)
    : pool_(pool)
    , store_(std::move(store))
    , name_(random_hex(16))
    , server_(loop, net::ServerLimits{}, [this](net::Exchange& exchange) { return handle(exchange); }, body_rule) {}

LayerReceiver::~LayerReceiver() = default;

Result<std::string> LayerReceiver::listen() {
    HK_TRY(const auto address, server_.listen(net::Address::tcp("127.0.0.1", 0)));
    return to_text(address) + "/" + name_;
}

net::Task<void> LayerReceiver::answer(net::Exchange& exchange, int status) {
    return answer(exchange, status, net::Headers());
}

net::Task<void> LayerReceiver::answer(net::Exchange& exchange, int status, net::Headers headers) {
    headers.set("Docker-Distribution-API-Version", "registry/2.0");
    net::Response response{status, std::move(headers), {}};
    co_await exchange.respond(std::move(response));
}

/// The few routes of a push: is a blob there, begin an upload, its bytes, its end, the manifest.
net::Task<void> LayerReceiver::handle(net::Exchange& exchange) {
    const net::Request& request = exchange.request();
    const std::string own = "/v2/" + name_ + "/";
    const bool ours = request.path.starts_with(own);
    const std::string rest = ours ? request.path.substr(own.size()) : "";
    constexpr std::string_view uploads = "blobs/uploads/";
    if (request.path == "/v2/" || request.path == "/v2") co_await answer(exchange, 200);
    else if (rest == uploads && request.method == net::Method::post) co_await begin_upload(exchange);
    else if (rest.starts_with(uploads) && request.method == net::Method::patch)
        co_await take_chunks(exchange, rest.substr(uploads.size()));
    else if (rest.starts_with(uploads) && request.method == net::Method::put)
        co_await end_upload(exchange, rest.substr(uploads.size()));
    else if (rest.starts_with("blobs/")) co_await look_up(exchange, rest.substr(6));
    else if (rest.starts_with("manifests/") && request.method == net::Method::put) co_await take_manifest(exchange);
    else co_await answer(exchange, 404);
}

net::Task<void> LayerReceiver::look_up(net::Exchange& exchange, std::string digest) {
    auto find = [store = store_, digest]() -> Result<oci::CarriedLayer> {
        HK_TRY(const auto parsed, oci::Digest::parse(digest));
        if (const auto known = store.layers().recall(parsed)) return *known;
        return fail(Errc::not_found, "");
    };
    Bytes size;
    if (const auto text = texts_.find(digest); text != texts_.end()) {
        size = Bytes{static_cast<std::int64_t>(text->second.size())};
    } else {
        const auto known = co_await pool_.run(std::move(find));
        if (known) size = known->carried_size;
    }
    if (size.value == 0 || exchange.request().method != net::Method::head) {
        co_await answer(exchange, 404);
        co_return;
    }
    net::Headers headers;
    headers.set("Content-Length", std::to_string(size.value));
    headers.set("Docker-Content-Digest", digest);
    headers.set("Docker-Distribution-API-Version", "registry/2.0");
    (void)co_await exchange.begin(200, std::move(headers)); // the length of what it does not send
    co_await exchange.finish();
}

net::Task<void> LayerReceiver::begin_upload(net::Exchange& exchange) {
    const std::string id = std::to_string(++counter_);
    uploads_[id] = std::make_shared<Upload>(store_);
    net::Headers headers;
    headers.set("Location", "/v2/" + name_ + "/blobs/uploads/" + id);
    headers.set("Docker-Upload-UUID", id);
    headers.set("Range", "0-0");
    co_await answer(exchange, 202, std::move(headers));
}

net::Task<Result<>> LayerReceiver::drain(net::Exchange& exchange, std::shared_ptr<Upload> upload) {
    std::string batch;
    for (bool ended = false; !ended;) {
        auto chunk = co_await exchange.read_body_chunk();
        if (!chunk) co_return fail(chunk.error());
        ended = chunk->empty();
        batch += *chunk;
        received_ += Bytes{static_cast<std::int64_t>(chunk->size())};
        upload->size += static_cast<std::int64_t>(chunk->size());
        if (batch.size() < batch_size && !ended) continue;
        auto feed = [upload, bytes = std::exchange(batch, {})]() -> Result<> { return upload->intake.feed(bytes); };
        auto fed = co_await pool_.run(std::move(feed));
        if (!fed) co_return fed;
    }
    co_return Result<>{};
}

net::Task<void> LayerReceiver::take_chunks(net::Exchange& exchange, std::string id) {
    const auto found = uploads_.find(id);
    if (found == uploads_.end()) {
        co_await answer(exchange, 404);
        co_return;
    }
    const auto upload = found->second;
    const auto drained = co_await drain(exchange, upload);
    net::Headers headers;
    headers.set("Location", "/v2/" + name_ + "/blobs/uploads/" + id);
    headers.set("Docker-Upload-UUID", id);
    headers.set("Range", "0-" + std::to_string(upload->size - 1)); // from which engines count what arrived
    co_await answer(exchange, drained ? 202 : 500, std::move(headers));
}

net::Task<Result<>> LayerReceiver::keep(std::shared_ptr<Upload> upload, oci::Digest digest) {
    const std::string& text = upload->intake.text();
    if (text.starts_with("{") && oci::sha256(text) == digest) { // the config, or a layer that nobody could make
        texts_[digest.text()] = text;
        co_return Result<>{};
    }
    auto finish = [upload, digest] { return upload->intake.finish(digest); };
    const auto taken = co_await pool_.run(std::move(finish));
    if (!taken) co_return fail(taken.error());
    new_bytes_ += taken->new_bytes;
    co_return Result<>{};
}

net::Task<void> LayerReceiver::end_upload(net::Exchange& exchange, std::string id) {
    const auto found = uploads_.find(id);
    const auto digest = oci::Digest::parse(exchange.request().query_value("digest").value_or(""));
    if (found == uploads_.end() || !digest) {
        co_await answer(exchange, 404);
        co_return;
    }
    const auto upload = found->second;
    uploads_.erase(found);
    auto done = co_await drain(exchange, upload);
    if (done) done = co_await keep(upload, *digest);
    net::Headers headers;
    headers.set("Location", "/v2/" + name_ + "/blobs/" + digest->text());
    headers.set("Docker-Content-Digest", digest->text());
    co_await answer(exchange, done ? 201 : 400, std::move(headers));
}

net::Task<void> LayerReceiver::take_manifest(net::Exchange& exchange) {
    manifest_ = exchange.request().body;
    const std::string digest = oci::sha256(manifest_).text();
    net::Headers headers;
    headers.set("Location", "/v2/" + name_ + "/manifests/" + digest);
    headers.set("Docker-Content-Digest", digest);
    co_await answer(exchange, 201, std::move(headers));
}

net::Task<Result<oci::Image>> LayerReceiver::finish() {
    const auto wrong = [](std::string why) {
        return fail(Errc::unavailable, "the engine pushed no usable image: " + std::move(why));
    };
    const auto parsed = json::parse(manifest_);
    if (!parsed) co_return wrong("there is no manifest");
    const Reader manifest(&*parsed);
    const auto config = texts_.find(manifest.at("config").at("digest").text());
    if (config == texts_.end()) co_return wrong("there is no config");
    auto image = oci::Image{oci::sha256(config->second), config->second, {}};
    std::vector<std::string> carried;
    for (const Reader& layer : manifest.at("layers").items()) carried.push_back(layer.at("digest").text());
    auto collect = [store = store_, image, carried]() -> Result<oci::Image> {
        oci::Image whole = image;
        HK_TRY(const auto diff_ids, oci::diff_ids_of(image.config));
        if (diff_ids.size() != carried.size()) return fail(Errc::unavailable, "config and manifest differ");
        for (std::size_t i = 0; i < carried.size(); ++i) {
            HK_TRY(const auto digest, oci::Digest::parse(carried[i]));
            const auto known = store.layers().recall(digest);
            if (!known || known->diff_id != diff_ids[i]) return fail(Errc::unavailable, "a layer is missing");
            whole.layers.push_back({diff_ids[i], *store.layers().find(diff_ids[i])});
        }
        return whole;
    };
    auto whole = co_await pool_.run(std::move(collect));
    co_return whole;
}

net::Task<void> LayerReceiver::close() { co_await server_.stop(0ms); }

} // namespace hk::docker
