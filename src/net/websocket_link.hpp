#pragma once
#include "net/websocket.hpp"
#include "net/ws_frame.hpp"

#include <chrono>
#include <deque>

/// Inside net only: what a WebSocket handle points at.
namespace hk::net::detail {

/// Three tasks share it: one reads, one writes, one watches the time. Each ends when `life` is
/// over.
class WebSocketLink {
public:
    using Ptr = std::shared_ptr<WebSocketLink>;
    using Side = WebSocket::Side;
    using Message = WebSocket::Message;

    WebSocketLink(StreamPtr stream, Side side, WebSocketLimits limits);
    WebSocketLink(const WebSocketLink&) = delete;
    WebSocketLink& operator=(const WebSocketLink&) = delete;

    static void start(Loop& loop, const Ptr& link);
    static Task<Result<Message>> read(Ptr link);
    static Task<Result<>> write(Ptr link, Opcode opcode, std::string message);
    static Task<void> close(Ptr link, std::uint16_t code, std::string reason);
    static Task<void> closed(Ptr link);
    /// The number to wait for until the message has been sent.
    Result<std::uint64_t> queue(Opcode opcode, std::string_view message);
    /// The handle is gone: a close handshake that has begun is finished, everything else is cut.
    void abandon();

    bool open() const { return life_ == Life::open; }
    std::size_t backlog() const { return out_bytes_; }
    std::uint16_t close_code() const { return code_; }
    std::string_view close_reason() const { return reason_; }
    const std::string& peer() const { return peer_; }

private:
    enum class Life { open, closing, over };
    struct Batch;

    static Task<void> read_all(Ptr link);
    static Task<void> write_all(Ptr link);
    static Task<void> watch_time(Ptr link);
    Task<void> wait_for_room();
    Task<Result<>> send(Batch& batch);
    Batch next_batch();
    void take(std::string_view bytes);
    void handle(FrameEvent event);
    void handle_close(FrameEvent event);
    void begin_close(std::uint16_t code, std::string_view reason);
    void end(Error why);
    void cut();
    void push(Opcode opcode, std::string_view payload);
    Duration silence() const;

    StreamPtr stream_;
    std::string peer_;
    Side side_;
    WebSocketLimits limits_;
    Life life_ = Life::open;
    std::optional<Error> why_; ///< what readers are told when no message is left
    std::uint16_t code_ = 0;
    std::string reason_;
    Signal changed_; ///< life_

    FrameReader frames_;
    std::deque<Message> in_;
    std::size_t in_bytes_ = 0;
    Signal in_changed_;
    bool paused_ = false;  ///< nobody takes the messages: no reading, and no judging of the peer's silence
    bool discard_ = false; ///< after a violation
    std::chrono::steady_clock::time_point heard_;

    std::deque<std::string> out_;
    std::size_t out_bytes_ = 0; ///< also what is being written
    std::uint64_t queued_ = 0;
    std::uint64_t sent_ = 0;
    std::uint64_t dropped_from_ = UINT64_MAX; ///< frames from this number on were dropped, since the peer has closed
    bool close_queued_ = false;
    bool close_sent_ = false;
    bool close_seen_ = false;
    Signal out_changed_;
};

} // namespace hk::net::detail
