#include "docker/engine_client.hpp"
#include "docker/engine_json.hpp"

namespace hk::docker {

namespace {

/// A reference in a path: its slashes stay, everything odd is escaped.
std::string image_path(const std::string& image) {
    std::string path = "/images/";
    for (std::size_t start = 0;;) {
        const auto slash = image.find('/', start);
        path += net::percent_encode(image.substr(start, slash - start));
        if (slash == std::string::npos) return path;
        path += '/';
        start = slash + 1;
    }
}

} // namespace

net::Task<Result<std::string>> EngineClient::commit(CommitSpec spec) {
    Call call;
    call.method = net::Method::post;
    call.path = "/commit?container=" + net::percent_encode(spec.container) + "&pause=" + (spec.pause ? "1" : "0");
    if (!spec.repository.empty())
        call.path += "&repo=" + net::percent_encode(spec.repository) + "&tag=" + net::percent_encode(spec.tag);
    for (const auto& change : commit_changes(spec)) call.path += "&changes=" + net::percent_encode(change);
    call.doing = "commit the container " + spec.container;
    call.body = "{}"; // Podman wants one
    call.limit = std::chrono::hours{1};
    auto body = co_await ask(std::move(call));
    if (!body) co_return fail(body.error());
    co_return read_string(*body, "Id");
}

net::Task<Result<ImageInfo>> EngineClient::inspect_image(std::string image) {
    Call call;
    call.path = image_path(image) + "/json";
    call.doing = "inspect the image " + image;
    auto body = co_await ask(std::move(call));
    if (!body) co_return fail(body.error());
    co_return read_image(*body);
}

net::Task<Result<std::vector<ImageSummary>>> EngineClient::list_images(std::string label) {
    Call call;
    call.path = "/images/json?filters=" + net::percent_encode(filters({{"label", label}}));
    call.doing = "list images";
    auto body = co_await ask(std::move(call));
    if (!body) co_return fail(body.error());
    co_return read_image_list(*body);
}

net::Task<Result<>> EngineClient::save_image(std::string image, ChunkSink& sink) {
    Call call;
    call.path = image_path(image) + "/get";
    call.doing = "save the image " + image;
    call.limit = std::chrono::hours{2}; // it is written to the engine's own disk before the first byte comes
    auto connection = co_await open(std::move(call));
    if (!connection) co_return fail(connection.error());
    for (;;) {
        auto chunk = co_await connection->read_chunk(std::chrono::hours{1});
        if (!chunk) co_return fail(lost(chunk.error()));
        if (chunk->empty()) co_return Result<>{};
        auto written = co_await sink.write(std::move(*chunk));
        if (!written) co_return written;
    }
}

net::Task<Result<std::string>> EngineClient::load_image(ChunkSource& source) {
    auto prefix = co_await version_prefix();
    if (!prefix) co_return fail(prefix.error());
    auto connection = co_await connect(std::chrono::hours{2});
    if (!connection) co_return fail(connection.error());
    net::Request request;
    request.method = net::Method::post;
    request.target = "/" + *prefix + "/images/load?quiet=1";
    request.headers.set("Content-Type", "application/x-tar");
    auto begun = co_await connection->begin_upload(std::move(request));
    if (!begun) co_return fail(lost(begun.error()));
    for (;;) {
        auto chunk = co_await source.next();
        if (!chunk) co_return fail(chunk.error()); // the connection is cut, the engine drops what it has
        if (chunk->empty()) break;
        auto written = co_await connection->write_body_chunk(*chunk);
        if (!written) break; // the engine has answered already: its answer says why
    }
    auto head = co_await connection->finish_upload();
    if (!head) co_return fail(lost(head.error()));
    if (head->status != 200) {
        auto body = co_await connection->read_chunk(std::chrono::seconds{10});
        co_return fail(read_error(head->status, body.value_or(""), "load the image"));
    }
    TransferProgress nobody;
    co_return co_await read_messages(*connection, std::move(nobody), "load the image");
}

net::Task<Result<>> EngineClient::tag(std::string image, std::string repository, std::string tag) {
    Call call;
    call.method = net::Method::post;
    call.path = image_path(image) + "/tag?repo=" + net::percent_encode(repository) + "&tag=" + net::percent_encode(tag);
    call.doing = "tag the image " + image;
    co_return co_await tell(std::move(call));
}

net::Task<Result<>> EngineClient::remove_image(std::string image) {
    Call call;
    call.method = net::Method::delete_;
    call.path = image_path(image);
    call.doing = "remove the image " + image;
    call.limit = std::chrono::minutes{10};
    co_return co_await tell(std::move(call));
}

net::Task<Result<>> EngineClient::prune_images(std::string label) {
    Call call;
    call.method = net::Method::post;
    call.path = "/images/prune?filters=" + net::percent_encode(filters({{"dangling", "true"}, {"label", label}}));
    call.doing = "remove unused images";
    call.limit = std::chrono::minutes{10};
    co_return co_await tell(std::move(call));
}

net::Task<Result<>> EngineClient::pull(ImageName image, TransferProgress progress) {
    Call call;
    call.method = net::Method::post;
    call.path = "/images/create?fromImage=" + net::percent_encode(image.repository) +
                "&tag=" + net::percent_encode(image.digest.empty() ? image.tag : image.digest);
    call.doing = "pull the image " + image.text();
    call.limit = net::no_limit;
    const std::string doing = call.doing;
    auto connection = co_await open(std::move(call));
    if (!connection) co_return fail(connection.error());
    auto done = co_await read_messages(*connection, std::move(progress), doing);
    if (!done) co_return fail(done.error());
    co_return Result<>{};
}

net::Task<Result<>> EngineClient::push(std::string repository, std::string tag, TransferProgress progress) {
    Call call;
    call.method = net::Method::post;
    call.path = image_path(repository) + "/push?tag=" + net::percent_encode(tag);
    call.doing = "push the image " + repository;
    call.with_auth = true;
    call.limit = net::no_limit;
    const std::string doing = call.doing;
    auto connection = co_await open(std::move(call));
    if (!connection) co_return fail(connection.error());
    auto done = co_await read_messages(*connection, std::move(progress), doing);
    if (!done) co_return fail(done.error());
    co_return Result<>{};
}

} // namespace hk::docker
