#pragma once
#include "net/http.hpp"
#include "net/stream.hpp"

#include <functional>

namespace hk::net {

/// Limits of a call. `time` is for the whole of request(), and for each single step of the
/// streaming calls.
struct CallLimits {
    Duration time = std::chrono::seconds{30};
    std::size_t header_bytes = 64 * 1024;
    std::size_t body_bytes = 64 * 1024 * 1024; ///< of request(); streamed bodies have no limit
};

/// A client's side of one HTTP/1.1 connection, over TCP, a unix socket or any stream. One call at a
/// time; loop thread only. Nothing is retried. After an error the connection is of no use;
/// `reusable` says whether another call may follow. Host, Content-Length and Connection are added.
/// Any status is a success here; errors are failures to talk.
class HttpConnection {
public:
    static Task<Result<HttpConnection>> open(Address address, CallLimits limits = {});
    HttpConnection(StreamPtr stream, std::string host, CallLimits limits = {});
    HttpConnection(HttpConnection&&) noexcept;
    HttpConnection& operator=(HttpConnection&&) noexcept;
    ~HttpConnection();

    /// The whole answer.
    Task<Result<Response>> request(Request request);

    /// Sends the request with its body and returns the head of the answer (body empty); then
    /// read_chunk.
    Task<Result<Response>> start(Request request);
    /// The next piece of the body as it arrives; empty at its end. `limit`: no_limit for streams
    /// that may be silent.
    Task<Result<std::string>> read_chunk(Duration limit);

    /// Streams a request body: begin_upload, write_body_chunk..., finish_upload (the head of the
    /// answer), read_chunk. Chunked unless the request has a Content-Length header. A write may
    /// fail because the server has answered already: finish_upload then still returns that answer.
    Task<Result<>> begin_upload(Request request);
    Task<Result<>> write_body_chunk(std::string_view chunk);
    Task<Result<Response>> finish_upload();

    /// After start() was answered with 101 (or Docker's raw 200): the connection itself; bytes that
    /// came with the head are read first. The HttpConnection is of no use afterwards.
    StreamPtr hijack();
    bool reusable() const;

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

/// One request on a connection of its own.
Task<Result<Response>> fetch(Address address, Request request, CallLimits limits = {});

/// The same for programs without a loop. Starts nothing but one connection.
Result<Response> fetch_blocking(const Address& address, Request request, CallLimits limits = {});
/// Calls `on_chunk` with each piece of the body as it arrives, until the end or until it returns
/// false. Returns the head; for a status of 300 and above the body (up to body_bytes) is in it and
/// on_chunk is not called.
Result<Response> stream_blocking(const Address& address, Request request, CallLimits limits,
                                 const std::function<bool(std::string_view)>& on_chunk);

} // namespace hk::net
