#pragma once
#include "net/http.hpp"
#include "net/stream.hpp"

namespace hk::net {

struct WebSocketLimits {
    std::size_t message_bytes = 8 * 1024 * 1024;   ///< a longer message closes with 1009
    std::size_t backlog_bytes = 8 * 1024 * 1024;   ///< more waiting to be sent drops the connection
    Duration idle_time = std::chrono::seconds{15}; ///< a peer that is silent for so long is dropped; pinged at a third
    Duration close_time = std::chrono::seconds{2}; ///< how long close waits for the peer's answer
};

/// One WebSocket, either side. Movable handle; destroying it cuts the connection, unless closing
/// has begun (by close or by the peer): then that is finished in the background, within close_time.
/// Loop thread only. One reader at a time; any number of writers. Pings are sent and answered by
/// itself, also while nobody reads; when messages of message_bytes wait to be read, no more is read
/// from the peer, and only pings that cannot be delivered tell that it is gone.
class WebSocket {
public:
    struct Message {
        std::string data;
        bool binary = false;
    };

    WebSocket(WebSocket&&) noexcept;
    WebSocket& operator=(WebSocket&&) noexcept;
    ~WebSocket();

    /// The next message. Errc::unavailable when the peer closed (close_code, close_reason say how)
    /// or is lost, Errc::timeout when it was silent, Errc::invalid or too_large when it broke the
    /// protocol.
    Task<Result<std::string>> read();
    /// The same with its kind.
    Task<Result<Message>> read_message();

    /// Queues the message and returns at once; messages leave in this order. Errc::unavailable when
    /// the connection is over, Errc::too_large when the backlog is full: the connection is dropped
    /// then.
    Result<> send_text(const std::string& message);
    Result<> send_binary(const std::string& message);
    /// The same, resuming when the message has been handed to the system: the way to be slowed down
    /// by the peer.
    Task<Result<>> write_text(std::string message);
    Task<Result<>> write_binary(std::string message);
    std::size_t backlog() const;

    /// Sends what is queued and a close frame, waits close_time for the peer's, and ends the
    /// connection.
    Task<void> close(std::uint16_t code = 1000, std::string reason = {});
    bool open() const;
    /// Resumes when it is not open any more, whoever ended it. For those who wait for something else meanwhile.
    Task<void> closed() const;
    std::uint16_t close_code() const; ///< 0 none yet, 1006 lost without a close frame
    std::string_view close_reason() const;
    std::string peer() const;

    /// A connection whose handshake is done. `client` masks what it sends.
    enum class Side { client, server };
    WebSocket(Loop& loop, StreamPtr stream, Side side, WebSocketLimits limits);

private:
    struct Impl;
    std::shared_ptr<Impl> impl_;
};

/// The client's handshake. Errc::forbidden for 401 and 403, Errc::unavailable for everything else
/// that is not 101.
Task<Result<WebSocket>> connect_websocket(Loop& loop, Address address, std::string target, Headers headers,
                                          WebSocketLimits limits = {});

} // namespace hk::net
