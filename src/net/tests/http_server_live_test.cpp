#include "net/tests/served.hpp"

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <filesystem>

using namespace hk;
using namespace hk::net;
using namespace hk::net::test;

namespace {

const std::string simple = "GET /x HTTP/1.1\r\nHost: h\r\n\r\n";

Task<StreamPtr> connected(Address address) {
    auto stream = co_await connect(std::move(address), limit);
    REQUIRE(stream);
    co_return std::move(*stream);
}

/// Sends a request and reads its answer, which ends with `end`.
Task<std::string> ask(Stream& stream, std::string text, std::string_view end) {
    (void)co_await stream.write_all(text, limit);
    co_return co_await Served::read_until(stream, end);
}

Task<void> until(const std::function<bool()>& condition) {
    for (int i = 0; i < 10'000 && !condition(); ++i) co_await sleep_for(1ms);
    CHECK(condition());
}

/// What an event stream does.
Task<void> events(Exchange& exchange) {
    Signal wake;
    exchange.watch_peer(wake);
    Headers headers{{"Content-Type", "text/event-stream"}};
    (void)co_await exchange.begin(200, std::move(headers));
    (void)co_await exchange.write("event: hello\n\n");
    while (!exchange.gone()) (void)co_await wake.wait(limit);
}

Task<void> endless(Exchange& exchange) {
    (void)co_await exchange.begin(200);
    const std::string block(64 * 1024, 'e');
    Result<> written;
    while (written) written = co_await exchange.write(block);
}

struct Gate {
    Signal opened;
    bool open = false;
};

Handler waiting_for(Gate& gate) {
    return
        [&gate](Exchange& exchange) -> Task<void> { // NOLINT(*-avoid-capturing-lambda-coroutines): outlives its calls
            while (!gate.open) (void)co_await gate.opened.wait(limit);
            co_await echo(exchange);
        };
}

} // namespace

TEST_CASE("live: a request that trickles in is ended, and others are served meanwhile") {
    ServerLimits limits;
    limits.header_time = 50ms;
    limits.body_time = 50ms;
    Served s(echo, limits);
    auto stuck = s.connect_memory();
    REQUIRE(run_task(s.loop, stuck->write_all("GET /x HTTP/1.1\r\nX: ", limit)));
    const auto trickle = [](Stream& stream) -> Task<void> {
        Result<> written;
        while (written) {
            written = co_await stream.write_all("x", limit);
            co_await sleep_for(5ms);
        }
    };
    TaskGroup group(s.loop);
    group.spawn(trickle(*stuck)); // each byte is in time, the head is not
    CHECK(s.talk_and_end(simple).contains("200 OK"));
    const auto answer = run_task(s.loop, Served::read_to_end(*stuck));
    CHECK(status_of(answer) == 408);
    stuck->close();
    run_task(s.loop, group.join());
    CHECK(status_of(s.talk("POST /x HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nabc")) == 408);
}

TEST_CASE("live: an idle connection is closed without a word") {
    ServerLimits limits;
    limits.idle_time = 20ms;
    Served s(echo, limits);
    CHECK(s.talk("").empty());
    const auto once = s.talk(simple);
    CHECK(once.ends_with("GET /x "));
}

TEST_CASE("live: a client that does not read is dropped, and its handler learns it") {
    ServerLimits limits;
    limits.write_time = 50ms;
    Served s(endless, limits);
    auto stream = run_task(s.loop, connected(s.listen()));
    REQUIRE(run_task(s.loop, stream->write_all(simple, limit)));
    run_task(s.loop, until([&] { return s.server.counters().exchanges == 1; }));
    run_task(s.loop, until([&] { return s.server.counters().connections == 0; }));
}

TEST_CASE("live: a client that has finished sending still gets its answer") {
    Gate gate;
    Served s(waiting_for(gate));
    auto stream = run_task(s.loop, connected(s.listen()));
    REQUIRE(run_task(s.loop, stream->write_all(simple, limit)));
    stream->shutdown_write();
    run_task(s.loop, until([&] { return s.server.counters().exchanges == 1; }));
    gate.open = true;
    gate.opened.notify_all();
    CHECK(run_task(s.loop, Served::read_to_end(*stream)).ends_with("GET /x "));
}

TEST_CASE("live: a client that went away in the middle harms nobody") {
    Gate gate;
    Served s(waiting_for(gate));
    const auto address = s.listen();
    for (const std::string text : {"", "GET /x HT", "POST /x HTTP/1.1\r\nHost: h\r\nContent-Length: 9\r\n\r\nabc",
                                   "GET /x HTTP/1.1\r\nHost: h\r\n\r\n"}) {
        auto stream = run_task(s.loop, connected(address));
        if (!text.empty()) REQUIRE(run_task(s.loop, stream->write_all(text, limit)));
    }
    gate.open = true;
    gate.opened.notify_all();
    run_task(s.loop, until([&] { return s.server.counters().connections == 0; }));
    CHECK(s.talk_and_end(simple).contains("200 OK"));
}

TEST_CASE("live: an event stream notices without writing that its client has gone") {
    Served s(events);
    const auto address = s.listen();
    for (const bool half : {true, false}) {
        auto stream = run_task(s.loop, connected(address));
        CHECK(run_task(s.loop, ask(*stream, simple, "hello\n\n")).contains("text/event-stream"));
        CHECK(s.server.counters().exchanges == 1);
        if (half) stream->shutdown_write();
        else stream->close();
        run_task(s.loop, until([&] { return s.server.counters().connections == 0; }));
    }
}

TEST_CASE("live: a client that floods an event stream is taken for gone") {
    Served s(events);
    auto stream = s.connect_memory();
    (void)run_task(s.loop, ask(*stream, simple, "hello\n\n"));
    (void)run_task(s.loop, stream->write_all(std::string(300'000, 'x'), limit));
    run_task(s.loop, until([&] { return s.server.counters().connections == 0; }));
}

TEST_CASE("live: requests sent behind an event stream's are served after it") {
    int calls = 0;
    Gate gate;
    const auto handler =
        [&](Exchange& exchange) -> Task<void> { // NOLINT(*-avoid-capturing-lambda-coroutines): outlives its calls
        if (++calls > 1) {
            co_await echo(exchange);
            co_return;
        }
        exchange.watch_peer(gate.opened);
        (void)co_await exchange.begin(200);
        while (!gate.open && !exchange.gone()) (void)co_await gate.opened.wait(limit);
        co_await exchange.finish();
    };
    Served s(handler);
    auto stream = s.connect_memory();
    const auto follow = [](Stream& io, Gate& g) -> Task<std::string> {
        (void)co_await io.write_all("GET /events HTTP/1.1\r\nHost: h\r\n\r\n", limit);
        (void)co_await Served::read_until(io, "\r\n\r\n");
        // In two pieces: the first is read by the watcher, the second after it.
        (void)co_await io.write_all("GET /a HTTP/1.1\r\nHost: h\r\n\r\nGET /b HT", limit);
        co_await sleep_for(1ms);
        g.open = true;
        g.opened.notify_all();
        auto text = co_await Served::read_until(io, "GET /a ");
        (void)co_await io.write_all("TP/1.1\r\nHost: h\r\n\r\n", limit);
        co_return text + co_await Served::read_until(io, "GET /b ");
    };
    const auto text = run_task(s.loop, follow(*stream, gate));
    CHECK(text.starts_with("0\r\n\r\nHTTP/1.1 200 OK"));
    CHECK(count_of(text, "200 OK") == 2);
    CHECK(calls == 3);
}

TEST_CASE("live: over the connection limit the longest idle connection goes, and without an idle "
          "one it is 503") {
    ServerLimits limits;
    limits.connections = 3;
    Gate gate;
    Served s(waiting_for(gate), limits);
    gate.open = true;
    const auto address = s.listen();
    std::vector<StreamPtr> streams;
    for (int i = 0; i < 3; ++i) {
        streams.push_back(run_task(s.loop, connected(address)));
        CHECK(run_task(s.loop, ask(*streams.back(), simple, "GET /x ")).contains("200 OK"));
    }
    auto fourth = run_task(s.loop, connected(address));
    CHECK(run_task(s.loop, ask(*fourth, simple, "GET /x ")).contains("200 OK"));
    CHECK(run_task(s.loop, Served::read_to_end(*streams[0])).empty()); // the oldest was dropped
    CHECK(run_task(s.loop, ask(*streams[1], simple, "GET /x ")).contains("200 OK"));
    CHECK(s.server.counters().connections == 3);

    gate.open = false;
    for (auto* stream : {streams[1].get(), streams[2].get(), fourth.get()})
        REQUIRE(run_task(s.loop, stream->write_all(simple, limit)));
    run_task(s.loop, until([&] { return s.server.counters().exchanges == 3; }));
    auto fifth = run_task(s.loop, connected(address));
    CHECK(status_of(run_task(s.loop, Served::read_to_end(*fifth))) == 503);
    CHECK(s.server.counters().refused == 1);
    gate.open = true;
    gate.opened.notify_all();
    CHECK(run_task(s.loop, Served::read_until(*streams[1], "GET /x ")).contains("200 OK"));
}

TEST_CASE("live: a thousand connections at once") {
    rlimit files{};
    REQUIRE(::getrlimit(RLIMIT_NOFILE, &files) == 0);
    files.rlim_cur = std::min<rlim_t>(files.rlim_max, 8192);
    REQUIRE(::setrlimit(RLIMIT_NOFILE, &files) == 0);
    Served s(echo);
    const auto address = s.listen();
    TaskGroup group(s.loop);
    int answered = 0;
    const auto client = [](Address where, int& count) -> Task<void> {
        const auto stream = co_await connected(std::move(where));
        for (int i = 0; i < 3; ++i) {
            const auto text = co_await ask(*stream, simple, "GET /x ");
            count += text.contains("200 OK") ? 1 : 0;
        }
    };
    for (int i = 0; i < 1000; ++i) group.spawn(client(address, answered));
    run_task(s.loop, group.join());
    CHECK(answered == 3000);
    CHECK(s.server.counters().refused == 0);
}

TEST_CASE("live: stopping lets running requests finish and closes the others") {
    Gate gate;
    Served s(waiting_for(gate));
    const auto address = s.listen();
    auto idle = run_task(s.loop, connected(address));
    auto busy = run_task(s.loop, connected(address));
    REQUIRE(run_task(s.loop, busy->write_all(simple, limit)));
    run_task(s.loop, until([&] { return s.server.counters().exchanges == 1; }));
    TaskGroup group(s.loop);
    group.spawn(s.server.stop(limit));
    CHECK(run_task(s.loop, Served::read_to_end(*idle)).empty());
    CHECK(!run_task(s.loop, connect(address, limit)));
    gate.open = true;
    gate.opened.notify_all();
    const auto answer = run_task(s.loop, Served::read_to_end(*busy));
    CHECK(answer.contains("200 OK"));
    CHECK(answer.contains("Connection: close"));
    run_task(s.loop, group.join());
    CHECK(s.server.counters().connections == 0);
}

TEST_CASE("live: stopping ends event streams at once and stuck handlers after the limit") {
    Served s(events);
    auto stream = run_task(s.loop, connected(s.listen()));
    (void)run_task(s.loop, ask(*stream, simple, "hello\n\n"));
    run_task(s.loop, s.server.stop(limit));
    CHECK(s.server.counters().connections == 0);

    Gate never;
    Served stuck(waiting_for(never));
    auto other = run_task(stuck.loop, connected(stuck.listen()));
    REQUIRE(run_task(stuck.loop, other->write_all(simple, limit)));
    run_task(stuck.loop, until([&] { return stuck.server.counters().exchanges == 1; }));
    run_task(stuck.loop, stuck.server.stop(10ms));
    CHECK(stuck.server.counters().connections == 0);
    CHECK(run_task(stuck.loop, Served::read_to_end(*other)).empty());
}

TEST_CASE("live: a server may be destroyed with everything running") {
    auto s = std::make_unique<Served>(events);
    const auto address = s->listen();
    auto stream = run_task(s->loop, connected(address));
    (void)run_task(s->loop, ask(*stream, simple, "hello\n\n"));
    stream.reset();
    CHECK(s->server.counters().exchanges == 1);
    s.reset();
}

namespace {

struct TemporaryFile {
    explicit TemporaryFile(std::string_view text)
        : path(std::filesystem::temp_directory_path() / ("hk-net-file-" + std::to_string(::getpid()))) {
        const Fd fd(::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
        REQUIRE(::write(fd.get(), text.data(), text.size()) == static_cast<ssize_t>(text.size()));
    }
    ~TemporaryFile() { std::filesystem::remove(path); }
    std::filesystem::path path;
};

} // namespace

TEST_CASE("live: parts of files are sent, read here or in the pool, and a file that shrank cuts "
          "the connection") {
    std::string content(700'000, 'f');
    content.replace(300'000, 6, "middle");
    const TemporaryFile file(content);
    std::optional<Pool> pool;
    FileRange range;
    const auto handler =
        [&](Exchange& exchange) -> Task<void> { // NOLINT(*-avoid-capturing-lambda-coroutines): outlives its calls
        FileRange mine{.file = Fd(::open(file.path.c_str(), O_RDONLY | O_CLOEXEC)),
                       .offset = range.offset,
                       .length = range.length,
                       .pool = range.pool};
        Headers headers{{"Content-Type", "text/plain"}};
        co_await exchange.send_file(std::move(mine), std::move(headers), 206);
    };
    Served s(handler);
    pool.emplace(s.loop, 1, 10);
    for (auto* reader : {static_cast<Pool*>(nullptr), &*pool}) {
        range.pool = reader;
        range.offset = 299'990;
        range.length = 400'000;
        const auto part = s.talk_and_end(simple);
        CHECK(status_of(part) == 206);
        CHECK(part.contains("Content-Length: 400000\r\n"));
        CHECK(part.substr(part.find("\r\n\r\n") + 4) == content.substr(299'990, 400'000));
        CHECK(s.talk_and_end("HEAD /x HTTP/1.1\r\nHost: h\r\n\r\n").ends_with("\r\n\r\n"));
        range.length = 0;
        CHECK(s.talk_and_end(simple).ends_with("\r\n\r\n"));
        range.length = 500'000; // more than there is
        const auto cut = s.talk(simple + simple);
        CHECK(count_of(cut, "206 ") == 1);
        CHECK(cut.size() < 500'000);
    }
    pool.reset();
}

TEST_CASE("live: a streaming route that does not read its body ends the connection, and the answer "
          "arrives") {
    const auto rules = [](const Request&) { return BodyRule{.limit = 10'000'000, .streaming = true}; };
    Served s(echo, {}, rules);
    auto stream = run_task(s.loop, connected(s.listen()));
    const auto talk = [](Stream& io) -> Task<std::string> {
        const std::string body(500'000, 'b');
        (void)co_await io.write_all("POST /x HTTP/1.1\r\nHost: h\r\nContent-Length: 500000\r\n\r\n" + body + simple,
                                    limit);
        co_return co_await Served::read_to_end(io);
    };
    const auto answer = run_task(s.loop, talk(*stream));
    CHECK(answer.contains("Connection: close"));
    CHECK(count_of(answer, "200 OK") == 1);
}
