#pragma once
#include "net/loop.hpp"
#include "net/websocket.hpp"
#include "proto/terminal_frames.hpp"

#include <doctest/doctest.h>

#include <chrono>

/// People and shells at the ends of WebSockets in memory.
namespace hk::terminal::test {

inline constexpr Duration limit = std::chrono::seconds(20);

/// Two ends of one connection: ours, which a terminal gets, and that of who speaks with it.
struct Ends {
    net::WebSocket ours;
    net::WebSocket theirs;
};
inline Ends connect(net::Loop& loop, net::WebSocketLimits limits = {}) {
    auto [here, there] = net::memory_pair();
    return {net::WebSocket(loop, std::move(here), net::WebSocket::Side::server, limits),
            net::WebSocket(loop, std::move(there), net::WebSocket::Side::client, limits)};
}

template <class T>
Result<T> now(net::Loop& loop, net::Task<Result<T>> task) {
    return net::run_task(loop, net::with_deadline(limit, "it did not happen", std::move(task)));
}

/// All that is shown until this has been; text frames count as they are.
inline std::string read_until(net::Loop& loop, net::WebSocket& socket, std::string_view end) {
    std::string all;
    while (!all.contains(end)) {
        const auto message = now(loop, socket.read_message());
        if (!message) return all + "<" + message.error().message + ">";
        all += message->data;
    }
    return all;
}

inline void type(net::WebSocket& socket, std::string text) {
    REQUIRE(socket.send_text(proto::to_json(proto::TerminalInput{std::move(text)})));
}

inline bool eventually(net::Loop& loop, const std::function<bool()>& condition) {
    for (Duration waited{}; waited < limit && !condition(); waited += std::chrono::milliseconds(10))
        net::run_task(loop, net::sleep_for(std::chrono::milliseconds(10)));
    return condition();
}

/// Writes so many bytes in pieces of 16 kB, each when the one before has been taken.
inline net::Task<void> write_much(net::WebSocket& socket, std::size_t bytes, bool binary) {
    for (std::size_t sent = 0; sent < bytes; sent += 16'000) {
        std::string piece(16'000, 'x');
        Result<> taken;
        if (binary) taken = co_await socket.write_binary(std::move(piece));
        else {
            const proto::TerminalInput input{std::move(piece)};
            taken = co_await socket.write_text(proto::to_json(input));
        }
        if (!taken) co_return;
    }
}

} // namespace hk::terminal::test
