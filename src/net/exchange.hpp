#pragma once
#include "base/file.hpp"
#include "net/http.hpp"
#include "net/pool.hpp"
#include "net/websocket.hpp"

namespace hk::net {

/// A part of a file to be sent. With a pool the file is read there, so a slow disk stalls nobody
/// else.
struct FileRange {
    Fd file;
    std::int64_t offset = 0;
    std::int64_t length = 0;
    Pool* pool = nullptr;
};

/// One request and its answer. Made by the server, given to the handler by reference, gone when the
/// handler returns. The handler answers in one of these ways: respond; begin, write..., finish;
/// send_file; upgrade. A handler that returns without any answered 500; one that returns without
/// finish cuts the connection, so the peer can tell. Loop thread only; one coroutine at a time,
/// except that watch_peer works beside it.
class Exchange {
public:
    virtual ~Exchange() = default;
    virtual const Request& request() const = 0;
    virtual Request& request() = 0;

    /// The whole answer. Content-Length, Date and Connection are added; the body is left out for
    /// HEAD, 204 and 304.
    virtual Task<void> respond(Response response) = 0;

    /// The head of an answer of unknown length: chunked, or until the end of the connection for
    /// HTTP/1.0. With a Content-Length in `headers` exactly that many bytes must be written.
    virtual Task<Result<>> begin(int status, Headers headers = {}) = 0;
    /// Waits until the peer's side has taken it. Errc::unavailable when the peer is gone or takes
    /// nothing for the write limit (15 s); there is nothing to do then but return.
    virtual Task<Result<>> write(std::string_view chunk) = 0;
    virtual Task<void> finish() = 0;
    /// The range as the body with its Content-Length; `headers` may carry Content-Range. Cuts the
    /// connection when the file turns out to be shorter.
    virtual Task<void> send_file(FileRange range, Headers headers, int status = 200) = 0;

    /// For routes with a streaming body: the next piece, empty at the end. Errc::too_large over the
    /// route's limit.
    virtual Task<Result<std::string>> read_body_chunk() = 0;

    /// Checks the Sec-WebSocket headers, answers 101 and hands the connection over; on failure it
    /// has answered (400, 426). Policy (Origin, tokens) is to be checked before.
    virtual Task<Result<WebSocket>> upgrade(WebSocketLimits limits = {}) = 0;

    /// From now on notices without writing that the peer has closed: gone() becomes true and `wake`
    /// is notified. Also when the server is stopping. `wake` must outlive the handler's last await.
    /// For event streams and followers.
    virtual void watch_peer(Signal& wake) = 0;
    /// The peer has closed, or the server is stopping: end the stream. Known only with watch_peer
    /// or a failed write.
    virtual bool gone() const = 0;
    /// Whether a head has been sent: too late for an error answer.
    virtual bool answered() const = 0;
};

} // namespace hk::net
