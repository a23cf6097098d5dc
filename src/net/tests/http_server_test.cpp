#include "net/tests/served.hpp"

using namespace hk;
using namespace hk::net;
using namespace hk::net::test;
using namespace std::string_literals;

TEST_CASE("a request is answered and the connection is kept") {
    Served s(echo);
    const auto answer = s.talk_and_end("GET /a?x=1 HTTP/1.1\r\nHost: h\r\n\r\nGET /b HTTP/1.1\r\nHost: h\r\n\r\n");
    CHECK(count_of(answer, "HTTP/1.1 200 OK\r\n") == 2);
    CHECK(answer.contains("GET /a "));
    CHECK(answer.ends_with("GET /b "));
    CHECK(answer.contains("Content-Length: 7\r\n"));
    CHECK(answer.contains("Date: "));
    CHECK(s.server.counters().requests == 2);
}

TEST_CASE("keep-alive follows the version and the Connection header") {
    Served s(echo);
    CHECK(s.talk("GET /a HTTP/1.0\r\n\r\nGET /b HTTP/1.0\r\n\r\n").contains("Connection: close"));
    CHECK(s.talk("GET /a HTTP/1.1\r\nHost: h\r\nConnection: x, Close\r\n\r\nGET /b").contains("Connection: close"));
    const auto kept = s.talk_and_end("GET /a HTTP/1.0\r\nConnection: keep-alive\r\n\r\nGET /b HTTP/1.0\r\n\r\n");
    CHECK(count_of(kept, "200 OK") == 2);
    CHECK(count_of(kept, "Connection: keep-alive") == 1);
}

TEST_CASE("a request may come in any pieces") {
    Served s(echo);
    auto stream = s.connect_memory();
    const auto body = [](Stream& out) -> Task<void> {
        for (const char c : std::string_view("\r\nPOST /x HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"
                                             "3;ext=\"a\"\r\nabc\r\n2\r\nde\r\n0\r\nTrailer: x\r\n\r\n")) {
            const std::string_view one(&c, 1);
            (void)co_await out.write_all(one, limit);
            co_await sleep_for(0s);
        }
        out.shutdown_write();
    };
    run_task(s.loop, body(*stream));
    const auto answer = run_task(s.loop, Served::read_to_end(*stream));
    CAPTURE(answer);
    CHECK(answer.ends_with("POST /x abcde"));
}

