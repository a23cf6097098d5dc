#include "exec/archive_reader.hpp"

#include <deque>

namespace hk::exec {

/// Between the one who reads and the one who asks.
struct ArchiveReader::Queue {
    std::deque<Result<std::string>> chunks; ///< an empty one or an error is the last
    bool wanted = true;                     ///< false: nobody asks any more
    net::Signal changed;
};

namespace {

/// As much as fits, so that headers do not travel alone; less only at the end.
Result<std::size_t> fill(oci::LoadStream& stream, std::span<char> buffer) {
    std::size_t filled = 0;
    while (filled < buffer.size()) {
        HK_TRY(const auto got, stream.read(buffer.subspan(filled)));
        if (got == 0) break;
        filled += got;
    }
    return filled;
}

Result<std::string> read_chunk(oci::LoadStream& stream) {
    Result<std::size_t> got = std::size_t{0};
    std::string chunk;
    chunk.resize_and_overwrite(ArchiveReader::chunk_size, [&](char* data, std::size_t size) {
        got = fill(stream, {data, size});
        return got.value_or(0);
    });
    if (!got) return fail(got.error());
    return chunk;
}

} // namespace

ArchiveReader::ArchiveReader(net::TaskGroup& group, net::Pool& pool, oci::LoadStream stream)
    : queue_(std::make_shared<Queue>())
    , total_(stream.total()) {
    group.spawn(read_ahead(pool, std::make_shared<oci::LoadStream>(std::move(stream)), queue_));
}

ArchiveReader::~ArchiveReader() {
    queue_->wanted = false;
    queue_->changed.notify_all();
}

std::size_t ArchiveReader::ahead() const { return queue_->chunks.size(); }

net::Task<void> ArchiveReader::read_ahead(net::Pool& pool, std::shared_ptr<oci::LoadStream> stream,
                                          std::shared_ptr<Queue> queue) {
    for (bool ended = false; !ended;) {
        while (queue->wanted && queue->chunks.size() >= max_ahead) (void)co_await queue->changed.wait(net::no_limit);
        if (!queue->wanted) co_return;
        auto job = [stream] { return read_chunk(*stream); };
        auto chunk = co_await pool.run(std::move(job));
        ended = !chunk || chunk->empty();
        queue->chunks.push_back(std::move(chunk));
        queue->changed.notify_all();
    }
}

net::Task<Result<std::string>> ArchiveReader::next() {
    while (queue_->chunks.empty()) (void)co_await queue_->changed.wait(net::no_limit);
    auto chunk = std::move(queue_->chunks.front());
    queue_->chunks.pop_front();
    queue_->changed.notify_all();
    if (!chunk) failure_ = chunk.error();
    else if (on_chunk) on_chunk(Bytes{static_cast<std::int64_t>(chunk->size())});
    co_return chunk;
}

} // namespace hk::exec
