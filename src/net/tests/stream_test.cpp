#include "net/listener.hpp"
#include "net/loop.hpp"

#include <doctest/doctest.h>

#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <filesystem>

using namespace hk;
using namespace hk::net;
using namespace std::chrono_literals;

namespace {

constexpr Duration limit = 10s;

struct Ends {
    std::unique_ptr<Listener> listener;
    StreamPtr a;
    StreamPtr b;
};

Task<void> accept_one(Ends& ends) {
    auto accepted = co_await ends.listener->accept();
    if (accepted) ends.b = std::move(*accepted);
}

Ends connected(Loop& loop, const Address& address) {
    Ends ends;
    auto listener = Listener::open(loop, address);
    REQUIRE(listener);
    ends.listener = std::move(*listener);
    TaskGroup group(loop);
    group.spawn(accept_one(ends));
    auto stream = run_task(loop, connect(ends.listener->address(), limit));
    REQUIRE(stream);
    ends.a = std::move(*stream);
    run_task(loop, group.join());
    REQUIRE(ends.b);
    return ends;
}

Address temporary_socket() {
    static int number = 0;
    const auto name = "hk-net-" + std::to_string(::getpid()) + "-" + std::to_string(++number);
    return Address::unix_socket((std::filesystem::temp_directory_path() / name).string());
}

Task<Result<std::string>> read_to_end(Stream& stream) {
    std::string all;
    std::array<char, 10'000> buffer;
    while (true) {
        const auto got = co_await stream.read_some(buffer, limit);
        if (!got) co_return fail(got.error());
        if (*got == 0) co_return all;
        all.append(buffer.data(), *got);
    }
}

Task<void> send_and_end(Stream& stream, const std::string& bytes, Result<>& result) {
    const std::array<std::string_view, 4> parts{std::string_view(bytes).substr(0, 1), "",
                                                std::string_view(bytes).substr(1), ""};
    result = co_await stream.write_parts(parts, limit);
    stream.shutdown_write();
}

/// What every kind of stream must do.
void stream_contract(Loop& loop, Stream& a, Stream& b) {
    std::string big(3'000'000, 'x');
    for (std::size_t i = 0; i < big.size(); i += 7) big[i] = static_cast<char>('a' + i % 26);
    std::array<char, 8> small;

    const auto nothing = run_task(loop, a.read_some(small, 1ms));
    REQUIRE(!nothing);
    CHECK(nothing.error().code == Errc::timeout);

    TaskGroup group(loop);
    Result<> sent;
    group.spawn(send_and_end(a, big, sent));
    const auto received = run_task(loop, read_to_end(b)); // the timed out read of a has harmed nothing
    run_task(loop, group.join());
    CHECK(sent);
    REQUIRE(received);
    CHECK(*received == big);

    CHECK(run_task(loop, b.write_all("back", limit))); // half closed: this direction still works
    const auto back = run_task(loop, a.read_some(small, limit));
    REQUIRE(back);
    CHECK(std::string_view(small.data(), *back) == "back");

    b.close();
    const auto end = run_task(loop, a.read_some(small, limit));
    REQUIRE(end);
    CHECK(*end == 0);
    CHECK(!run_task(loop, b.read_some(small, limit)));
    CHECK(!run_task(loop, b.write_all("x", limit)));
    CHECK(!a.peer().empty());
}

Task<void> close_soon(Stream& stream) {
    co_await sleep_for(1ms);
    stream.close();
}

} // namespace

TEST_CASE("stream contract: tcp") {
    Loop loop;
    auto ends = connected(loop, Address::tcp("127.0.0.1", 0));
    CHECK(ends.a->peer_is_local());
    CHECK(ends.b->peer().starts_with("127.0.0.1:"));
    stream_contract(loop, *ends.a, *ends.b);
}

