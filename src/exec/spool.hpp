#pragma once
#include "base/file.hpp"
#include "base/result.hpp"
#include "model/node.hpp"
#include "model/task.hpp"

#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace hk::exec {

/// A record longer than this is damaged: an assignment, its command and environment included, is far smaller.
inline constexpr std::size_t max_record = 8 << 20;

/// What a record begins with.
struct NewRecord {
    NewRecord(Assignment a, std::optional<ExecutorKind> e = {}) // NOLINT(google-explicit-constructor)
        : assignment(std::move(a))
        , executor(e) {}
    Assignment assignment;
    std::optional<ExecutorKind> executor; ///< who is going to start it, where the assignment does not tell
};

/// One record as found on disk.
struct SpoolRecord {
    Assignment assignment;
    std::vector<std::string> facts; ///< complete lines after the first, oldest first; see exec/facts.hpp
};

/// What `Spool::records` found. A problem is one sentence about a file that was moved aside.
struct SpoolContents {
    std::vector<SpoolRecord> records; ///< in the order of their attempts
    std::vector<std::string> problems;
};

/// The runner's memory on disk: one text file per attempt, STATE_DIR/spool/ATTEMPT. Its first line is the assignment
/// as JSON, the next one names the executor where that has to be known; the lines after it are facts, appended by
/// whoever watches the task (the keeper, the PID 1 of a container) and by the executor. A record exists before its task
/// starts and until the Host has its result.
///
/// Owned by the runner's wiring; one thread at a time. Calls touch the local disk only; `put` and `sync` wait for it.
class Spool {
public:
    /// Makes STATE_DIR and STATE_DIR/spool (mode 0700) and STATE_DIR/state_id when they are missing. Temporary files
    /// of a life that ended in the middle of `put` are removed: their attempts never counted as accepted.
    static Result<Spool> open(const std::filesystem::path& state_dir);

    const std::filesystem::path& state_dir() const { return state_dir_; }
    const std::filesystem::path& folder() const { return folder_; }
    /// Random, made with the folder: a change tells the Host that the records are gone.
    const std::string& state_id() const { return state_id_; }
    std::filesystem::path path_of(AttemptId attempt) const;
    bool contains(AttemptId attempt) const;

    /// Durable when it returns: all or, after an error, none of those that were not there before. An attempt that has
    /// a record already keeps it.
    Result<> put(std::span<const NewRecord> records);

    /// Everything recorded. A file that makes no sense is renamed to NAME.damaged and reported.
    SpoolContents records();

    /// Appends one line; line breaks in `fact` become blanks. Survives the death of any process, and after `sync` that
    /// of the machine. not_found when there is no such record.
    Result<> append(AttemptId attempt, std::string_view fact);
    Result<> sync(std::span<const AttemptId> attempts);

    /// Ignores an attempt that has no record.
    Result<> erase(AttemptId attempt);

private:
    Spool(std::filesystem::path state_dir, std::string state_id, Fd directory);

    std::filesystem::path state_dir_;
    std::filesystem::path folder_;
    std::string state_id_;
    Fd directory_; ///< the folder, for openat and fsync
};

} // namespace hk::exec
