#pragma once
#include "net/http_server.hpp"
#include "net/inbox.hpp"

#include <list>

/// Inside net only: what the connections of one server share, and what a connection shares with the
/// watcher of its peer.
namespace hk::net::detail {

class ServerConnection;

struct ServerCore {
    Loop& loop;
    ServerLimits limits;
    Handler handler;
    BodyRules rules;
    ServerCounters counters;
    bool stopping = false;
    std::list<ServerConnection*> all;
    std::list<ServerConnection*> idle; ///< longest idle first
};

/// The byte side of a connection. Shared, since the watcher's read may still be pending when the
/// connection is gone.
class Wire {
public:
    Wire(StreamPtr stream, std::size_t inbox_limit)
        : stream_(std::move(stream))
        , inbox_(inbox_limit) {}

    Stream& stream() { return *stream_; }
    Inbox& inbox() { return inbox_; }
    bool handed_over() const { return stream_ == nullptr; }
    StreamPtr hand_over() { return std::move(stream_); }
    void close() {
        if (stream_) stream_->close();
    }

    /// Reads at least one byte into the inbox. False when the peer has finished, Errc::too_large
    /// when it is full.
    static Task<Result<bool>> fill(std::shared_ptr<Wire> wire, Duration limit);
    /// Reads until the peer is gone or nobody is interested any more.
    static Task<void> watch(std::shared_ptr<Wire> wire);

    Signal* wake = nullptr; ///< who wants to know that the peer is gone
    bool watched = false;   ///< a watch runs: it does the reading
    bool ended = false;     ///< the peer has finished or is lost

private:
    Task<Result<bool>> read_once(Duration limit);

    StreamPtr stream_;
    Inbox inbox_;
    Signal filled_;
};
using WirePtr = std::shared_ptr<Wire>;

} // namespace hk::net::detail
