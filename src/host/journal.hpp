#pragma once
#include "base/result.hpp"
#include "net/loop.hpp"
#include "store/writer.hpp"

#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace hk::host {

/// Makes changes durable in the order in which they were made, whatever happens to the disk.
///
/// `done` runs on the loop when the changes are on disk. While the database cannot be written, everything waits and is
/// tried again every second; `problem` says why, and the Host takes no new work. Whole records are written, so writing
/// one again does no harm. Owned by the Host; loop thread only.
class Journal {
public:
    using Done = std::function<void()>;

    Journal(net::Loop& loop, store::Writer& writer)
        : loop_(loop)
        , writer_(writer)
        , life_(std::make_shared<int>(0)) {}
    /// Also without changes: `done` then runs after everything before it is durable.
    void append(std::vector<store::Write> writes, Done done);
    /// Tries again what could not be written; call once a second.
    void retry();
    /// Whether everything that was appended is durable.
    bool idle() const { return entries_.empty(); }
    /// Empty when all is well.
    const std::string& problem() const { return problem_; }
    /// The error for a submission that cannot be taken now; none when it can.
    Result<> ready() const;
    /// Called when writing begins to fail.
    std::function<void()> on_problem;

private:
    struct Entry {
        std::vector<store::Write> writes;
        Done done;
    };
    void send(const Entry& entry);
    void commit(std::vector<store::Write> writes);
    void settled(const Result<>& result);
    void written_again();
    void begin_trouble(const Error& error);

    net::Loop& loop_;
    store::Writer& writer_;
    std::deque<Entry> entries_; ///< oldest first, until durable
    std::size_t in_flight_ = 0; ///< of the first entries; answers come in their order
    std::size_t retried_ = 0;   ///< how many entries the retry that is under way has written
    bool retrying_ = false;
    Errc code_ = Errc::io;
    std::string problem_;
    std::shared_ptr<int> life_; ///< answers that come after the end are dropped
};

} // namespace hk::host
