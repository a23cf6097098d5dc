#pragma once
#include "net/server_connection.hpp"

/// Inside net only: how the server writes an answer.
namespace hk::net::detail {

class ServerExchange final : public Exchange {
public:
    ServerExchange(ServerConnection& connection, Request request, std::size_t body_limit);
    ~ServerExchange() override;

    const Request& request() const override { return request_; }
    Request& request() override { return request_; }
    Task<void> respond(Response response) override;
    Task<Result<>> begin(int status, Headers headers) override;
    Task<Result<>> write(std::string_view chunk) override;
    Task<void> finish() override;
    Task<void> send_file(FileRange range, Headers headers, int status) override;
    Task<Result<std::string>> read_body_chunk() override;
    Task<Result<WebSocket>> upgrade(WebSocketLimits limits) override;
    void watch_peer(Signal& wake) override;
    bool gone() const override;
    bool answered() const override { return state_ != State::nothing; }

    /// After the handler: answers 500 where it did not, and says whether another request may
    /// follow.
    Task<bool> conclude();

private:
    enum class State { nothing, writing, complete, broken };
    enum class Framing { none, length, chunked, until_close };

    void frame(int status, Headers& headers);
    void add_common(Headers& headers);
    Task<Result<>> put(std::span<const std::string_view> parts);
    Task<Result<>> send_range(FileRange& range);

    ServerConnection& connection_;
    Request request_;
    std::size_t body_limit_;
    State state_ = State::nothing;
    Framing framing_ = Framing::none;
    std::uint64_t length_left_ = 0;
    bool http11_;
    bool keep_alive_;
    bool body_allowed_ = true;
    Signal* wake_ = nullptr;
};

} // namespace hk::net::detail
