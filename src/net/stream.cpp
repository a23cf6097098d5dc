#include "net/stream.hpp"

#include "net/wait.hpp"

#include <algorithm>
#include <array>
#include <cstring>

namespace hk::net {

Task<Result<>> Stream::write_all(std::string_view bytes, Duration limit) {
    const std::array parts{bytes};
    co_return co_await write_parts(parts, limit);
}

namespace {

class PrefixedStream final : public Stream {
public:
    PrefixedStream(std::string bytes, StreamPtr stream)
        : bytes_(std::move(bytes))
        , stream_(std::move(stream)) {}

    Task<Result<std::size_t>> read_some(std::span<char> into, Duration limit) override {
        if (given_ == bytes_.size()) co_return co_await stream_->read_some(into, limit);
        const auto count = std::min(into.size(), bytes_.size() - given_);
        std::memcpy(into.data(), bytes_.data() + given_, count);
        given_ += count;
        co_return count;
    }
    Task<Result<>> write_parts(std::span<const std::string_view> parts, Duration limit) override {
        return stream_->write_parts(parts, limit);
    }
    void shutdown_write() override { stream_->shutdown_write(); }
    void close() override { stream_->close(); }
    std::string peer() const override { return stream_->peer(); }
    bool peer_is_local() const override { return stream_->peer_is_local(); }

private:
    std::string bytes_;
    std::size_t given_ = 0;
    StreamPtr stream_;
};

/// One direction of a connection in memory.
struct Pipe {
    std::string bytes;
    std::size_t capacity = 0;
    bool ended = false;  ///< the writer is done: the reader sees the end after the bytes
    bool broken = false; ///< either side has closed: nothing moves any more
    Signal changed;

    void break_off() {
        broken = true;
        changed.notify_all();
    }
};
using PipePtr = std::shared_ptr<Pipe>;

class MemoryStream final : public Stream {
public:
    MemoryStream(PipePtr in, PipePtr out)
        : in_(std::move(in))
        , out_(std::move(out)) {}
    ~MemoryStream() override { MemoryStream::close(); }

    Task<Result<std::size_t>> read_some(std::span<char> into, Duration limit) override {
        const auto in = in_;
        if (reads_.over()) co_await detail::yield();
        while (in->bytes.empty() && !in->ended && !in->broken) {
            if (!co_await in->changed.wait(limit)) co_return fail(Errc::timeout, "the peer sent nothing in time");
        }
        if (closed_) co_return fail(Errc::unavailable, "the connection is closed");
        const auto count = std::min(into.size(), in->bytes.size());
        std::memcpy(into.data(), in->bytes.data(), count);
        in->bytes.erase(0, count);
        in->changed.notify_all();
        co_return count;
    }

    Task<Result<>> write_parts(std::span<const std::string_view> parts, Duration limit) override {
        const auto out = out_;
        for (auto part : parts) {
            while (!part.empty()) {
                if (out->broken || out->ended)
                    co_return fail(Errc::unavailable, "the connection was lost while writing");
                const auto count = std::min(part.size(), out->capacity - out->bytes.size());
                if (count == 0) {
                    if (!co_await out->changed.wait(limit))
                        co_return fail(Errc::timeout, "the peer takes no more data");
                    continue;
                }
                out->bytes.append(part.substr(0, count));
                part.remove_prefix(count);
                out->changed.notify_all();
            }
        }
        co_return Result<>{};
    }

    void shutdown_write() override {
        out_->ended = true;
        out_->changed.notify_all();
    }
    void close() override {
        if (std::exchange(closed_, true)) return;
        shutdown_write(); // what was written is still read
        in_->break_off();
    }
    std::string peer() const override { return "memory"; }
    bool peer_is_local() const override { return true; }

private:
    PipePtr in_;
    PipePtr out_;
    bool closed_ = false;
    detail::Turn reads_; // a writer waits for the reader, so one side is enough
};

} // namespace

StreamPtr with_prefix(std::string bytes, StreamPtr stream) {
    if (bytes.empty()) return stream;
    return std::make_unique<PrefixedStream>(std::move(bytes), std::move(stream));
}

std::pair<StreamPtr, StreamPtr> memory_pair(std::size_t capacity) {
    auto there = std::make_shared<Pipe>();
    auto back = std::make_shared<Pipe>();
    there->capacity = back->capacity = capacity;
    return {std::make_unique<MemoryStream>(back, there), std::make_unique<MemoryStream>(there, back)};
}

} // namespace hk::net
