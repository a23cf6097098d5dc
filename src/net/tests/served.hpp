#pragma once
#include "net/http_client.hpp"
#include "net/http_server.hpp"
#include "net/loop.hpp"

#include <doctest/doctest.h>

#include <array>

/// A server in a test, and raw conversations with it over memory or TCP.
namespace hk::net::test {

using namespace std::chrono_literals;
inline constexpr Duration limit = 20s;

inline Request get(std::string target) { return Request{.method = Method::get, .target = std::move(target)}; }

inline Request post(std::string target, std::string body) {
    return Request{.method = Method::post, .target = std::move(target), .headers = {}, .body = std::move(body)};
}

struct Served {
    explicit Served(Handler handler, ServerLimits limits = {}, BodyRules rules = {})
        : server(loop, limits, std::move(handler), std::move(rules)) {}

    /// Another connection in memory; the other end is served.
    StreamPtr connect_memory(std::size_t capacity = 64 * 1024) {
        auto [here, there] = memory_pair(capacity);
        server.serve(std::move(there));
        return std::move(here);
    }
    Address listen() {
        const auto address = server.listen(Address::tcp("127.0.0.1", 0));
        REQUIRE(address);
        return *address;
    }
    /// Sends all of it, then reads to the end of the connection.
    std::string talk(std::string text) { return run_task(loop, exchange(connect_memory(), std::move(text), false)); }
    /// The same, and finishes sending first, so that a kept connection ends too.
    std::string talk_and_end(std::string text) {
        return run_task(loop, exchange(connect_memory(), std::move(text), true));
    }

    static Task<std::string> exchange(StreamPtr stream, std::string text, bool end) {
        (void)co_await stream->write_all(text, limit);
        if (end) stream->shutdown_write();
        co_return co_await read_to_end(*stream);
    }
    static Task<std::string> read_to_end(Stream& stream) {
        std::string all;
        std::array<char, 4096> buffer;
        while (true) {
            const auto got = co_await stream.read_some(buffer, limit);
            if (!got) co_return all + "<" + got.error().message + ">";
            if (*got == 0) co_return all;
            all.append(buffer.data(), *got);
        }
    }
    static Task<std::string> read_until(Stream& stream, std::string_view end) {
        std::string all;
        std::array<char, 1> one;
        while (!all.contains(end)) {
            const auto got = co_await stream.read_some(one, limit);
            if (!got || *got == 0) co_return all + "<end>";
            all += one[0];
        }
        co_return all;
    }

    Loop loop;
    HttpServer server;
};

inline int status_of(std::string_view answer) {
    return answer.size() > 12 ? std::stoi(std::string(answer.substr(9, 3))) : 0;
}

inline std::size_t count_of(std::string_view text, std::string_view what) {
    std::size_t count = 0;
    for (auto at = text.find(what); at != text.npos; at = text.find(what, at + 1)) ++count;
    return count;
}

/// Answers with what was asked: method, path and body.
inline Task<void> echo(Exchange& exchange) {
    const auto& request = exchange.request();
    auto text = std::string(to_text(request.method)) + " " + request.path + " " + request.body;
    co_await exchange.respond(text_response(200, std::move(text)));
}

} // namespace hk::net::test
