#pragma once
#include "docker/engine.hpp"
#include "net/pool.hpp"
#include "oci/load_stream.hpp"

#include <functional>
#include <memory>
#include <optional>

namespace hk::exec {

/// Gives an engine the pieces of an archive, and reads and hashes the next ones on the pool while the engine is busy
/// with the last: a transfer takes as long as the slower of the two, not as both.
///
/// Loop thread only. The group runs the reading, which ends by itself soon after this is gone; group and pool outlive
/// it.
class ArchiveReader final : public docker::ChunkSource {
public:
    /// Pieces that are read before anybody asks for them, at most, and how large one is.
    static constexpr std::size_t max_ahead = 4;
    static constexpr std::size_t chunk_size = 1 << 20;

    ArchiveReader(net::TaskGroup& group, net::Pool& pool, oci::LoadStream stream);
    ~ArchiveReader() override;
    ArchiveReader(const ArchiveReader&) = delete;
    ArchiveReader& operator=(const ArchiveReader&) = delete;

    net::Task<Result<std::string>> next() override;

    /// Hears of every piece that is handed out.
    std::function<void(Bytes size)> on_chunk;
    Bytes total() const { return total_; }
    /// Pieces that wait to be asked for.
    std::size_t ahead() const;
    /// Why there is no next piece: of the files, not of the engine.
    const std::optional<Error>& failure() const { return failure_; }

private:
    struct Queue;
    static net::Task<void> read_ahead(net::Pool& pool, std::shared_ptr<oci::LoadStream> stream,
                                      std::shared_ptr<Queue> queue);

    std::shared_ptr<Queue> queue_;
    Bytes total_;
    std::optional<Error> failure_;
};

} // namespace hk::exec
