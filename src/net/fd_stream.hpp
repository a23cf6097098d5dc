#pragma once
#include "net/stream.hpp"

#include <boost/asio/posix/stream_descriptor.hpp>

/// Inside net only: waiting for a socket, and the stream over it.
namespace hk::net::detail {

/// A non-blocking socket and the two conditions one waits for. Held by shared_ptr, since a pending
/// wait of the reactor outlives whoever asked for it. Owns the descriptor.
class Socket : public std::enable_shared_from_this<Socket> {
public:
    Socket(const boost::asio::any_io_executor& executor, int fd)
        : descriptor_(executor, fd) {}

    int fd() { return descriptor_.native_handle(); }
    bool closed() const { return closed_; }
    void close();
    /// False after `limit`. True when it is worth trying again, also after close().
    Task<bool> readable(Duration limit);
    Task<bool> writable(Duration limit);

private:
    void expect_readable();
    void expect_writable();

    boost::asio::posix::stream_descriptor descriptor_;
    Signal can_read_;
    Signal can_write_;
    bool expecting_read_ = false;
    bool expecting_write_ = false;
    bool closed_ = false;
};
using SocketPtr = std::shared_ptr<Socket>;

StreamPtr make_stream(SocketPtr socket);
/// Keep-alive, no delay, and an end to unacknowledged data after 15 s; harmless for unix sockets.
void set_options(int fd);

} // namespace hk::net::detail
