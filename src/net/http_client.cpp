#include "net/http_client.hpp"

#include "net/http1_parser.hpp"
#include "net/http1_writer.hpp"
#include "net/inbox.hpp"
#include "net/loop.hpp"
#include "net/wait.hpp"

#include <array>

namespace hk::net {
using detail::Deadline;
using detail::Inbox;
using detail::Parser;

namespace {

Response response_of(const detail::MessageHead& head) {
    return Response{.status = head.status, .headers = head.headers, .body = {}};
}

std::unexpected<Error> lost(std::string_view where) {
    return fail(Errc::unavailable, "the server ended the connection " + std::string(where));
}

} // namespace

struct HttpConnection::Impl {
    Impl(StreamPtr s, std::string h, CallLimits l)
        : stream(std::move(s))
        , host(std::move(h))
        , limits(l)
        , inbox(std::max(l.header_bytes, std::size_t{65536})) {}

    Task<Result<>> send_head(Request& request, bool with_body);
    Task<Result<Response>> read_head(Deadline deadline);
    Task<Result<bool>> fill(Duration limit);
    Task<Result<std::string>> read_piece(Duration limit);
    Task<Result<>> read_rest(std::string& body, Deadline deadline);
    void begin_call(Method method);
    /// Ends the call: after it nobody can tell where the next message begins.
    std::unexpected<Error> give_up(Error error) {
        broken = true;
        return fail(std::move(error));
    }

