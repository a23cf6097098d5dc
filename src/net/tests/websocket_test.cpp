#include "net/tests/served.hpp"
#include "net/websocket.hpp"
#include "net/ws_frame.hpp"
#include "net/ws_handshake.hpp"

using namespace hk;
using namespace hk::net;
using namespace hk::net::test;
using detail::make_frame;
using detail::Opcode;

namespace {

constexpr std::uint32_t mask = 0xa5a5f00f;

/// The server's side of a WebSocket over memory; the test speaks for the client, in bytes.
struct Raw {
    Loop loop;
    StreamPtr client;
    std::optional<WebSocket> server;

    explicit Raw(WebSocketLimits limits = {}, std::size_t capacity = 64 * 1024) {
        auto [here, there] = memory_pair(capacity);
        client = std::move(here);
        server.emplace(loop, std::move(there), WebSocket::Side::server, limits);
    }
    void send(const std::string& bytes) { REQUIRE(run_task(loop, client->write_all(bytes, limit))); }
    void send(Opcode kind, std::string_view payload) { send(make_frame(kind, payload, mask)); }
    std::string rest() { return run_task(loop, Served::read_to_end(*client)); }
    Result<std::string> read() { return run_task(loop, server->read()); }
    /// The next `size` bytes from the server.
    std::string bytes(std::size_t size) {
        const auto take = [](Stream& stream, std::size_t count) -> Task<std::string> {
            std::string all;
            std::array<char, 1> one;
            while (all.size() < count) {
                const auto got = co_await stream.read_some(one, limit);
                if (!got || *got == 0) co_return all + "<end>";
                all += one[0];
            }
            co_return all;
        };
        return run_task(loop, take(*client, size));
    }
};

std::string close_frame(std::uint16_t code, std::string_view reason) {
    return make_frame(Opcode::close, detail::close_payload(code, reason), {});
}

Task<void> echo_socket(Exchange& exchange) {
    auto socket = co_await exchange.upgrade();
    if (!socket) co_return;
    while (true) {
        auto message = co_await socket->read_message();
        if (!message) co_return;
        Result<> sent;
        if (message->binary) sent = co_await socket->write_binary(std::move(message->data));
        else sent = co_await socket->write_text(std::move(message->data));
        if (!sent) co_return;
    }
}

Task<Result<std::string>> converse(Loop& loop, Address address) {
    Headers headers{{"X-Test", "1"}};
    auto socket = co_await connect_websocket(loop, std::move(address), "/ws", std::move(headers));
    if (!socket) co_return fail(socket.error());
    std::string all;
    for (const std::size_t size : {0UL, 1UL, 200UL, 70'000UL, 3'000'000UL}) {
        const auto sent = co_await socket->write_text(std::string(size, 'x'));
        if (!sent) co_return fail(sent.error());
        const auto back = co_await socket->read();
        if (!back) co_return fail(back.error());
        all += std::to_string(back->size()) + " ";
    }
    co_await socket->close(1000, "done");
    co_return all + std::to_string(socket->close_code());
}

} // namespace

TEST_CASE("websocket: both sides talk over TCP, and close with a handshake") {
    Served s(echo_socket);
    const auto address = s.listen();
    const auto said = run_task(s.loop, converse(s.loop, address));
    REQUIRE(said);
    CHECK(*said == "0 1 200 70000 3000000 1000");
    CHECK(detail::accept_key("dGhlIHNhbXBsZSBub25jZQ==") == "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="); // the standard's example
}

TEST_CASE("websocket: wrong handshakes are answered, not upgraded") {
    Served s(echo_socket);
    const std::string head = "GET /ws HTTP/1.1\r\nHost: h\r\n";
    const std::string right = "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
                              "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
    CHECK(status_of(s.talk_and_end(head + right + "\r\n")) == 101);
    CHECK(status_of(s.talk_and_end(head + "\r\n")) == 426);
    CHECK(status_of(s.talk_and_end("POST /ws HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n" + right + "\r\n")) == 426);
    for (const std::string field : {"Connection", "Upgrade", "Sec-WebSocket-Version", "Sec-WebSocket-Key"}) {
        CAPTURE(field);
        auto wrong = right;
        wrong.replace(wrong.find(field + ": ") + field.size() + 2, 2, "xy");
        if (field == "Sec-WebSocket-Key") wrong.replace(wrong.find("=="), 2, "xx");
        CHECK(status_of(s.talk_and_end(head + wrong + "\r\n")) == 426);
    }
}

TEST_CASE("websocket: a server that refuses is an error with the right code") {
    const auto refuse = [](Exchange& exchange) -> Task<void> {
        const int status = exchange.request().path == "/403" ? 403 : 200;
        co_await exchange.respond(text_response(status, "no"));
    };
    Served s(refuse);
    const auto address = s.listen();
    const auto forbidden = run_task(s.loop, connect_websocket(s.loop, address, "/403", {}));
    REQUIRE(!forbidden);
    CHECK(forbidden.error().code == Errc::forbidden);
    const auto other = run_task(s.loop, connect_websocket(s.loop, address, "/", {}));
    REQUIRE(!other);
    CHECK(other.error().code == Errc::unavailable);
}

TEST_CASE("websocket: frames that came with the handshake are read") {
    Served s(echo_socket);
    auto stream = s.connect_memory();
    const std::string head = "GET /ws HTTP/1.1\r\nHost: h\r\nConnection: keep-alive, Upgrade\r\nUpgrade: WebSocket\r\n"
                             "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
    REQUIRE(run_task(s.loop, stream->write_all(head + make_frame(Opcode::text, "early", mask), limit)));
    CHECK(run_task(s.loop, Served::read_until(*stream, "early"))
              .ends_with("\r\n\r\n" + make_frame(Opcode::text, "early", {})));
    REQUIRE(run_task(s.loop, stream->write_all(make_frame(Opcode::close, "", mask), limit)));
    CHECK(run_task(s.loop, Served::read_to_end(*stream)) == close_frame(1000, ""));
}

TEST_CASE("websocket: pings are answered while nobody reads, and pieces are put together") {
    Raw raw;
    raw.send(Opcode::ping, "hello?");
    const auto pong = make_frame(Opcode::pong, "hello?", {});
    CHECK(raw.bytes(pong.size()) == pong);
    auto first = make_frame(Opcode::text, "one ", mask);
    first[0] = 0x01;
    auto second = make_frame(Opcode::text, "two", mask);
    second[0] = static_cast<char>(0x80);
    raw.send(first + make_frame(Opcode::pong, "", mask) + second);
    CHECK(raw.read() == Result<std::string>("one two"));
    raw.send(Opcode::binary, std::string("\0\1", 2));
    const auto message = run_task(raw.loop, raw.server->read_message());
    REQUIRE(message);
    CHECK(message->binary);
    CHECK(message->data.size() == 2);
}

TEST_CASE("websocket: a message over the limit closes with 1009, a broken one with 1002") {
    WebSocketLimits limits;
    limits.message_bytes = 1000;
    {
        Raw raw(limits);
        raw.send(Opcode::text, std::string(1000, 'x'));
        CHECK(raw.read()->size() == 1000);
        raw.send(Opcode::text, std::string(1001, 'x'));
        const auto read = raw.read();
        REQUIRE(!read);
        CHECK(read.error().code == Errc::too_large);
        CHECK(raw.server->close_code() == 1009);
        CHECK(raw.rest() == close_frame(1009, "a message is over 1000 bytes"));
    }
    Raw raw(limits);
    raw.send(make_frame(Opcode::text, "not masked", {}));
    const auto read = raw.read();
    REQUIRE(!read);
    CHECK(read.error().code == Errc::invalid);
    CHECK(raw.rest() == close_frame(1002, "a client must mask"));
    CHECK(!raw.server->send_text("too late"));
}

TEST_CASE("websocket: the peer's close is answered and told, after the messages before it") {
    Raw raw;
    raw.send(make_frame(Opcode::text, "last", mask) +
             make_frame(Opcode::close, detail::close_payload(3001, "bye"), mask) +
             make_frame(Opcode::text, "after the end", mask));
    CHECK(raw.rest() == close_frame(3001, ""));
    CHECK(raw.read() == Result<std::string>("last"));
    const auto end = raw.read();
    REQUIRE(!end);
    CHECK(end.error().code == Errc::unavailable);
    CHECK(end.error().message == "the peer closed the connection (3001 bye)");
    CHECK(raw.server->close_code() == 3001);
    CHECK(raw.server->close_reason() == "bye");
    CHECK(!raw.server->open());
}

TEST_CASE("websocket: a connection that is cut is 1006") {
    Raw raw;
    raw.client->close();
    const auto end = raw.read();
    REQUIRE(!end);
    CHECK(end.error().code == Errc::unavailable);
    CHECK(raw.server->close_code() == 1006);
    CHECK(!run_task(raw.loop, raw.server->write_text("x")));
}

TEST_CASE("websocket: close does not wait for ever for a peer that does not answer") {
    WebSocketLimits limits;
    limits.close_time = 20ms;
    Raw raw(limits);
    run_task(raw.loop, raw.server->close(1001, "going away"));
    CHECK(raw.rest() == close_frame(1001, "going away"));
    CHECK(!raw.server->open());
}

TEST_CASE("websocket: a silent peer is pinged, then dropped") {
    WebSocketLimits limits;
    limits.idle_time = 60ms;
    Raw raw(limits);
    const auto end = raw.read();
    REQUIRE(!end);
    CHECK(end.error().code == Errc::timeout);
    CHECK(raw.rest().starts_with(make_frame(Opcode::ping, "", {})));
}

TEST_CASE("websocket: a peer that answers pings is kept") {
    WebSocketLimits limits;
    limits.idle_time = 90ms;
    Loop loop;
    auto [a, b] = memory_pair();
    WebSocket server(loop, std::move(a), WebSocket::Side::server, limits);
    WebSocket client(loop, std::move(b), WebSocket::Side::client, {});
    run_task(loop, sleep_for(300ms));
    CHECK(server.open());
    CHECK(client.open());
}

TEST_CASE("websocket: a backlog over the limit drops the connection") {
    WebSocketLimits limits;
    limits.backlog_bytes = 10'000;
    Raw raw(limits, 1000);
    std::size_t accepted = 0;
    Result<> sent;
    while ((sent = raw.server->send_text(std::string(990, 'x')))) ++accepted;
    CHECK(sent.error().code == Errc::too_large);
    CHECK(accepted == 10);
    CHECK(!raw.server->open());
    CHECK(raw.server->backlog() == 0);
}

TEST_CASE("websocket: who sends pings and reads nothing gets no more than 64 answers queued") {
    Raw raw({}, 1000);
    std::string pings;
    for (int i = 0; i < 5'000; ++i) pings += make_frame(Opcode::ping, "0123456789", mask);
    raw.send(pings);
    run_task(raw.loop, sleep_for(1ms));
    CHECK(raw.server->open());
    CHECK(raw.server->backlog() <= 12 * (64 + 16)); // queued, and what is being written
}

TEST_CASE("websocket: many writers' messages leave whole and in order") {
    Raw raw({}, 100);
    TaskGroup group(raw.loop);
    const auto writer = [](WebSocket& socket, int number) -> Task<void> {
        (void)co_await socket.write_text(std::string(50, static_cast<char>('a' + number)));
    };
    std::string expected;
    for (int i = 0; i < 26; ++i) {
        group.spawn(writer(*raw.server, i));
        expected += make_frame(Opcode::text, std::string(50, static_cast<char>('a' + i)), {});
    }
    CHECK(raw.bytes(expected.size()) == expected);
    run_task(raw.loop, group.join());
    CHECK(raw.server->backlog() == 0);
}

TEST_CASE("websocket: a reader that takes nothing stops the peer, and is not taken for a silent one") {
    WebSocketLimits limits;
    limits.message_bytes = 10'000;
    limits.idle_time = 60ms;
    Raw raw(limits, 1000);
    const std::string frame = make_frame(Opcode::binary, std::string(5'000, 'x'), mask);
    Result<> written;
    int messages = 0;
    while ((written = run_task(raw.loop, raw.client->write_all(frame, 200ms)))) ++messages;
    CHECK(written.error().code == Errc::timeout);
    CHECK(messages < 8);
    REQUIRE(raw.server->open());
    CHECK(raw.read()->size() == 5'000);
}

TEST_CASE("websocket: a peer that goes away is noticed also by one who takes no messages") {
    WebSocketLimits limits;
    limits.message_bytes = 1'000;
    limits.idle_time = 60ms;
    Raw raw(limits);
    raw.send(Opcode::text, std::string(1'000, 'x'));
    raw.send(Opcode::text, std::string(1'000, 'y')); // not read, since the first one waits
    run_task(raw.loop, sleep_for(100ms));
    REQUIRE(raw.server->open());
    raw.client->close();
    const auto waiting = [](WebSocket& socket) -> Task<Result<bool>> {
        co_await socket.closed();
        co_return true;
    };
    CHECK(run_task(raw.loop, with_deadline(limit, "it was not noticed", waiting(*raw.server))));
    CHECK(raw.server->close_code() == 1006);
}

TEST_CASE("websocket: who waits for the end is told of the peer's close, and at once when it has come") {
    Raw raw;
    TaskGroup group(raw.loop);
    bool told = false;
    const auto wait = [](WebSocket& socket, bool& seen) -> Task<void> {
        co_await socket.closed();
        seen = true;
    };
    group.spawn(wait(*raw.server, told));
    run_task(raw.loop, sleep_for(5ms));
    CHECK_FALSE(told);
    raw.send(make_frame(Opcode::close, detail::close_payload(1000, ""), mask));
    run_task(raw.loop, group.join());
    CHECK(told);
    run_task(raw.loop, raw.server->closed());
}

TEST_CASE("websocket: destroying the handle cuts the connection, also under a reader") {
    Raw raw;
    TaskGroup group(raw.loop);
    Result<std::string> read;
    const auto reader = [](WebSocket& socket, Result<std::string>& result) -> Task<void> {
        result = co_await socket.read();
    };
    group.spawn(reader(*raw.server, read));
    run_task(raw.loop, sleep_for(1ms));
    raw.server.reset();
    run_task(raw.loop, group.join());
    CHECK(!read);
    CHECK(raw.rest().empty());
}
