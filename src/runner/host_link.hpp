#pragma once
#include "net/address.hpp"
#include "net/loop.hpp"
#include "net/websocket.hpp"
#include "proto/link.hpp"

#include <functional>
#include <optional>
#include <random>

namespace hk::runner {

/// The runner's one connection: dials the Host, says hello, beats, and dials again for as long as the runner lives,
/// after a pause that grows and is never the same on two nodes. Owned by the wiring; loop thread only.
class HostLink {
public:
    struct Hooks {
        std::function<proto::Hello()> hello; ///< made afresh for every connection
        std::function<proto::Heartbeat()> heartbeat;
        std::function<void(const proto::Orders&)> orders;
        std::function<void(const proto::OpenTerminal&)> open_terminal;
        std::function<void()> connected; ///< reports are taken from now on; what came up after the hello is to be sent
    };
    HostLink(net::Loop& loop, net::Address host, Hooks hooks);

    /// Never returns; ends when its group is cancelled.
    net::Task<void> run();
    /// False when it could not be sent; the next hello, which then comes soon, says everything.
    bool send(const proto::Reports& reports);
    /// Ends the connection, so that a new hello is said.
    void say_hello_again();
    bool connected() const { return socket_.has_value(); }

private:
    enum class End { lost, rejected };
    net::Task<Result<End>> one_connection();
    net::Task<Result<proto::Welcome>> greet(net::WebSocket& socket);
    net::Task<void> beat(net::WebSocket& socket, Duration every);
    net::Task<void> listen(net::WebSocket& socket);
    void report(const Result<End>& end);
    Duration pause(const Result<End>& end);

    net::Loop& loop_;
    net::Address host_;
    Hooks hooks_;
    Duration next_pause_{};
    bool own_wish_ = false;    ///< the end of this conversation is, so it is no problem and the next one begins at once
    std::string last_problem_; ///< a problem is logged when it changes, not at every try
    std::minstd_rand random_;
    std::optional<net::WebSocket> socket_; ///< while a conversation goes on
    net::TaskGroup conversation_;          ///< its two sides; ended before the socket they use
};

} // namespace hk::runner
