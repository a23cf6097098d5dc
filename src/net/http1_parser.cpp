#include "net/http1_parser.hpp"

#include <boost/beast/http/basic_parser.hpp>
#include <boost/beast/http/error.hpp>

#include <variant>

namespace hk::net::detail {
namespace beast = boost::beast;
namespace http = boost::beast::http;
namespace {

using Failure = std::unexpected<ParseFailure>;

Failure refuse(int status, std::string message) {
    return Failure(ParseFailure{.status = status, .message = std::move(message)});
}

std::string text_of(beast::string_view view) { return {view.data(), view.size()}; }

/// Receives what Beast's parser finds. Trailers are read and dropped: nobody may change a head
/// after it was used.
template <bool is_request>
class Sink final : public http::basic_parser<is_request> {
public:
    MessageHead head;
    std::string body;
    std::size_t body_size = 0;
    bool too_many_fields = false;

private:
    using error_code = beast::error_code;

    void on_request_impl(http::verb, beast::string_view method, beast::string_view target, int version,
                         error_code& ec) override {
        ec = {};
        head.method = text_of(method);
        head.target = text_of(target);
        head.http11 = version == 11;
    }
    void on_response_impl(int status, beast::string_view, int version, error_code& ec) override {
        ec = {};
        head.status = status;
        head.http11 = version == 11;
    }
    void on_field_impl(http::field, beast::string_view name, beast::string_view value, error_code& ec) override {
        ec = {};
        if (this->is_header_done()) return;
        if (head.headers.add(text_of(name), text_of(value))) return;
        too_many_fields = true;
        ec = http::error::header_limit;
    }
    void on_header_impl(error_code& ec) override { ec = {}; }
    void on_body_init_impl(const boost::optional<std::uint64_t>&, error_code& ec) override { ec = {}; }
    std::size_t on_body_impl(beast::string_view piece, error_code& ec) override { return take(piece, ec); }
    void on_chunk_header_impl(std::uint64_t, beast::string_view, error_code& ec) override { ec = {}; }
    std::size_t on_chunk_body_impl(std::uint64_t, beast::string_view piece, error_code& ec) override {
        return take(piece, ec);
    }
    void on_finish_impl(error_code& ec) override { ec = {}; }

    std::size_t take(beast::string_view piece, error_code& ec) {
        ec = {};
        body.append(piece.data(), piece.size());
        body_size += piece.size();
        return piece.size();
    }
};

Failure refuse(const beast::error_code& error, std::size_t header_limit) {
    if (error == http::error::header_limit) {
        return refuse(431, "the request line and headers are over " + std::to_string(header_limit) + " bytes");
    }
    if (error == http::error::bad_version) return refuse(505, "only HTTP/1.0 and HTTP/1.1 are spoken here");
    return refuse(400, "not valid HTTP: " + error.message());
}

/// The rules that Beast leaves out, all about where a message ends.
std::expected<void, ParseFailure> check_framing(const MessageHead& head) {
    if (head.headers.count("content-length") > 1) return refuse(400, "more than one Content-Length");
    const auto length = head.headers.get("content-length");
    if (length && length->contains(',')) return refuse(400, "more than one Content-Length");
    const auto coding = head.headers.get("transfer-encoding");
    if (!coding) return {};
    if (length) return refuse(400, "Content-Length and Transfer-Encoding together");
    if (head.headers.count("transfer-encoding") > 1) return refuse(400, "more than one Transfer-Encoding");
    if (!head.http11) return refuse(400, "Transfer-Encoding in HTTP/1.0");
    if (!equal_ignoring_case(*coding, "chunked")) return refuse(501, "the only transfer encoding is chunked");
    return {};
}

/// Lines that begin with a blank continue the line before; readers differ about what that means.
bool has_folded_line(std::string_view bytes) {
    const auto end = std::min(bytes.find("\r\n\r\n"), bytes.size());
    const auto head = bytes.substr(0, end);
    return head.contains("\r\n ") || head.contains("\r\n\t");
}

} // namespace

struct Parser::Impl {
    std::variant<Sink<true>, Sink<false>> sink;
    std::size_t header_limit = 0;
    bool checked = false;

    template <class F>
    decltype(auto) visit(F f) {
        return std::visit(f, sink);
    }
};

Parser::Parser(Kind kind, std::size_t header_limit)
    : impl_(std::make_unique<Impl>()) {
    if (kind != Kind::request) impl_->sink.emplace<Sink<false>>();
    impl_->header_limit = header_limit;
    impl_->visit([&](auto& sink) {
        sink.header_limit(static_cast<std::uint32_t>(header_limit));
        sink.body_limit(boost::none); // the owner counts, since the limit depends on the route
        sink.skip(kind == Kind::response_to_head);
    });
}
Parser::Parser(Parser&&) noexcept = default;
Parser& Parser::operator=(Parser&&) noexcept = default;
Parser::~Parser() = default;

namespace {

template <class Sink>
std::expected<void, ParseFailure> finish_head(Sink& sink) {
    auto& head = sink.head;
    head.keep_alive = sink.keep_alive();
    head.upgrade = sink.upgrade();
    const auto length = sink.content_length();
    if (length) head.content_length = *length;
    head.has_body = !sink.is_done();
    return check_framing(head);
}

template <class Sink>
std::expected<std::size_t, ParseFailure> put_into(Sink& sink, std::string_view bytes, std::size_t header_limit) {
    std::size_t taken = 0;
    const bool head_was_done = sink.is_header_done();
    if (!head_was_done && has_folded_line(bytes)) return refuse(400, "a header line begins with a blank");
    while (!sink.is_done() && taken < bytes.size() && sink.is_header_done() == head_was_done) {
        beast::error_code error;
        const auto rest = bytes.substr(taken);
        taken += sink.put(boost::asio::const_buffer(rest.data(), rest.size()), error);
        if (error == http::error::need_more) break;
        if (error) return refuse(error, header_limit);
    }
    return taken;
}

} // namespace

std::expected<std::size_t, ParseFailure> Parser::put(std::string_view bytes) {
    const auto taken = impl_->visit([&](auto& sink) { return put_into(sink, bytes, impl_->header_limit); });
    if (taken && head_done() && !std::exchange(impl_->checked, true)) {
        const auto checked = impl_->visit([](auto& sink) { return finish_head(sink); });
        if (!checked) return std::unexpected(checked.error());
    }
    return taken;
}

bool Parser::put_end() {
    if (!started()) return false;
    beast::error_code error;
    impl_->visit([&](auto& sink) { sink.put_eof(error); });
    return !error;
}

bool Parser::started() const {
    return impl_->visit([](auto& sink) { return sink.got_some(); });
}
bool Parser::head_done() const {
    return impl_->visit([](auto& sink) { return sink.is_header_done(); });
}
bool Parser::done() const {
    return impl_->visit([](auto& sink) { return sink.is_done(); });
}
MessageHead& Parser::head() {
    return impl_->visit([](auto& sink) -> MessageHead& { return sink.head; });
}
std::string Parser::take_body() {
    return impl_->visit([](auto& sink) { return std::exchange(sink.body, {}); });
}
std::size_t Parser::body_size() const {
    return impl_->visit([](auto& sink) { return sink.body_size; });
}

} // namespace hk::net::detail
