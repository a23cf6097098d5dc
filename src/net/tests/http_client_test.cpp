#include "net/tests/served.hpp"

#include <thread>

using namespace hk;
using namespace hk::net;
using namespace hk::net::test;

namespace {

/// Sends `answer` after the head of a request has come, in one piece or byte by byte; then closes
/// or stays.
struct Script {
    std::string answer;
    bool by_bytes = false;
    bool stay = false;
};

Task<void> play(StreamPtr stream, Script script) {
    (void)co_await Served::read_until(*stream, "\r\n\r\n");
    const std::size_t step = script.by_bytes ? 1 : script.answer.size();
    for (std::size_t at = 0; at < script.answer.size(); at += step) {
        (void)co_await stream->write_all(std::string_view(script.answer).substr(at, step), limit);
        if (script.by_bytes) co_await sleep_for(0s);
    }
    if (script.stay) co_await sleep_for(no_limit);
}

struct Faked {
    Loop loop;
    TaskGroup group{loop};

    HttpConnection connect(Script script, CallLimits limits = {}) {
        auto [here, there] = memory_pair();
        group.spawn(play(std::move(there), std::move(script)));
        return HttpConnection(std::move(here), "test", limits);
    }
    Result<Response> answer_of(Script script, CallLimits limits = {}) {
        auto connection = connect(std::move(script), limits);
        return run_task(loop, connection.request(get("/")));
    }
};

Task<Result<std::string>> read_all(HttpConnection& connection) {
    std::string all;
    while (true) {
        const auto piece = co_await connection.read_chunk(limit);
        if (!piece) co_return fail(piece.error());
        if (piece->empty()) co_return all;
        all += *piece;
    }
}

Task<void> streaming_echo(Exchange& exchange) {
    (void)co_await exchange.begin(200);
    while (true) {
        const auto piece = co_await exchange.read_body_chunk();
        if (!piece || piece->empty()) break;
        if (!co_await exchange.write(*piece)) co_return;
    }
    co_await exchange.finish();
}

BodyRule streaming(const Request&) { return BodyRule{.limit = 1'000'000'000, .streaming = true}; }

} // namespace

TEST_CASE("client: several calls on one connection, with and without bodies") {
    Served s(echo);
    HttpConnection connection(s.connect_memory(), "test");
    for (int i = 0; i < 3; ++i) {
        const auto answer = run_task(s.loop, connection.request(post("/p", "body")));
        REQUIRE(answer);
        CHECK(answer->body == "POST /p body");
        CHECK(connection.reusable());
        const auto other = run_task(s.loop, connection.request(get("/g?x")));
        REQUIRE(other);
        CHECK(other->status == 200);
        CHECK(other->body == "GET /g ");
    }
    const auto head = run_task(s.loop, connection.request(Request{.method = Method::head, .target = "/h"}));
    REQUIRE(head);
    CHECK(head->body.empty());
    CHECK(head->headers.get("content-length") == "8");
    CHECK(connection.reusable());
    CHECK(s.server.counters().accepted == 1);
}

TEST_CASE("client: answers in every framing, in one piece and byte by byte") {
    const std::array<std::pair<std::string, std::string>, 7> cases{{
        {"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc", "abc"},
        {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n2;x\r\nbc\r\n0\r\nT: "
         "x\r\n\r\n",
         "abc"},
        {"HTTP/1.1 200 OK\r\n\r\nabc", "abc"},
        {"HTTP/1.0 200 OK\r\n\r\nabc", "abc"},
        {"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 102 Processing\r\nX: y\r\n\r\nHTTP/1.1 200 "
         "OK\r\nContent-Length: 1\r\n\r\nx",
         "x"},
        {"HTTP/1.1 204 No Content\r\n\r\n", ""},
        {"HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n", ""},
    }};
    for (const auto& [text, body] : cases) {
        for (const bool by_bytes : {false, true}) {
            CAPTURE(text);
            Faked f;
            const auto answer = f.answer_of({.answer = text, .by_bytes = by_bytes});
            REQUIRE(answer);
            CHECK(answer->body == body);
        }
    }
}

TEST_CASE("client: wrong, cut and oversized answers are errors") {
    CallLimits small;
    small.body_bytes = 10;
    small.header_bytes = 200;
    struct Case {
        std::string_view name;
        std::string answer;
        Errc code;
    };
    const std::string head = "HTTP/1.1 200 OK\r\n";
    const std::array cases{
        Case{"nothing", "", Errc::unavailable},
        Case{"half a head", "HTTP/1.1 20", Errc::unavailable},
        Case{"not HTTP", "SSH-2.0-OpenSSH_9.2\r\n\r\n", Errc::invalid},
        Case{"cut body", head + "Content-Length: 5\r\n\r\nabc", Errc::unavailable},
        Case{"cut chunks", head + "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n", Errc::unavailable},
        Case{"wrong chunks", head + "Transfer-Encoding: chunked\r\n\r\nzzz\r\n", Errc::invalid},
        Case{"both framings", head + "Transfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\nabc", Errc::invalid},
        Case{"long head", head + "X: " + std::string(200, 'x') + "\r\n\r\n", Errc::invalid},
        Case{"endless chunk line", head + "Transfer-Encoding: chunked\r\n\r\n1;" + std::string(200'000, 'x'),
             Errc::too_large},
        Case{"long body", head + "Content-Length: 11\r\n\r\n01234567890", Errc::too_large},
        Case{"endless body", head + "\r\n01234567890", Errc::too_large},
    };
    for (const auto& c : cases) {
        CAPTURE(c.name);
        Faked f;
        auto connection = f.connect({.answer = c.answer}, small);
        const auto answer = run_task(f.loop, connection.request(get("/")));
        REQUIRE(!answer);
        CHECK(answer.error().code == c.code);
        CHECK(!connection.reusable());
        CHECK(!run_task(f.loop, connection.request(get("/"))));
    }
    Faked f;
    CHECK(f.answer_of({.answer = head + "Content-Length: 10\r\n\r\n0123456789"}, small));
}

TEST_CASE("client: one deadline is for the whole call") {
    CallLimits quick;
    quick.time = 30ms;
    for (const std::string text : {"", "HTTP/1.1 200 OK\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nab"}) {
        CAPTURE(text);
        Faked f;
        const auto answer = f.answer_of({.answer = text, .stay = true}, quick);
        REQUIRE(!answer);
        CHECK(answer.error().code == Errc::timeout);
    }
}

TEST_CASE("client: bytes that came with the head of a 101 belong to the stream") {
    Faked f;
    auto connection = f.connect({.answer = "HTTP/1.1 101 UPGRADED\r\nUpgrade: tcp\r\n\r\nraw bytes"});
    auto request = post("/attach", "{}");
    request.headers.set("Upgrade", "tcp");
    request.headers.set("Connection", "Upgrade");
    const auto answer = run_task(f.loop, connection.start(std::move(request)));
    REQUIRE(answer);
    CHECK(answer->status == 101);
    const auto stream = connection.hijack();
    CHECK(run_task(f.loop, Served::read_to_end(*stream)) == "raw bytes");
    CHECK(!connection.reusable());
}

TEST_CASE("client: Docker's raw answer without upgrade can be taken over too") {
    Faked f;
    auto connection = f.connect(
        {.answer = "HTTP/1.1 200 OK\r\nContent-Type: application/vnd.docker.raw-stream\r\n\r\nraw", .stay = true});
    REQUIRE(run_task(f.loop, connection.start(get("/logs"))));
    const auto stream = connection.hijack();
    CHECK(run_task(f.loop, Served::read_until(*stream, "w")) == "raw");
}

namespace {

Task<Result<std::string>> echo_pieces(HttpConnection& connection) {
    (void)co_await connection.begin_upload(post("/", ""));
    const std::array pieces{"a", "bc", "", "def"};
    for (const auto* piece : pieces) (void)co_await connection.write_body_chunk(piece);
    const auto head = co_await connection.finish_upload();
    if (!head) co_return fail(head.error());
    co_return co_await read_all(connection);
}

Task<Result<Response>> upload(HttpConnection& connection, int blocks) {
    const std::string block(100'000, 'b');
    (void)co_await connection.begin_upload(post("/", ""));
    for (int i = 0; i < blocks; ++i) {
        if (!co_await connection.write_body_chunk(block)) break;
    }
    co_return co_await connection.finish_upload();
}

Task<void> count_body(Exchange& exchange) {
    std::size_t size = 0;
    while (true) {
        const auto piece = co_await exchange.read_body_chunk();
        if (!piece || piece->empty()) break;
        size += piece->size();
    }
    co_await exchange.respond(text_response(200, std::to_string(size)));
}

Task<void> refuse_at_once(Exchange& exchange) { co_await exchange.respond(text_response(507, "disk full")); }

Task<void> send_much(Exchange& exchange) {
    const std::string block(100'000, 'd');
    (void)co_await exchange.begin(200);
    for (int i = 0; i < 300; ++i) (void)co_await exchange.write(block);
    co_await exchange.finish();
}

Task<Result<std::size_t>> count_answer(HttpConnection& connection) {
    const auto head = co_await connection.start(get("/"));
    if (!head) co_return fail(head.error());
    std::size_t size = 0;
    while (true) {
        const auto piece = co_await connection.read_chunk(limit);
        if (!piece) co_return fail(piece.error());
        if (piece->empty()) co_return size;
        size += piece->size();
    }
}

Result<HttpConnection> open(Served& s) { return run_task(s.loop, HttpConnection::open(s.listen())); }

} // namespace

TEST_CASE("client: small pieces go both ways") {
    Served s(streaming_echo, {}, streaming);
    auto connection = open(s);
    REQUIRE(connection);
    CHECK(run_task(s.loop, echo_pieces(*connection)) == Result<std::string>("abcdef"));
    CHECK(connection->reusable());
}

TEST_CASE("client: 30 MB stream up over TCP") {
    Served s(count_body, {}, streaming);
    auto connection = open(s);
    REQUIRE(connection);
    REQUIRE(run_task(s.loop, upload(*connection, 300)));
    CHECK(run_task(s.loop, read_all(*connection)) == Result<std::string>("30000000"));
}

TEST_CASE("client: 30 MB stream down over TCP") {
    Served s(send_much);
    auto connection = open(s);
    REQUIRE(connection);
    CHECK(run_task(s.loop, count_answer(*connection)) == Result<std::size_t>(30'000'000));
    CHECK(connection->reusable());
}

TEST_CASE("client: a server that refuses in the middle of an upload is heard") {
    Served s(refuse_at_once, {}, streaming);
    auto connection = open(s);
    REQUIRE(connection);
    const auto answer = run_task(s.loop, upload(*connection, 20));
    REQUIRE(answer);
    CHECK(answer->status == 507);
    CHECK(run_task(s.loop, read_all(*connection)) == Result<std::string>("disk full"));
    CHECK(!connection->reusable());
}

TEST_CASE("client: an unix socket works like TCP") {
    Served s(echo);
    const auto path = Address::unix_socket("/tmp/hk-net-client-" + std::to_string(::getpid()));
    REQUIRE(s.server.listen(path));
    const auto answer = run_task(s.loop, fetch(path, get("/u")));
    REQUIRE(answer);
    CHECK(answer->body == "GET /u ");
}

TEST_CASE("client: the blocking doors work without a loop") {
    Served s(streaming_echo, {}, streaming);
    const auto address = s.listen();
    std::string seen;
    Result<Response> whole = fail(Errc::internal, "not run");
    Result<Response> streamed = whole;
    Result<Response> refused = whole;
    std::jthread client([&] {
        whole = fetch_blocking(address, post("/", "hello"));
        streamed = stream_blocking(address, post("/", std::string(500'000, 'x')), {}, [&](std::string_view piece) {
            seen += piece;
            return seen.size() < 400'000;
        });
        s.loop.post([&] { s.loop.stop(); });
    });
    s.loop.run();
    client.join();
    REQUIRE(whole);
    CHECK(whole->body == "hello");
    REQUIRE(streamed);
    CHECK(streamed->status == 200);
    CHECK(seen.size() >= 400'000);
    refused = fetch_blocking(Address::unix_socket("/nonexistent/s"), get("/"));
    REQUIRE(!refused);
    CHECK(refused.error().code == Errc::unavailable);
}
