#include "store/writer.hpp"

#include "base/log.hpp"
#include "store/schema.hpp"

#include <atomic>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <span>
#include <sqlite3.h>
#include <thread>
#include <utility>

namespace hk::store {
namespace {

struct Commit {
    std::vector<Write> writes;
    Writer::Done done;
    std::size_t bytes = 0;
    bool refused = false; ///< over the limit; waits in line only to be answered in order
};

std::size_t bytes_of(const std::vector<Write>& writes) {
    std::size_t bytes = 0;
    for (const Write& write : writes) bytes += size_of(write);
    return bytes;
}

} // namespace

struct Writer::Impl {
    Impl(Database opened, Fd held, WriterLimits given)
        : limits(given)
        , lock(std::move(held))
        , database(std::move(opened)) {}

    void push(Commit commit);
    void run();
    bool wait_for_work(std::vector<Commit>& group);
    void take_group(std::vector<Commit>& group);
    void write_group(std::vector<Commit>& group);
    Result<> write_together(std::span<const Commit> group);
    void answer(Commit& commit, const Result<>& result);
    void keep_log_short(bool idle);
    void checkpoint(bool cut_off);

    const WriterLimits limits;
    Fd lock;
    Database database; ///< of the thread alone, once it runs

    std::mutex mutex;
    std::condition_variable wake;
    std::deque<Commit> queue;
    bool stopping = false;

    std::atomic<std::size_t> backlog = 0;
    std::atomic<std::int64_t> commits = 0;
    std::atomic<std::int64_t> failed = 0;
    std::atomic<std::int64_t> transactions = 0;
    std::atomic<std::int64_t> writes = 0;
    std::atomic<std::int64_t> checkpoints = 0;
    std::int64_t pages_at_checkpoint = 0; ///< log pages when the last copy back was tried
    std::jthread thread;                  ///< last: it uses everything above
};

// ---- the callers' side

void Writer::Impl::push(Commit commit) {
    commit.bytes = bytes_of(commit.writes);
    const std::lock_guard hold(mutex);
    // One alone is taken however large it is: it cannot become smaller, and so would be refused for ever.
    commit.refused = stopping || (backlog > 0 && backlog + commit.bytes > limits.backlog_bytes);
    if (commit.refused) {
        commit.writes.clear();
        commit.bytes = 0;
    }
    backlog += commit.bytes;
    queue.push_back(std::move(commit));
    wake.notify_one();
}

Writer::Writer(std::unique_ptr<Impl> impl)
    : impl_(std::move(impl)) {}
Writer::~Writer() { stop(); }

Result<std::unique_ptr<Writer>> Writer::open(const std::filesystem::path& file, WriterLimits limits) {
    std::error_code error;
    if (file.has_parent_path()) std::filesystem::create_directories(file.parent_path(), error);
    if (error) return fail(system_error("cannot create " + file.parent_path().string(), error.value()));
    HK_TRY(Fd lock, lock_database(file));
    HK_TRY(Database database, open_for_writing(file));
    auto impl = std::make_unique<Impl>(std::move(database), std::move(lock), limits);
    impl->thread = std::jthread([raw = impl.get()] { raw->run(); });
    return std::unique_ptr<Writer>(new Writer(std::move(impl)));
}

void Writer::commit(std::vector<Write> writes, Done done) {
    Commit commit{.writes = std::move(writes), .done = std::move(done)};
    impl_->push(std::move(commit));
}

std::size_t Writer::backlog() const { return impl_->backlog; }
bool Writer::busy() const { return impl_->backlog > impl_->limits.busy_bytes; }

WriterNumbers Writer::numbers() const {
    return {.commits = impl_->commits,
            .failed = impl_->failed,
            .transactions = impl_->transactions,
            .writes = impl_->writes,
            .checkpoints = impl_->checkpoints};
}

void Writer::stop() {
    {
        const std::lock_guard hold(impl_->mutex);
        impl_->stopping = true;
        impl_->wake.notify_one();
    }
    if (impl_->thread.joinable()) impl_->thread.join();
}

// ---- the thread's side

void Writer::Impl::run() {
    std::vector<Commit> group;
    while (wait_for_work(group)) {
        if (!group.empty()) write_group(group);
        keep_log_short(group.empty());
        group.clear();
    }
    checkpoint(true);
}

/// False when there is nothing left and the end was asked for. An empty group means that it is
/// quiet.
bool Writer::Impl::wait_for_work(std::vector<Commit>& group) {
    std::unique_lock hold(mutex);
    const auto ready = [this] { return !queue.empty() || stopping; };
    if (database.log_pages() == 0) wake.wait(hold, ready);
    else wake.wait_for(hold, limits.idle, ready);
    if (queue.empty()) return !stopping;
    take_group(group);
    return true;
}

void Writer::Impl::take_group(std::vector<Commit>& group) {
    std::size_t taken = 0;
    while (!queue.empty() && taken < limits.group_writes) {
        taken += queue.front().writes.size();
        group.push_back(std::move(queue.front()));
        queue.pop_front();
    }
}

void Writer::Impl::write_group(std::vector<Commit>& group) {
    const Result<> together = write_together(group);
    if (together || group.size() == 1) {
        for (Commit& commit : group) answer(commit, together);
        return;
    }
    // One wrong or too large commit must not fail its neighbours.
    for (Commit& commit : group) answer(commit, write_together({&commit, 1}));
}

Result<> Writer::Impl::write_together(std::span<const Commit> group) {
    HK_TRY(Transaction transaction, Transaction::begin(database));
    for (const Commit& commit : group) HK_CHECK(store::apply(database, commit.writes));
    HK_CHECK(transaction.commit());
    transactions += 1;
    return {};
}

void Writer::Impl::answer(Commit& commit, const Result<>& result) {
    Result<> told = result;
    if (commit.refused)
        told = fail(Errc::unavailable, "the database cannot keep up, or is being closed; try again in a moment");
    (told ? commits : failed) += 1;
    if (told) writes += static_cast<std::int64_t>(commit.writes.size());
    backlog -= commit.bytes;
    commit.writes.clear();
    if (commit.done) commit.done(std::move(told));
}

/// Copying the log back costs a few syncs, so it waits for a quiet moment unless the log has grown
/// long.
void Writer::Impl::keep_log_short(bool idle) {
    const std::int64_t pages = database.log_pages();
    if (pages == 0) return;
    if (pages < pages_at_checkpoint) pages_at_checkpoint = 0; // the log was begun anew
    if (idle) return checkpoint(true);
    // Measured from the last try: where a slow reader stands in the way, not every commit shall
    // wait for it.
    if (pages > pages_at_checkpoint + limits.checkpoint_pages) checkpoint(pages > limits.truncate_pages);
}

void Writer::Impl::checkpoint(bool cut_off) {
    sqlite3_busy_timeout(database.handle(), static_cast<int>(limits.reader_wait.count()));
    const int mode = cut_off ? SQLITE_CHECKPOINT_TRUNCATE : SQLITE_CHECKPOINT_PASSIVE;
    const int result = sqlite3_wal_checkpoint_v2(database.handle(), nullptr, mode, nullptr, nullptr);
    sqlite3_busy_timeout(database.handle(), 2000);
    checkpoints += 1;
    pages_at_checkpoint = database.log_pages();
    if (cut_off) database.forget_log_pages();
    if (result != SQLITE_OK && result != SQLITE_BUSY)
        log::warn("the database's log could not be copied back; it grows until that works",
                  {{"database", database.file().string()}, {"why", sqlite3_errstr(result)}});
}

} // namespace hk::store
