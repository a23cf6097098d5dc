#pragma once
#include "net/http1_parser.hpp"
#include "net/server_core.hpp"

/// Inside net only: one connection of the server.
namespace hk::net::detail {

class ServerExchange;

/// Reads one request after the other and lets the handler answer each. Lives as long as its task.
class ServerConnection {
public:
    ServerConnection(ServerCore& core, StreamPtr stream);
    ~ServerConnection();
    ServerConnection(const ServerConnection&) = delete;
    ServerConnection& operator=(const ServerConnection&) = delete;

    Task<void> run();
    /// Ends an idle connection; its task unwinds on a later turn.
    void drop() { wire_->close(); }
    /// Wakes a handler that watches, since the server is stopping.
    void announce_stop();

    // For the exchange.
    ServerCore& core() { return core_; }
    Wire& wire() { return *wire_; }
    WirePtr wire_ptr() { return wire_; }
    Parser& parser() { return *parser_; }
    /// The next piece of the body, empty at its end. Asks a client that waits for it to go on
    /// first.
    Task<Result<std::string>> read_body(std::size_t limit);

private:
    Task<bool> serve_one();
    Task<bool> first_byte();
    Task<bool> read_head();
    Task<std::expected<void, ParseFailure>> parse_head();
    Task<bool> take_request(Request& request);
    Task<std::expected<void, ParseFailure>> check_request(Request& request);
    Task<std::expected<void, ParseFailure>> receive_body(Request& request);
    Task<bool> let_answer(Request request);
    Task<void> refuse(ParseFailure why);
    Task<void> linger();
    Task<Result<>> send_continue();

    ServerCore& core_;
    WirePtr wire_;
    std::optional<Parser> parser_;
    BodyRule rule_;
    std::size_t body_limit_ = 0;
    bool continue_expected_ = false;
    bool refused_ = false;
    std::list<ServerConnection*>::iterator in_all_;
};

} // namespace hk::net::detail
