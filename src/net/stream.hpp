#pragma once
#include "net/address.hpp"
#include "net/task.hpp"

#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace hk::net {

/// Bytes in both directions. One reader and one writer at a time, who may be different coroutines.
/// Loop thread only. A failed read or write leaves the stream unusable, except that a read that
/// timed out may be repeated.
class Stream {
public:
    Stream() = default;
    virtual ~Stream() = default;
    Stream(const Stream&) = delete;
    Stream& operator=(const Stream&) = delete;

    /// At least one byte, or 0 when the peer has finished sending. Errc::timeout after `limit`.
    virtual Task<Result<std::size_t>> read_some(std::span<char> into, Duration limit) = 0;
    /// Everything. `limit` is for how long the peer may accept nothing, so a slow reader is fine
    /// and a stuck one is not. What the views point at must live until this resumes.
    virtual Task<Result<>> write_parts(std::span<const std::string_view> parts, Duration limit) = 0;
    Task<Result<>> write_all(std::string_view bytes, Duration limit);

    /// The peer reads the end; reading goes on.
    virtual void shutdown_write() = 0;
    /// Both directions, at once: a pending read or write fails.
    virtual void close() = 0;
    /// Who is on the other side: "10.0.0.7:51234", "unix:pid 812 uid 1000", "memory".
    virtual std::string peer() const = 0;
    /// Whether the peer is on this machine (loopback or unix socket).
    virtual bool peer_is_local() const = 0;
};
using StreamPtr = std::unique_ptr<Stream>;

/// Connects over TCP (every address of the name in turn) or to a unix socket.
/// Errc::unavailable with a sentence that names the address; Errc::timeout after `limit`.
Task<Result<StreamPtr>> connect(Address address, Duration limit);

/// Takes a connected, non-blocking socket over.
StreamPtr adopt_socket(Loop& loop, int fd);

/// Hands out `bytes` first and goes on with `stream`: for bytes that were read too far.
StreamPtr with_prefix(std::string bytes, StreamPtr stream);

/// Two ends of a connection in memory. Each direction holds at most `capacity` bytes; a writer
/// waits for the reader.
std::pair<StreamPtr, StreamPtr> memory_pair(std::size_t capacity = 64 * 1024);

} // namespace hk::net
