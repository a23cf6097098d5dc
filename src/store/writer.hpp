#pragma once
#include "base/file.hpp"
#include "base/result.hpp"
#include "store/writes.hpp"

#include <chrono>
#include <cstddef>
#include <filesystem>
#include <functional>
#include <memory>
#include <vector>

namespace hk::store {

struct WriterLimits {
    std::size_t busy_bytes = 32 << 20;     ///< above this `busy()` is true: refuse new submissions
    std::size_t backlog_bytes = 256 << 20; ///< above this a commit fails with unavailable, unless nothing else waits
    std::size_t group_writes = 20'000;     ///< a transaction takes no further commit once it holds so many changes
    std::int64_t checkpoint_pages = 4'000; ///< a log of so many pages (16 MB) is copied back even under load
    std::int64_t truncate_pages = 64'000;  ///< a log of so many pages (256 MB) is cut off, waiting for readers
    std::chrono::milliseconds idle{500};   ///< quiet for so long: copy the log back and cut it off
    std::chrono::milliseconds reader_wait{50}; ///< how long cutting off waits for a reader
};

struct WriterNumbers {
    std::int64_t commits = 0; ///< that were asked for and succeeded
    std::int64_t failed = 0;
    std::int64_t transactions = 0; ///< that were written; smaller than `commits` when they came together
    std::int64_t writes = 0;
    std::int64_t checkpoints = 0;
};

/// The one connection that writes and checkpoints the database, and the one thread that uses it.
/// Owned by the Host. Everything queued while the thread was busy becomes one transaction, in
/// order; when that fails, each commit in it is tried by itself, so that a wrong one fails alone. A
/// full disk fails the commits of that moment only. Destruction writes what is queued first.
class Writer {
public:
    using Done = std::function<void(Result<>)>;

    /// Locks, opens or creates, checks and migrates the database, then starts the thread. Parent
    /// folders are created. Fails with conflict (another Host has it), corrupt, unsupported
    /// (written by a newer program), no_space or io.
    static Result<std::unique_ptr<Writer>> open(const std::filesystem::path& file, WriterLimits limits = {});
    Writer(const Writer&) = delete;
    Writer& operator=(const Writer&) = delete;
    ~Writer();

    /// From any thread; never waits for the disk. `done` is called exactly once, on the writer's
    /// thread, in the order of the calls: with success when the changes are on disk, else with the
    /// reason and nothing changed. no_space may be tried again later; unavailable means that the
    /// backlog is over its limit.
    void commit(std::vector<Write> writes, Done done);

    /// Bytes of changes that are not on disk yet.
    std::size_t backlog() const;
    /// True when no new work should be accepted; what is already running may still be recorded.
    bool busy() const;
    WriterNumbers numbers() const;

    /// Writes what is queued and copies the log back. Later commits are never answered: make none.
    /// Idempotent. The file stays locked until destruction.
    void stop();

private:
    struct Impl;
    explicit Writer(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

} // namespace hk::store