    StreamPtr stream;
    std::string host;
    CallLimits limits;
    Inbox inbox;
    std::optional<Parser> parser;
    Parser::Kind kind = Parser::Kind::response;
    bool upload_chunked = false;
    bool ended = false; ///< the server has finished sending
    bool broken = false;
};

void HttpConnection::Impl::begin_call(Method method) {
    kind = method == Method::head ? Parser::Kind::response_to_head : Parser::Kind::response;
    parser.emplace(kind, limits.header_bytes);
}

Task<Result<>> HttpConnection::Impl::send_head(Request& request, bool with_body) {
    if (broken) co_return fail(Errc::unavailable, "the connection cannot be used any more");
    if (!request.headers.has("host")) request.headers.set("Host", host);
    const bool may_have_none = request.method == Method::get || request.method == Method::head;
    const bool wants_length = with_body && (!request.body.empty() || !may_have_none);
    if (wants_length) request.headers.set("Content-Length", std::to_string(request.body.size()));
    const auto head = detail::request_head(request);
    if (!head) co_return fail(head.error());
    begin_call(request.method);
    const std::array<std::string_view, 2> parts{*head, with_body ? std::string_view(request.body) : std::string_view()};
    auto sent = co_await stream->write_parts(parts, limits.time);
    if (!sent) co_return give_up(sent.error());
    co_return Result<>{};
}

/// False at the end of what the server sends.
Task<Result<bool>> HttpConnection::Impl::fill(Duration limit) {
    if (ended) co_return false;
    const auto space = inbox.space();
    if (space.empty()) co_return fail(Errc::too_large, "the server sent a header or chunk line that is too long");
    const auto got = co_await stream->read_some(space, limit);
    if (!got && got.error().code == Errc::timeout) co_return fail(Errc::timeout, "the server did not answer in time");
    if (!got) co_return fail(got.error());
    inbox.commit(*got);
    ended = *got == 0;
    co_return !ended;
}

/// The head of the final answer; those that only say "go on" are skipped.
Task<Result<Response>> HttpConnection::Impl::read_head(Deadline deadline) {
    while (true) {
        const auto taken = parser->put(inbox.data());
        if (!taken) co_return give_up(Error{Errc::invalid, "the server's answer is " + taken.error().message, {}});
        inbox.consume(*taken);
        if (parser->head_done()) {
            const int status = parser->head().status;
            if (status / 100 != 1 || status == 101) break;
            parser.emplace(kind, limits.header_bytes);
            continue;
        }
        const auto more = co_await fill(deadline.left());
        if (!more) co_return give_up(more.error());
        if (!*more) co_return give_up(lost("without an answer").error());
    }
    if (parser->head().status == 101) broken = true; // no HTTP any more: hijack
    co_return response_of(parser->head());
}

Task<Result<std::string>> HttpConnection::Impl::read_piece(Duration limit) {
    inbox.keep_large(true);
    while (true) {
        const auto taken = parser->put(inbox.data());
        if (!taken) co_return give_up(Error{Errc::invalid, "the server's answer is " + taken.error().message, {}});
        inbox.consume(*taken);
        auto piece = parser->take_body();
        if (!piece.empty()) co_return piece;
        if (parser->done()) co_return std::string{};
        if (*taken > 0 && !inbox.empty()) continue;
        const auto more = co_await fill(limit);
        if (!more && more.error().code == Errc::timeout) co_return fail(more.error()); // may be repeated
        if (!more) co_return give_up(more.error());
        if (*more) continue;
        if (!parser->put_end()) co_return give_up(lost("in the middle of its answer").error());
        broken = true;
    }
}

Task<Result<>> HttpConnection::Impl::read_rest(std::string& body, Deadline deadline) {
    while (true) {
        auto piece = co_await read_piece(deadline.left());
        if (!piece) co_return give_up(piece.error());
        if (piece->empty()) co_return Result<>{};
        if (body.size() + piece->size() > limits.body_bytes) {
            auto message = "the server's answer is over " + std::to_string(limits.body_bytes) + " bytes";
            co_return give_up(Error{Errc::too_large, std::move(message), {}});
        }
        if (body.empty()) body = std::move(*piece);
        else body += *piece;
    }
}

HttpConnection::HttpConnection(StreamPtr stream, std::string host, CallLimits limits)
    : impl_(std::make_unique<Impl>(std::move(stream), std::move(host), limits)) {}
HttpConnection::HttpConnection(HttpConnection&&) noexcept = default;
HttpConnection& HttpConnection::operator=(HttpConnection&&) noexcept = default;
HttpConnection::~HttpConnection() = default;

Task<Result<HttpConnection>> HttpConnection::open(Address address, CallLimits limits) {
    auto stream = co_await connect(address, limits.time);
    if (!stream) co_return fail(stream.error());
    co_return HttpConnection(std::move(*stream), authority(address), limits);
}

Task<Result<Response>> HttpConnection::request(Request request) {
    const Deadline deadline(impl_->limits.time);
    const bool usable = !impl_->broken;
    const auto sent = co_await impl_->send_head(request, true);
    // A server that refuses early may have answered before it closed.
    if (!sent && (!usable || sent.error().code != Errc::unavailable)) co_return fail(sent.error());
    auto response = co_await impl_->read_head(deadline);
    if (!response) co_return fail(sent ? response.error() : sent.error());
    const auto rest = co_await impl_->read_rest(response->body, deadline);
    if (!rest) co_return fail(rest.error());
    co_return response;
}

Task<Result<Response>> HttpConnection::start(Request request) {
    const auto sent = co_await impl_->send_head(request, true);
    if (!sent) co_return fail(sent.error());
    co_return co_await impl_->read_head(Deadline(impl_->limits.time));
}

Task<Result<std::string>> HttpConnection::read_chunk(Duration limit) {
    if (!impl_->parser) co_return fail(Errc::internal, "no call was started");
    co_return co_await impl_->read_piece(limit);
}

Task<Result<>> HttpConnection::begin_upload(Request request) {
    impl_->upload_chunked = !request.headers.has("content-length");
    if (impl_->upload_chunked) request.headers.set("Transfer-Encoding", "chunked");
    co_return co_await impl_->send_head(request, false);
}

Task<Result<>> HttpConnection::write_body_chunk(std::string_view chunk) {
    if (chunk.empty()) co_return Result<>{};
    if (impl_->broken) co_return fail(Errc::unavailable, "the connection cannot be used any more");
    const auto size = impl_->upload_chunked ? detail::chunk_head(chunk.size()) : std::string();
    const std::array<std::string_view, 3> parts{size, chunk, impl_->upload_chunked ? "\r\n" : ""};
    auto sent = co_await impl_->stream->write_parts(parts, impl_->limits.time);
    if (!sent) co_return impl_->give_up(sent.error());
    co_return Result<>{};
}

Task<Result<Response>> HttpConnection::finish_upload() {
    if (!impl_->parser) co_return fail(Errc::internal, "no upload was begun");
    if (impl_->upload_chunked && !impl_->broken) {
        const auto sent = co_await impl_->stream->write_all("0\r\n\r\n", impl_->limits.time);
        if (!sent) impl_->broken = true; // the answer may be there all the same
    }
    co_return co_await impl_->read_head(Deadline(impl_->limits.time));
}

StreamPtr HttpConnection::hijack() {
    impl_->broken = true;
    return with_prefix(std::string(impl_->inbox.data()), std::move(impl_->stream));
}

bool HttpConnection::reusable() const {
    if (impl_->broken || impl_->ended || !impl_->stream) return false;
    return !impl_->parser || (impl_->parser->done() && impl_->parser->head().keep_alive);
}

} // namespace hk::net
