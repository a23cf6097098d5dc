#include "net/server_connection.hpp"

#include "net/http1_writer.hpp"
#include "net/server_exchange.hpp"
#include "net/wait.hpp"

#include <array>

namespace hk::net::detail {
namespace {

std::unexpected<ParseFailure> refusal(int status, std::string message) {
    return std::unexpected(ParseFailure{.status = status, .message = std::move(message)});
}

/// Marks a connection as one that may be dropped, for the length of a scope.
class IdleScope {
public:
    IdleScope(ServerCore& core, ServerConnection* connection)
        : core_(core)
        , place_(core.idle.insert(core.idle.end(), connection)) {}
    ~IdleScope() { core_.idle.erase(place_); }
    IdleScope(const IdleScope&) = delete;
    IdleScope& operator=(const IdleScope&) = delete;

private:
    ServerCore& core_;
    std::list<ServerConnection*>::iterator place_;
};

/// Some old clients end a body with a line break that is not counted in its length.
void skip_line_break(Inbox& inbox) {
    if (inbox.data().starts_with("\r\n")) inbox.consume(2);
}

class Counted {
public:
    explicit Counted(std::size_t& count)
        : count_(count) {
        ++count_;
    }
    ~Counted() { --count_; }
    Counted(const Counted&) = delete;
    Counted& operator=(const Counted&) = delete;

private:
    std::size_t& count_;
};

} // namespace

ServerConnection::ServerConnection(ServerCore& core, StreamPtr stream)
    : core_(core)
    , wire_(std::make_shared<Wire>(std::move(stream), std::max(core.limits.header_bytes, std::size_t{65536})))
    , in_all_(core.all.insert(core.all.end(), this)) {}

ServerConnection::~ServerConnection() {
    wire_->wake = nullptr;
    wire_->close();
    core_.all.erase(in_all_);
}

void ServerConnection::announce_stop() {
    if (wire_->wake) wire_->wake->notify_all();
}

Task<void> ServerConnection::run() {
    bool more = true;
    while (more) more = co_await serve_one(); // not in the condition: g++ 12 gets that wrong
    if (refused_) co_await linger();
}

Task<bool> ServerConnection::serve_one() {
    parser_.emplace(Parser::Kind::request, core_.limits.header_bytes);
    wire_->inbox().keep_large(false);
    if (!co_await first_byte()) co_return false;
    if (!co_await read_head()) co_return false;
    ++core_.counters.requests;
    Request request;
    if (!co_await take_request(request)) co_return false;
    co_return co_await let_answer(std::move(request));
}

/// Between two requests: the connection may be dropped here.
Task<bool> ServerConnection::first_byte() {
    if (wire_->inbox().empty()) {
        if (core_.stopping) co_return false;
        const IdleScope idle(core_, this);
        const auto more = co_await Wire::fill(wire_, core_.limits.idle_time);
        if (!more || !*more) co_return false;
    }
    co_return true;
}

Task<bool> ServerConnection::read_head() {
    const auto parsed = co_await parse_head();
    if (parsed) co_return true;
    if (parsed.error().status != 0) co_await refuse(parsed.error());
    co_return false;
}

/// Status 0: the peer went away, there is nobody to answer.
Task<std::expected<void, ParseFailure>> ServerConnection::parse_head() {
    const Deadline deadline(core_.limits.header_time);
    while (!parser_->head_done()) {
        auto& inbox = wire_->inbox();
        if (!parser_->started()) skip_line_break(inbox);
        const bool half_a_break = !parser_->started() && inbox.data() == "\r";
        const auto taken = parser_->put(half_a_break ? "" : inbox.data());
        if (!taken) co_return std::unexpected(taken.error());
        inbox.consume(*taken);
        if (parser_->head_done()) break;
        const auto more = co_await Wire::fill(wire_, deadline.left());
        if (!more && more.error().code == Errc::timeout) co_return refusal(408, "the request was not complete in time");
        if (!more && more.error().code == Errc::too_large) co_return refusal(431, "the headers are too long");
        if (!more || !*more) co_return refusal(0, {});
    }
    co_return std::expected<void, ParseFailure>{};
}

Task<bool> ServerConnection::take_request(Request& request) {
    auto checked = co_await check_request(request);
    if (checked && !rule_.streaming) checked = co_await receive_body(request);
    if (checked) co_return true;
    if (checked.error().status != 0) co_await refuse(checked.error());
    co_return false;
}

Task<std::expected<void, ParseFailure>> ServerConnection::check_request(Request& request) {
    auto& head = parser_->head();
    request.method = parse_method(head.method);
    request.method_text = std::move(head.method);
    request.target = std::move(head.target);
    request.headers = std::move(head.headers);
    request.peer = wire_->stream().peer();
    request.peer_is_local = wire_->stream().peer_is_local();
    const auto hosts = request.headers.count("host");
    if (hosts > 1 || (hosts == 0 && head.http11)) co_return refusal(400, "HTTP/1.1 wants exactly one Host header");
    if (const auto split = split_target(request); !split) co_return refusal(400, split.error().message);
    const auto expect = request.headers.get("expect");
    continue_expected_ = expect && equal_ignoring_case(*expect, "100-continue") && head.http11 && head.has_body;
    if (expect && !equal_ignoring_case(*expect, "100-continue"))
        co_return refusal(417, "only 100-continue can be expected");
    rule_ = core_.rules ? core_.rules(request) : BodyRule{};
    body_limit_ = rule_.limit.value_or(core_.limits.body_bytes);
    if (head.content_length.value_or(0) > body_limit_) {
        co_return refusal(413, "the body is over " + std::to_string(body_limit_) + " bytes");
    }
    co_return std::expected<void, ParseFailure>{};
}

Task<std::expected<void, ParseFailure>> ServerConnection::receive_body(Request& request) {
    while (true) {
        auto piece = co_await read_body(body_limit_);
        if (!piece) {
            const auto code = piece.error().code;
            const int status = code == Errc::too_large ? 413
                               : code == Errc::timeout ? 408
                               : code == Errc::invalid ? 400
                                                       : 0;
            co_return refusal(status, piece.error().message);
        }
        if (piece->empty()) break;
        if (request.body.empty()) request.body = std::move(*piece);
        else request.body += *piece;
    }
    co_return std::expected<void, ParseFailure>{};
}

Task<Result<>> ServerConnection::send_continue() {
    continue_expected_ = false;
    co_return co_await wire_->stream().write_all("HTTP/1.1 100 Continue\r\n\r\n", core_.limits.write_time);
}

Task<Result<std::string>> ServerConnection::read_body(std::size_t limit) {
    auto& inbox = wire_->inbox();
    inbox.keep_large(true);
    while (true) {
        const auto taken = parser_->put(inbox.data());
        if (!taken) co_return fail(Errc::invalid, taken.error().message);
        inbox.consume(*taken);
        if (parser_->body_size() > limit) {
            co_return fail(Errc::too_large, "the body is over " + std::to_string(limit) + " bytes");
        }
        auto piece = parser_->take_body();
        if (!piece.empty() || parser_->done()) co_return piece;
        if (*taken > 0 && !inbox.empty()) continue;
        if (continue_expected_) {
            const auto sent = co_await send_continue();
            if (!sent) co_return fail(sent.error());
        }
        const auto more = co_await Wire::fill(wire_, core_.limits.body_time);
        if (!more && more.error().code == Errc::too_large) co_return fail(Errc::invalid, "a chunk header is too long");
        if (!more) co_return fail(more.error());
        if (!*more) co_return fail(Errc::unavailable, "the connection ended in the middle of the body");
    }
}

Task<bool> ServerConnection::let_answer(Request request) {
    const Counted running(core_.counters.exchanges);
    ServerExchange exchange(*this, std::move(request), body_limit_);
    co_await core_.handler(exchange);
    const bool go_on = co_await exchange.conclude();
    // A body that was not read ends the connection: what follows it could be taken for a request.
    // The peer may still be sending it and would otherwise lose the answer.
    if (!go_on && !wire_->handed_over() && !parser_->done()) refused_ = true;
    co_return go_on;
}

Task<void> ServerConnection::refuse(ParseFailure why) {
    ++core_.counters.malformed;
    refused_ = true;
    auto response = text_response(why.status, why.message + "\n");
    response.headers.set("Content-Length", std::to_string(response.body.size()));
    response.headers.set("Connection", "close");
    const auto head = response_head(response.status, response.headers, true);
    const std::array<std::string_view, 2> parts{head, response.body};
    (void)co_await wire_->stream().write_parts(parts, core_.limits.write_time);
}

/// Closing with unread bytes resets the connection, and the peer could lose the answer that it has
/// not read yet.
Task<void> ServerConnection::linger() {
    constexpr std::size_t most_bytes = 1024 * 1024;
    const Deadline deadline(std::chrono::seconds{2});
    wire_->stream().shutdown_write();
    std::size_t dropped = 0;
    while (dropped < most_bytes && !deadline.over()) {
        auto& inbox = wire_->inbox();
        dropped += inbox.data().size();
        inbox.consume(inbox.data().size());
        const auto more = co_await Wire::fill(wire_, deadline.left());
        if (!more || !*more) co_return;
    }
}

} // namespace hk::net::detail