TEST_CASE("stream contract: unix socket") {
    Loop loop;
    const auto address = temporary_socket();
    {
        auto ends = connected(loop, address);
        CHECK(ends.b->peer() == "unix:pid " + std::to_string(::getpid()) + " uid " + std::to_string(::getuid()));
        stream_contract(loop, *ends.a, *ends.b);
    }
    CHECK(!std::filesystem::exists(address.path));
}

TEST_CASE("stream contract: memory") {
    Loop loop;
    const auto [a, b] = memory_pair(1000);
    stream_contract(loop, *a, *b);
}

TEST_CASE("stream contract: with a prefix") {
    Loop loop;
    auto ends = connected(loop, Address::tcp("localhost", 0));
    CHECK(run_task(loop, ends.b->write_all("later", limit)));
    const auto prefixed = with_prefix("first", std::move(ends.a));
    std::array<char, 4> four;
    std::string got;
    while (got.size() < 10) {
        const auto count = run_task(loop, prefixed->read_some(four, limit));
        REQUIRE(count);
        got.append(four.data(), *count);
    }
    CHECK(got == "firstlater");
    stream_contract(loop, *prefixed, *ends.b);
}

TEST_CASE("a peer that reads nothing is given up on, for every kind of stream") {
    Loop loop;
    const std::string big(20'000'000, 'x');
    auto ends = connected(loop, Address::tcp("127.0.0.1", 0));
    auto sent = run_task(loop, ends.a->write_all(big, 20ms));
    REQUIRE(!sent);
    CHECK(sent.error().code == Errc::timeout);
    const auto [a, b] = memory_pair();
    sent = run_task(loop, a->write_all(big, 5ms));
    REQUIRE(!sent);
    CHECK(sent.error().code == Errc::timeout);
}

TEST_CASE("closing a stream ends the read that is pending on it") {
    Loop loop;
    auto ends = connected(loop, Address::tcp("127.0.0.1", 0));
    const auto [memory, other] = memory_pair();
    for (auto* stream : {ends.a.get(), memory.get()}) {
        TaskGroup group(loop);
        group.spawn(close_soon(*stream));
        std::array<char, 8> small;
        const auto got = run_task(loop, stream->read_some(small, limit));
        REQUIRE(!got);
        CHECK(got.error().code == Errc::unavailable);
    }
}

TEST_CASE("connecting fails with a sentence that names the address") {
    Loop loop;
    auto closed = Address::tcp("127.0.0.1", 0);
    {
        const auto listener = Listener::open(loop, closed);
        REQUIRE(listener);
        closed = (*listener)->address();
    }
    const auto refused = run_task(loop, connect(closed, limit));
    REQUIRE(!refused);
    CHECK(refused.error().code == Errc::unavailable);
    CHECK(refused.error().message == "cannot connect to " + to_text(closed) + ": Connection refused");
    const auto no_file = run_task(loop, connect(Address::unix_socket("/nonexistent/x"), limit));
    REQUIRE(!no_file);
    CHECK(no_file.error().message == "cannot connect to unix:/nonexistent/x: No such file or directory");
    const auto no_name = run_task(loop, connect(Address::tcp("no-such-host.invalid", 80), limit));
    REQUIRE(!no_name);
    CHECK(no_name.error().code == Errc::unavailable);
}

TEST_CASE("an address in use is a conflict, and a dead process's socket file is replaced") {
    Loop loop;
    const auto first = Listener::open(loop, Address::tcp("127.0.0.1", 0));
    REQUIRE(first);
    const auto second = Listener::open(loop, (*first)->address());
    REQUIRE(!second);
    CHECK(second.error().code == Errc::conflict);

    const auto path = temporary_socket();
    {
        const auto live = Listener::open(loop, path);
        REQUIRE(live);
        const auto again = Listener::open(loop, path);
        REQUIRE(!again);
        CHECK(again.error().code == Errc::conflict);
        std::filesystem::create_hard_link(path.path, path.path + ".dead");
    }
    std::filesystem::rename(path.path + ".dead", path.path);
    CHECK(Listener::open(loop, path));
    CHECK(!std::filesystem::exists(path.path));
}