TEST_CASE("what could be read in two ways is refused, and the connection ends") {
    struct Case {
        std::string_view name;
        std::string_view text;
        int status;
    };
    const std::string host = "Host: h\r\n";
    const std::array cases{
        Case{"length and encoding", "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400},
        Case{"encoding and length", "Transfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n0\r\n\r\n", 400},
        Case{"two lengths", "Content-Length: 3\r\nContent-Length: 4\r\n\r\nabcd", 400},
        Case{"two equal lengths", "Content-Length: 3\r\nContent-Length: 3\r\n\r\nabc", 400},
        Case{"list of lengths", "Content-Length: 3, 3\r\n\r\nabc", 400},
        Case{"signed length", "Content-Length: +3\r\n\r\nabc", 400},
        Case{"negative length", "Content-Length: -1\r\n\r\n", 400},
        Case{"hex length", "Content-Length: 0x3\r\n\r\nabc", 400},
        Case{"huge length", "Content-Length: 99999999999999999999999\r\n\r\n", 400},
        Case{"empty length", "Content-Length: \r\n\r\n", 400},
        Case{"folded line", "X: a\r\n b\r\n\r\n", 400},
        Case{"tab folded line", "X: a\r\n\tb\r\n\r\n", 400},
        Case{"blank before colon", "X : a\r\n\r\n", 400},
        Case{"no colon", "X\r\n\r\n", 400},
        Case{"empty name", ": a\r\n\r\n", 400},
        Case{"bare line feed", "X: a\nY: b\r\n\r\n", 400},
        Case{"zero byte", std::string_view("X: a\0b\r\n\r\n", 10), 400},
        Case{"two hosts", "Host: other\r\n\r\n", 400},
        Case{"other coding", "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", 501},
        Case{"identity coding", "Transfer-Encoding: identity\r\n\r\n", 501},
        Case{"chunked twice", "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400},
        Case{"chunked last of two", "Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n", 501},
        Case{"bad chunk size", "Transfer-Encoding: chunked\r\n\r\nxyz\r\nabc\r\n0\r\n\r\n", 400},
        Case{"negative chunk size", "Transfer-Encoding: chunked\r\n\r\n-1\r\na\r\n0\r\n\r\n", 400},
        Case{"huge chunk size", "Transfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\na\r\n0\r\n\r\n", 400},
        Case{"chunk without end", "Transfer-Encoding: chunked\r\n\r\n3\r\nabcde\r\n0\r\n\r\n", 400},
        Case{"chunk size with blank", "Transfer-Encoding: chunked\r\n\r\n 3\r\nabc\r\n0\r\n\r\n", 400},
        Case{"unknown expectation", "Expect: 200-maybe\r\n\r\n", 417},
    };
    Served s(echo);
    for (const auto& c : cases) {
        CAPTURE(c.name);
        const auto text = "POST /x HTTP/1.1\r\n" + host + std::string(c.text);
        const auto answer = s.talk(text + "GET /smuggled HTTP/1.1\r\nHost: h\r\n\r\n");
        CHECK(status_of(answer) == c.status);
        CHECK(count_of(answer, "Content-Length: ") == 1);
        CHECK(!answer.contains("smuggled"));
    }
    CHECK(s.server.counters().malformed == cases.size());
    CHECK(s.talk_and_end("GET /a HTTP/1.1\r\nHost: h\r\n\r\n").contains("200 OK")); // nobody else is disturbed
}

TEST_CASE("wrong request lines are refused") {
    Served s(echo);
    CHECK(status_of(s.talk("GET  /x HTTP/1.1\r\nHost: h\r\n\r\n")) == 400);
    CHECK(status_of(s.talk("GET /x\r\n\r\n")) == 400);
    CHECK(status_of(s.talk("GET /x HTTP/2.0\r\nHost: h\r\n\r\n")) == 505);
    CHECK(status_of(s.talk("G@T /x HTTP/1.1\r\nHost: h\r\n\r\n")) == 400);
    CHECK(status_of(s.talk("GET /x HTTP/1.1\r\n\r\n")) == 400); // no Host
    CHECK(status_of(s.talk("GET /a/../b HTTP/1.1\r\nHost: h\r\n\r\n")) == 400);
    CHECK(status_of(s.talk("\x16\x03\x01\x02\x00 TLS hello \r\n\r\n"s)) == 400);
    CHECK(status_of(s.talk("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")) == 505);
}

TEST_CASE("absolute form names the host") {
    const auto host = [](Exchange& exchange) -> Task<void> {
        auto text = std::string(*exchange.request().headers.get("host")) + " " + exchange.request().path;
        co_await exchange.respond(text_response(200, std::move(text)));
    };
    Served s(host);
    CHECK(s.talk_and_end("GET http://real:1/x HTTP/1.1\r\nHost: fake\r\n\r\n").ends_with("real:1 /x"));
}

TEST_CASE("headers over their limit are refused") {
    Served s(echo);
    const auto request = [](std::size_t size) {
        return "GET / HTTP/1.1\r\nHost: h\r\nX: " + std::string(size, 'x') + "\r\n\r\n";
    };
    CHECK(status_of(s.talk_and_end(request(16'000))) == 200);
    CHECK(status_of(s.talk(request(16'400))) == 431);
    CHECK(status_of(s.talk(request(1'000'000))) == 431);
    CHECK(status_of(s.talk("GET /" + std::string(20'000, 'x'))) == 431);
    std::string many = "GET / HTTP/1.1\r\nHost: h\r\n";
    for (int i = 0; i < 100; ++i) many += "a: b\r\n";
    CHECK(status_of(s.talk(many + "\r\n")) == 431);
}

TEST_CASE("bodies over their limit are refused, by length and by count") {
    ServerLimits limits;
    limits.body_bytes = 1000;
    const auto rules = [](const Request& head) {
        return BodyRule{.limit = head.path == "/big" ? std::optional(5000UL) : std::nullopt};
    };
    Served s(echo, limits, rules);
    const auto sized = [](std::string_view path, std::size_t size) {
        return "POST " + std::string(path) + " HTTP/1.1\r\nHost: h\r\nContent-Length: " + std::to_string(size) +
               "\r\n\r\n" + std::string(size, 'b');
    };
    const auto chunked = [](std::size_t count) {
        std::string text = "POST /x HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n";
        for (std::size_t i = 0; i < count; ++i) text += "a\r\n0123456789\r\n";
        return text + "0\r\n\r\n";
    };
    CHECK(status_of(s.talk_and_end(sized("/x", 1000))) == 200);
    CHECK(status_of(s.talk(sized("/x", 1001))) == 413);
    CHECK(status_of(s.talk_and_end(sized("/big", 5000))) == 200);
    CHECK(status_of(s.talk(sized("/big", 5001))) == 413);
    CHECK(status_of(s.talk_and_end(chunked(100))) == 200);
    CHECK(status_of(s.talk(chunked(101))) == 413);
}

TEST_CASE("a client that asks first is told to go on") {
    Served s(echo);
    auto stream = s.connect_memory();
    const auto talk = [](Stream& io) -> Task<std::string> {
        (void)co_await io.write_all("POST /x HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n",
                                    limit);
        auto text = co_await Served::read_until(io, "\r\n\r\n");
        (void)co_await io.write_all("ok", limit);
        io.shutdown_write();
        text += co_await Served::read_to_end(io);
        co_return text;
    };
    const auto text = run_task(s.loop, talk(*stream));
    CHECK(text.starts_with("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK"));
    CHECK(text.ends_with("POST /x ok"));
}

TEST_CASE("HEAD gets the head of GET without the body") {
    Served s(echo);
    const auto answer = s.talk_and_end("HEAD /x HTTP/1.1\r\nHost: h\r\n\r\n");
    CHECK(answer.contains("Content-Length: 8\r\n"));
    CHECK(answer.ends_with("\r\n\r\n"));
}

namespace {

Task<void> three_pieces(Exchange& exchange) {
    const std::array pieces{"one", "", "two", "three"};
    (void)co_await exchange.begin(200);
    for (const auto* piece : pieces) (void)co_await exchange.write(piece);
    co_await exchange.finish();
}

Task<void> counted(Exchange& exchange) {
    Headers headers{{"Content-Length", "6"}};
    (void)co_await exchange.begin(200, std::move(headers));
    (void)co_await exchange.write("abc");
    if (exchange.request().path == "/more") {
        const auto refused = co_await exchange.write("defg");
        CHECK(!refused);
    }
    if (exchange.request().path == "/right") (void)co_await exchange.write("def");
    co_await exchange.finish();
}

Task<void> unfinished(Exchange& exchange) {
    (void)co_await exchange.begin(200);
    (void)co_await exchange.write("abc");
}

Task<void> silent(Exchange&) { co_return; }

} // namespace

TEST_CASE("answers of unknown length are chunked, or end with the connection in HTTP/1.0") {
    Served s(three_pieces);
    CHECK(s.talk_and_end("GET / HTTP/1.1\r\nHost: h\r\n\r\n")
              .ends_with("\r\n\r\n3\r\none\r\n3\r\ntwo\r\n5\r\nthree\r\n0\r\n\r\n"));
    const auto old = s.talk("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
    CHECK(old.ends_with("\r\n\r\nonetwothree"));
    CHECK(!old.contains("chunked"));
    CHECK(s.talk_and_end("HEAD / HTTP/1.1\r\nHost: h\r\n\r\n").ends_with("\r\n\r\n"));
}

TEST_CASE("an answer that is not what its head says ends the connection") {
    Served s(counted);
    const std::string twice = " HTTP/1.1\r\nHost: h\r\n\r\nGET /right HTTP/1.1\r\nHost: h\r\n\r\n";
    CHECK(count_of(s.talk_and_end("GET /right" + twice), "200 OK") == 2);
    CHECK(count_of(s.talk("GET /less" + twice), "200 OK") == 1);
    CHECK(count_of(s.talk("GET /more" + twice), "200 OK") == 1);
    Served u(unfinished);
    CHECK(u.talk("GET / HTTP/1.1\r\nHost: h\r\n\r\n").ends_with("3\r\nabc\r\n"));
    Served n(silent);
    CHECK(status_of(n.talk_and_end("GET / HTTP/1.1\r\nHost: h\r\n\r\n")) == 500);
}

TEST_CASE("a chunk line without end is refused") {
    Served s(echo);
    const std::string head = "POST /x HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n";
    CHECK(status_of(s.talk_and_end(head + "1;" + std::string(1000, 'x') + "\r\na\r\n0\r\n\r\n")) == 200);
    CHECK(status_of(s.talk(head + "1;" + std::string(200'000, 'x'))) == 400);
    CHECK(status_of(s.talk(head + "0\r\nT: " + std::string(200'000, 'x'))) == 400);
}
