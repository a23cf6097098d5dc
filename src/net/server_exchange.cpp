#include "net/server_exchange.hpp"

#include "base/log.hpp"
#include "net/http1_writer.hpp"
#include "net/ws_handshake.hpp"

#include <sys/types.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>

namespace hk::net::detail {
namespace {

constexpr std::size_t file_block = 256 * 1024;

std::unexpected<Error> peer_lost() { return fail(Errc::unavailable, "the client is gone"); }

std::uint64_t number_of(std::string_view text) {
    std::uint64_t number = 0;
    (void)std::from_chars(text.data(), text.data() + text.size(), number);
    return number;
}

/// A block of the file, shorter only at the file's end.
Result<std::string> read_block(int fd, std::int64_t offset, std::size_t size) {
    std::string block;
    block.resize_and_overwrite(size, [&](char* to, std::size_t room) {
        std::size_t got = 0;
        while (got < room) {
            const auto n = ::pread(fd, to + got, room - got, offset + static_cast<off_t>(got));
            if (n < 0 && errno == EINTR) continue;
            if (n <= 0) break;
            got += static_cast<std::size_t>(n);
        }
        return got;
    });
    if (block.empty()) return fail(Errc::io, "the file is shorter than it was");
    return block;
}

} // namespace

ServerExchange::ServerExchange(ServerConnection& connection, Request request, std::size_t body_limit)
    : connection_(connection)
    , request_(std::move(request))
    , body_limit_(body_limit)
    , http11_(connection.parser().head().http11)
    , keep_alive_(connection.parser().head().keep_alive) {}

ServerExchange::~ServerExchange() { connection_.wire().wake = nullptr; }

/// Decides how the peer finds the end of the body, and says so in the headers.
void ServerExchange::frame(int status, Headers& headers) {
    body_allowed_ = request_.method != Method::head && status >= 200 && status != 204 && status != 304;
    const auto length = headers.get("content-length");
    headers.remove("transfer-encoding");
    if (length) {
        framing_ = Framing::length;
        length_left_ = number_of(*length);
    } else if (status < 200 || status == 204 || status == 304) {
        framing_ = Framing::none;
    } else if (http11_) {
        framing_ = Framing::chunked;
        headers.set("Transfer-Encoding", "chunked");
    } else {
        framing_ = Framing::until_close;
        keep_alive_ = false;
    }
}

void ServerExchange::add_common(Headers& headers) {
    if (connection_.core().stopping || headers.has_token("connection", "close")) keep_alive_ = false;
    headers.set("Date", http_date());
    headers.remove("connection");
    if (!keep_alive_) headers.set("Connection", "close");
    else if (!http11_) headers.set("Connection", "keep-alive");
}

Task<Result<>> ServerExchange::put(std::span<const std::string_view> parts) {
    if (state_ == State::broken || connection_.wire().handed_over()) co_return peer_lost();
    const auto written = co_await connection_.wire().stream().write_parts(parts, connection_.core().limits.write_time);
    if (written) co_return Result<>{};
    state_ = State::broken;
    connection_.wire().close();
    co_return peer_lost();
}

Task<void> ServerExchange::respond(Response response) {
    if (state_ != State::nothing) {
        log::error("a request was answered twice, which is a bug", {{"target", request_.target}});
        co_return;
    }
    const bool bodyless = response.status < 200 || response.status == 204 || response.status == 304;
    if (bodyless) response.headers.remove("content-length");
    else response.headers.set("Content-Length", std::to_string(response.body.size()));
    if (!connection_.parser().done()) keep_alive_ = false; // the rest of the body will not be read
    frame(response.status, response.headers);
    add_common(response.headers);
    state_ = State::writing;
    const auto head = response_head(response.status, response.headers, true);
    const std::array<std::string_view, 2> parts{head,
                                                body_allowed_ ? std::string_view(response.body) : std::string_view()};
    if (co_await put(parts)) state_ = State::complete;
}

Task<Result<>> ServerExchange::begin(int status, Headers headers) {
    if (state_ != State::nothing) co_return fail(Errc::internal, "the request has been answered already");
    frame(status, headers);
    add_common(headers);
    state_ = State::writing;
    const auto head = response_head(status, headers, true);
    const std::array<std::string_view, 1> parts{head};
    co_return co_await put(parts);
}

Task<Result<>> ServerExchange::write(std::string_view chunk) {
    if (state_ == State::broken) co_return peer_lost();
    if (state_ != State::writing) co_return fail(Errc::internal, "write is called between begin and finish");
    if (!body_allowed_ || chunk.empty()) co_return Result<>{};
    if (framing_ == Framing::length) {
        if (chunk.size() > length_left_) co_return fail(Errc::internal, "more was written than Content-Length says");
        length_left_ -= chunk.size();
    }
    if (framing_ != Framing::chunked) {
        const std::array<std::string_view, 1> parts{chunk};
        co_return co_await put(parts);
    }
    const auto size = chunk_head(chunk.size());
    const std::array<std::string_view, 3> parts{size, chunk, "\r\n"};
    co_return co_await put(parts);
}

Task<void> ServerExchange::finish() {
    if (state_ != State::writing) co_return;
    if (framing_ == Framing::length && body_allowed_ && length_left_ > 0) co_return; // conclude cuts the connection
    if (framing_ == Framing::chunked && body_allowed_) {
        const std::array<std::string_view, 1> parts{"0\r\n\r\n"};
        if (!co_await put(parts)) co_return;
    }
    state_ = State::complete;
}

Task<void> ServerExchange::send_file(FileRange range, Headers headers, int status) {
    headers.set("Content-Length", std::to_string(range.length));
    const auto begun = co_await begin(status, std::move(headers));
    if (!begun) co_return;
    if (body_allowed_ && !co_await send_range(range)) co_return;
    co_await finish();
}

Task<Result<>> ServerExchange::send_range(FileRange& range) {
    const auto file = std::make_shared<Fd>(std::move(range.file)); // a read in the pool may outlive this exchange
    auto left = range.length;
    auto offset = range.offset;
    while (left > 0) {
        const auto size = std::min<std::size_t>(static_cast<std::size_t>(left), file_block);
        auto job = [file, offset, size] { return read_block(file->get(), offset, size); };
        Result<std::string> block;
        if (range.pool) block = co_await range.pool->run(job);
        else block = job();
        if (!block) co_return fail(block.error());
        const auto written = co_await write(*block);
        if (!written) co_return fail(written.error());
        offset += static_cast<std::int64_t>(block->size());
        left -= static_cast<std::int64_t>(block->size());
    }
    co_return Result<>{};
}

Task<Result<std::string>> ServerExchange::read_body_chunk() { return connection_.read_body(body_limit_); }

Task<Result<WebSocket>> ServerExchange::upgrade(WebSocketLimits limits) {
    const auto accepted = accept_upgrade(request_);
    if (!accepted || !connection_.parser().done() || wake_) {
        auto refused =
            text_response(accepted ? 400 : 426, accepted ? "wrong request\n" : accepted.error().message + "\n");
        refused.headers.set("Upgrade", "websocket");
        refused.headers.set("Sec-WebSocket-Version", "13");
        co_await respond(std::move(refused));
        co_return fail(Errc::invalid, "the client did not ask for a WebSocket in the right way");
    }
    state_ = State::writing;
    const auto head = response_head(101, *accepted, true);
    const std::array<std::string_view, 1> parts{head};
    const auto sent = co_await put(parts);
    if (!sent) co_return fail(sent.error());
    state_ = State::complete;
    auto& wire = connection_.wire();
    auto stream = with_prefix(std::string(wire.inbox().data()), wire.hand_over());
    co_return WebSocket(connection_.core().loop, std::move(stream), WebSocket::Side::server, limits);
}

void ServerExchange::watch_peer(Signal& wake) {
    auto& wire = connection_.wire();
    wake_ = &wake;
    wire.wake = &wake;
    if (wire.watched || wire.handed_over() || wire.ended) return;
    wire.watched = true;
    spawn_self_owned(connection_.core().loop, Wire::watch(connection_.wire_ptr()));
}

bool ServerExchange::gone() const {
    return state_ == State::broken || connection_.wire().ended || connection_.core().stopping;
}

Task<bool> ServerExchange::conclude() {
    auto& wire = connection_.wire();
    wire.wake = nullptr;
    if (wire.handed_over()) co_return false;
    if (state_ == State::nothing) {
        log::error("a handler did not answer, which is a bug", {{"target", request_.target}});
        co_await respond(text_response(500, "no answer was made\n"));
    }
    if (state_ != State::complete) wire.close(); // the peer sees a cut instead of a shorter answer
    co_return state_ == State::complete&& keep_alive_&& connection_.parser().done();
}

} // namespace hk::net::detail
