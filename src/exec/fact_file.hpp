#pragma once
#include "exec/facts.hpp"
#include "exec/spool.hpp"

#include <functional>
#include <memory>
#include <unordered_map>

namespace hk::net {
class Loop;
}

namespace hk::exec {

/// More than this per look at a record is read in the next turn of the loop.
inline constexpr std::size_t max_fact_read = 16 * 1024;
/// With more attempts than this a record is closed again after each look at it.
inline constexpr std::size_t max_open_records = 256;

/// The length of a record to which nothing has happened yet: of its first line, and of the one that names the executor
/// where that follows. A longer one has been started.
Result<std::uint64_t> assignment_size(const std::filesystem::path& record);

/// Reads the facts of one record as they are appended. Never hands out a line twice, nor half a line. Keeps the record
/// open from its first read.
class FactReader {
public:
    /// `from` is where the first line not yet known begins; 0: after the assignment, wherever that ends.
    explicit FactReader(std::filesystem::path record, std::uint64_t from = 0)
        : record_(std::move(record))
        , offset_(from) {}
    struct News {
        std::vector<Fact> facts;
        bool more = false; ///< the read stopped at max_fact_read
    };
    /// What was appended since the last call; the first call skips the assignment.
    Result<News> read();
    void close() { fd_ = Fd(); }

private:
    std::filesystem::path record_;
    Fd fd_;
    std::uint64_t offset_; ///< of the first line not yet handed out; 0: the assignment is still to be skipped
};

/// Follows the facts of many attempts through one inotify watch on the spool folder; a lost notification is made up
/// for by reading all followed records again. Works for records that a container's PID 1 appends to through a bind
/// mount as well.
///
/// Owned by an executor; event-loop thread only. The sink is called from the loop, never from inside a call to this.
class FactFollower {
public:
    using Sink = std::function<void(AttemptId, const Fact&)>;
    static Result<std::unique_ptr<FactFollower>> open(net::Loop& loop, const Spool& spool, Sink sink);
    ~FactFollower();
    FactFollower(const FactFollower&) = delete;
    FactFollower& operator=(const FactFollower&) = delete;

    /// Hands out everything the record holds and then what is appended. Ignored when followed already.
    void follow(AttemptId attempt);
    /// The same for a record that is known to hold nothing from there on: the first look waits for a notification.
    void follow_from(AttemptId attempt, std::uint64_t offset);
    /// Nothing of the attempt is handed out after this.
    void unfollow(AttemptId attempt);
    /// Reads the record in the next turn of the loop, notification or not.
    void look_again(AttemptId attempt);

private:
    struct State;
    explicit FactFollower(std::shared_ptr<State> state);
    std::shared_ptr<State> state_;
};

} // namespace hk::exec
