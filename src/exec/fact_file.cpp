#include "exec/fact_file.hpp"

#include "base/log.hpp"
#include "net/loop.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <fcntl.h>
#include <set>
#include <sys/inotify.h>
#include <unistd.h>

namespace hk::exec {

// ---------------------------------------------------------------------------------------------------- FactReader

namespace {

Result<std::uint64_t> find_assignment_end(int fd, const std::filesystem::path& record) {
    std::array<char, 4096> chunk;
    for (std::uint64_t at = 0; at < max_record;) {
        const ssize_t got = ::pread(fd, chunk.data(), chunk.size(), static_cast<off_t>(at));
        if (got <= 0) break;
        const auto end = std::string_view(chunk.data(), static_cast<std::size_t>(got)).find('\n');
        if (end != std::string_view::npos) return at + end + 1;
        at += static_cast<std::uint64_t>(got);
    }
    return fail(Errc::corrupt, "the spool record " + record.string() + " has no complete first line");
}

} // namespace

Result<std::uint64_t> assignment_size(const std::filesystem::path& record) {
    const Fd fd(::open(record.c_str(), O_RDONLY | O_CLOEXEC));
    if (!fd) return fail(system_error("cannot open " + record.string(), errno));
    HK_TRY(const std::uint64_t end, find_assignment_end(fd.get(), record));
    std::array<char, 64> next{};
    const ssize_t got = ::pread(fd.get(), next.data(), next.size(), static_cast<off_t>(end));
    const std::string_view text(next.data(), static_cast<std::size_t>(std::max<ssize_t>(got, 0)));
    const auto line_end = text.find('\n');
    return text.starts_with(executor_fact) && line_end != text.npos ? end + line_end + 1 : end;
}

Result<FactReader::News> FactReader::read() {
    if (!fd_) fd_ = Fd(::open(record_.c_str(), O_RDONLY | O_CLOEXEC));
    if (!fd_) return fail(system_error("cannot open " + record_.string(), errno));
    if (offset_ == 0) {
        HK_TRY(offset_, find_assignment_end(fd_.get(), record_));
    }
    std::array<char, max_fact_read> buffer; // not cleared: facts are far shorter
    const ssize_t got = ::pread(fd_.get(), buffer.data(), buffer.size(), static_cast<off_t>(offset_));
    if (got < 0) return fail(system_error("cannot read " + record_.string(), errno));
    const std::string_view text(buffer.data(), static_cast<std::size_t>(got));
    News news;
    news.more = text.size() == max_fact_read;
    std::size_t at = 0;
    for (auto end = text.find('\n'); end != text.npos; end = text.find('\n', at)) {
        if (auto fact = parse_fact(text.substr(at, end - at))) news.facts.push_back(std::move(*fact));
        at = end + 1;
    }
    // A line that fills the whole read is none of ours: pass over it rather than read it for ever.
    offset_ += at == 0 && news.more ? text.size() : at;
    return news;
}

// -------------------------------------------------------------------------------------------------- FactFollower

namespace {
constexpr std::size_t notification_buffer = 64 * 1024;
} // namespace

/// Shared with the jobs in the loop's queue, which may outlive the follower.
struct FactFollower::State : std::enable_shared_from_this<State> {
    State(net::Loop& l, std::filesystem::path f, Sink s)
        : loop(l)
        , folder(std::move(f))
        , sink(std::move(s)) {}

    net::Loop& loop;
    std::filesystem::path folder;
    Sink sink;
    Fd inotify;
    net::Watch watch;
    std::unordered_map<AttemptId, FactReader> readers;
    std::set<AttemptId> to_read;
    bool scheduled = false;
    bool closed = false;

    void take_notifications();
    void note(const inotify_event& event);
    void want(AttemptId attempt);
    void read_wanted();
    void read_one(AttemptId attempt);
};

void FactFollower::State::note(const inotify_event& event) {
    if ((event.mask & IN_Q_OVERFLOW) != 0) {
        for (const auto& [attempt, reader] : readers) to_read.insert(attempt);
        return;
    }
    if (event.len == 0) return;
    const auto attempt = parse_attempt_id(event.name);
    if (attempt && readers.contains(*attempt)) to_read.insert(*attempt);
}

void FactFollower::State::take_notifications() {
    alignas(inotify_event) char buffer[notification_buffer];
    const ssize_t got = ::read(inotify.get(), buffer, sizeof buffer);
    for (ssize_t at = 0; at < got;) {
        const auto* event = reinterpret_cast<const inotify_event*>(buffer + at);
        note(*event);
        at += static_cast<ssize_t>(sizeof *event + event->len);
    }
    read_wanted();
}

void FactFollower::State::want(AttemptId attempt) {
    to_read.insert(attempt);
    if (scheduled) return;
    scheduled = true;
    loop.defer([self = shared_from_this()] {
        self->scheduled = false;
        self->read_wanted();
    });
}

void FactFollower::State::read_wanted() {
    std::set<AttemptId> now;
    now.swap(to_read); // what the sink asks for belongs to the next turn
    for (const auto attempt : now) {
        if (closed) return;
        read_one(attempt);
    }
}

void FactFollower::State::read_one(AttemptId attempt) {
    const auto found = readers.find(attempt);
    if (found == readers.end()) return;
    auto news = found->second.read();
    if (!news) {
        log::warn("a spool record cannot be read", {{"attempt", to_string(attempt)}, {"error", news.error().message}});
        return;
    }
    if (readers.size() > max_open_records) found->second.close();
    if (news->more) want(attempt);
    for (const auto& fact : news->facts) {
        if (closed || !readers.contains(attempt)) return; // the sink may have had enough
        sink(attempt, fact);
    }
}

FactFollower::FactFollower(std::shared_ptr<State> state)
    : state_(std::move(state)) {}

Result<std::unique_ptr<FactFollower>> FactFollower::open(net::Loop& loop, const Spool& spool, Sink sink) {
    auto state = std::make_shared<State>(loop, spool.folder(), std::move(sink));
    state->inotify = Fd(::inotify_init1(IN_CLOEXEC | IN_NONBLOCK));
    if (!state->inotify || ::inotify_add_watch(state->inotify.get(), spool.folder().c_str(), IN_MODIFY) < 0)
        return fail(system_error("cannot follow the spool folder", errno));
    State* raw = state.get(); // the watch ends with the state
    state->watch = loop.watch_fd(state->inotify.get(), [raw] { raw->shared_from_this()->take_notifications(); });
    return std::unique_ptr<FactFollower>(new FactFollower(std::move(state)));
}

FactFollower::~FactFollower() {
    state_->closed = true;
    state_->watch.reset();
    state_->readers.clear();
}

void FactFollower::follow(AttemptId attempt) {
    const auto [at, fresh] = state_->readers.try_emplace(attempt, state_->folder / to_string(attempt));
    if (fresh) state_->want(attempt);
}

void FactFollower::follow_from(AttemptId attempt, std::uint64_t offset) {
    state_->readers.try_emplace(attempt, state_->folder / to_string(attempt), offset);
}

void FactFollower::unfollow(AttemptId attempt) { state_->readers.erase(attempt); }

void FactFollower::look_again(AttemptId attempt) {
    if (state_->readers.contains(attempt)) state_->want(attempt);
}

} // namespace hk::exec
