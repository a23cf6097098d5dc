#include "docker/engine_client.hpp"

#include "docker/engine_json.hpp"
#include "docker/message_lines.hpp"

#include <charconv>

namespace hk::docker {

namespace {

constexpr Duration connect_limit = std::chrono::seconds{10};

/// The number after "1." of an API version; 0 when it is something else.
int minor_of(std::string_view version) {
    int minor = 0;
    if (version.starts_with("1.")) std::from_chars(version.data() + 2, version.data() + version.size(), minor);
    return minor;
}

Result<std::string> agree(const VersionReply& reply) {
    const int theirs = minor_of(reply.api_version);
    if (theirs < minor_of(oldest_api))
        return fail(Errc::unsupported, reply.name + " " + reply.version + " is too old: its API is " +
                                           reply.api_version + ", and " + std::string(oldest_api) +
                                           " (Docker 19.03) is needed");
    const int lowest = minor_of(reply.minimum_api_version);
    return "v1." + std::to_string(std::max(lowest, std::min(theirs, minor_of(newest_api))));
}

} // namespace

Error EngineClient::lost(const Error& error) {
    version_.clear(); // another version may come back
    return Error{error.code == Errc::timeout ? Errc::timeout : Errc::unavailable,
                 "the container engine at " + to_text(address_) + " does not answer: " + error.message,
                 {}};
}

net::Task<Result<net::HttpConnection>> EngineClient::connect(Duration limit) {
    auto stream = co_await net::connect(address_, connect_limit);
    if (!stream) co_return fail(lost(stream.error()));
    net::CallLimits limits;
    limits.time = limit;
    co_return net::HttpConnection(std::move(*stream), "docker", limits);
}

net::Task<Result<std::string>> EngineClient::get_plain(std::string path) {
    auto connection = co_await connect(std::chrono::seconds{30});
    if (!connection) co_return fail(connection.error());
    net::Request request;
    request.target = path;
    auto reply = co_await connection->request(std::move(request));
    if (!reply) co_return fail(lost(reply.error()));
    if (reply->status != 200) co_return fail(read_error(reply->status, reply->body, "answer " + path));
    co_return std::move(reply->body);
}

net::Task<Result<std::string>> EngineClient::version_prefix() {
    if (!version_.empty()) co_return version_;
    auto body = co_await get_plain("/version");
    if (!body) co_return fail(body.error());
    const auto reply = read_version(*body);
    if (!reply) co_return fail(reply.error());
    auto agreed = agree(*reply);
    if (!agreed) co_return fail(agreed.error());
    version_ = *agreed;
    co_return version_;
}

net::Task<Result<net::HttpConnection>> EngineClient::open(Call call) {
    auto prefix = co_await version_prefix();
    if (!prefix) co_return fail(prefix.error());
    auto connection = co_await connect(call.limit);
    if (!connection) co_return fail(connection.error());
    net::Request request;
    request.method = call.method;
    request.target = "/" + *prefix + call.path;
    if (call.with_auth) request.headers.set("X-Registry-Auth", "e30="); // {}
    if (!call.body.empty()) request.headers.set("Content-Type", "application/json");
    request.body = std::move(call.body);
    auto head = co_await connection->start(std::move(request));
    if (!head) co_return fail(lost(head.error()));
    if (head->status < 300 || head->status == 304) co_return std::move(*connection);
    std::string body;
    for (;;) {
        auto chunk = co_await connection->read_chunk(std::chrono::seconds{10});
        if (!chunk || chunk->empty() || body.size() > max_message_line) break;
        body += *chunk;
    }
    co_return fail(read_error(head->status, body, call.doing));
}

net::Task<Result<std::string>> EngineClient::ask(Call call) {
    const Duration limit = call.limit;
    auto connection = co_await open(std::move(call));
    if (!connection) co_return fail(connection.error());
    std::string body;
    for (;;) {
        auto chunk = co_await connection->read_chunk(limit);
        if (!chunk) co_return fail(lost(chunk.error()));
        if (chunk->empty()) co_return body;
        body += *chunk;
        if (body.size() > 64 << 20) co_return fail(Errc::too_large, "the container engine answered more than 64 MiB");
    }
}

net::Task<Result<>> EngineClient::tell(Call call) {
    auto body = co_await ask(std::move(call));
    if (!body) co_return fail(body.error());
    co_return Result<>{};
}

net::Task<Result<std::string>> EngineClient::read_messages(net::HttpConnection& connection, TransferProgress progress,
                                                           std::string doing) {
    MessageLines lines;
    std::string last;
    for (bool ended = false; !ended;) {
        auto chunk = co_await connection.read_chunk(net::no_limit);
        if (!chunk) co_return fail(lost(chunk.error()));
        ended = chunk->empty();
        auto fed = lines.feed(*chunk);
        if (!fed) co_return fail(fed.error());
        while (auto line = lines.next(ended)) {
            const auto message = read_stream_message(*line);
            if (!message) continue; // an engine may say more than we know
            if (!message->error.empty())
                co_return fail(Errc::io, "the container engine could not " + doing + ": " + message->error);
            if (progress) progress(message->step);
            if (!message->text.empty()) last = message->text;
        }
    }
    co_return last;
}

net::Task<Result<EngineInfo>> EngineClient::info() {
    auto version_body = co_await get_plain("/version");
    if (!version_body) co_return fail(version_body.error());
    const auto version = read_version(*version_body);
    if (!version) co_return fail(version.error());
    const auto agreed = agree(*version);
    if (!agreed) co_return fail(agreed.error());
    version_ = *agreed;
    Call call;
    call.path = "/info";
    call.doing = "describe itself";
    auto body = co_await ask(std::move(call));
    if (!body) co_return fail(body.error());
    auto info = read_info(*body);
    if (!info) co_return fail(info.error());
    info->name = version->name;
    info->version = version->version;
    info->api_version = agreed->substr(1); // not version_: others may have lost the engine meanwhile
    co_return info;
}

net::Task<Result<>> EngineClient::watch(std::string label, std::function<void(const EngineEvent&)> on_event) {
    Call call;
    call.path = "/events?filters=" + net::percent_encode(filters({{"type", "container"}, {"label", label}}));
    call.doing = "report events";
    auto connection = co_await open(std::move(call));
    if (!connection) co_return fail(connection.error());
    MessageLines lines;
    for (;;) {
        auto chunk = co_await connection->read_chunk(net::no_limit);
        if (!chunk) co_return fail(lost(chunk.error()));
        if (chunk->empty()) co_return fail(Errc::unavailable, "the container engine has gone away");
        auto fed = lines.feed(*chunk);
        if (!fed) co_return fail(fed.error());
        while (auto line = lines.next(false))
            if (const auto event = read_event(*line)) on_event(*event);
    }
}

} // namespace hk::docker
