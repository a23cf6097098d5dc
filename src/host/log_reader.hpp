#pragma once
#include "host/engine.hpp"
#include "host/queries.hpp"
#include "net/exchange.hpp"
#include "net/pool.hpp"

namespace hk::host {

/// Serves the output files of tasks: whole, a range, the last lines, or as they grow. Files are touched on a pool's
/// threads, because the shared storage may be slow or dead. Loop thread only.
class LogReader {
public:
    LogReader(net::Loop& loop, Engine& engine, Queries& queries);

    enum class Stream { out, err };
    /// Answers the request; what it wants is in its Range header and its query (tail, follow, offset).
    net::Task<void> serve(net::Exchange& exchange, TaskId id, Stream stream);
    /// When the bytes of its query (from, to) were written, as LogTimes.
    net::Task<void> serve_times(net::Exchange& exchange, TaskId id, Stream stream);

private:
    struct Opened {
        Fd file;
        std::int64_t size = 0;
    };
    net::Task<Result<Opened>> open(std::filesystem::path path);
    net::Task<Result<std::string>> read(std::filesystem::path path, std::int64_t offset, std::size_t most);
    net::Task<void> serve_range(net::Exchange& exchange, const std::filesystem::path& path);
    net::Task<void> serve_tail(net::Exchange& exchange, std::filesystem::path path, std::int64_t lines);
    net::Task<void> follow(net::Exchange& exchange, TaskId id, std::filesystem::path path);
    std::filesystem::path path_of(TaskId id, Stream stream) const;
    bool over(TaskId id) const { return engine_.find(id) == nullptr; }

    Engine& engine_;
    Queries& queries_;
    net::Pool pool_;
};

} // namespace hk::host
