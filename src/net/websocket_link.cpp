#include "net/websocket_link.hpp"

#include "net/loop.hpp"
#include "net/wait.hpp"

#include <sys/random.h>

#include <algorithm>
#include <array>

namespace hk::net::detail {
namespace {

constexpr std::size_t read_size = 16 * 1024;
constexpr std::size_t most_pongs_waiting = 64;

std::uint32_t random_mask() {
    std::uint32_t mask = 0;
    (void)::getrandom(&mask, sizeof mask, 0);
    return mask;
}

Error closed_by_peer(std::uint16_t code, std::string_view reason) {
    std::string text = "the peer closed the connection (" + std::to_string(code);
    if (!reason.empty()) text.append(" ").append(reason);
    return Error{Errc::unavailable, text + ")", {}};
}

} // namespace

/// Frames that are written with one system call.
struct WebSocketLink::Batch {
    static constexpr std::size_t most = 16;
    std::vector<std::string> frames;
    std::size_t bytes = 0;
    std::uint64_t last = 0; ///< number of the last frame
};

WebSocketLink::WebSocketLink(StreamPtr stream, Side side, WebSocketLimits limits)
    : stream_(std::move(stream))
    , peer_(stream_->peer())
    , side_(side)
    , limits_(limits)
    , frames_(side == Side::server, limits.message_bytes)
    , heard_(std::chrono::steady_clock::now()) {}

void WebSocketLink::start(Loop& loop, const Ptr& link) {
    spawn_self_owned(loop, read_all(link));
    spawn_self_owned(loop, write_all(link));
    spawn_self_owned(loop, watch_time(link));
}

Duration WebSocketLink::silence() const {
    return std::chrono::duration_cast<Duration>(std::chrono::steady_clock::now() - heard_);
}

void WebSocketLink::end(Error why) {
    if (life_ == Life::over) return;
    life_ = Life::over;
    if (!why_) why_ = std::move(why);
    if (code_ == 0) code_ = 1006;
    out_.clear();
    out_bytes_ = 0;
    stream_->close();
    changed_.notify_all();
    in_changed_.notify_all();
    out_changed_.notify_all();
}

void WebSocketLink::cut() { end(Error{Errc::unavailable, "the connection is closed", {}}); }

void WebSocketLink::abandon() {
    if (life_ == Life::open) return cut();
    discard_ = true;
    in_.clear();
    in_bytes_ = 0;
    in_changed_.notify_all();
}

// Writing

void WebSocketLink::push(Opcode opcode, std::string_view payload) {
    const auto mask = side_ == Side::client ? std::optional(random_mask()) : std::nullopt;
    out_.push_back(make_frame(opcode, payload, mask));
    out_bytes_ += out_.back().size();
    ++queued_;
    out_changed_.notify_all();
}

Result<std::uint64_t> WebSocketLink::queue(Opcode opcode, std::string_view message) {
    if (life_ != Life::open) {
        return fail(why_.value_or(Error{Errc::unavailable, "the connection is closing", {}}));
    }
    if (message.size() > limits_.backlog_bytes - std::min(limits_.backlog_bytes, out_bytes_)) {
        Error slow{Errc::too_large,
                   "the peer reads too slowly: the backlog is over " + std::to_string(limits_.backlog_bytes) + " bytes",
                   {}};
        end(slow);
        return fail(std::move(slow));
    }
    push(opcode, message);
    return queued_;
}

Task<Result<>> WebSocketLink::write(Ptr link, Opcode opcode, std::string message) {
    const auto number = link->queue(opcode, message);
    if (!number) co_return fail(number.error());
    const auto waits = [&] {
        return link->sent_ < *number && *number < link->dropped_from_ && link->life_ != Life::over;
    };
    while (waits()) (void)co_await link->out_changed_.wait(no_limit);
    if (link->sent_ < *number || *number >= link->dropped_from_) co_return fail(link->why_.value_or(Error{}));
    co_return Result<>{};
}

WebSocketLink::Batch WebSocketLink::next_batch() {
    Batch batch;
    batch.last = queued_ - out_.size();
    while (!out_.empty() && batch.frames.size() < Batch::most) {
        batch.bytes += out_.front().size();
        batch.frames.push_back(std::move(out_.front()));
        out_.pop_front();
        ++batch.last;
    }
    return batch;
}

Task<Result<>> WebSocketLink::send(Batch& batch) {
    std::array<std::string_view, Batch::most> parts;
    std::ranges::copy(batch.frames, parts.begin());
    co_return co_await stream_->write_parts(std::span(parts).first(batch.frames.size()), limits_.idle_time);
}

Task<void> WebSocketLink::write_all(Ptr link) {
    auto& l = *link;
    while (l.life_ != Life::over && !l.close_sent_) {
        if (l.out_.empty()) {
            (void)co_await l.out_changed_.wait(no_limit);
            continue;
        }
        auto batch = l.next_batch();
        const auto sent = co_await l.send(batch);
        if (l.life_ == Life::over) co_return;
        if (!sent) {
            l.end(sent.error());
            co_return;
        }
        l.sent_ = batch.last;
        l.out_bytes_ -= batch.bytes;
        l.close_sent_ = l.close_queued_ && l.out_.empty();
        l.out_changed_.notify_all();
    }
    if (l.life_ == Life::over) co_return;
    if (l.close_seen_) co_return l.cut();
    if (l.side_ == Side::server) l.stream_->shutdown_write(); // the server's end goes first
}

// Reading

/// A consumer that does not take its messages stops the reading, and through it the peer.
Task<void> WebSocketLink::wait_for_room() {
    while (in_bytes_ >= limits_.message_bytes && life_ == Life::open) {
        paused_ = true;
        (void)co_await in_changed_.wait(no_limit);
    }
    if (std::exchange(paused_, false)) heard_ = std::chrono::steady_clock::now();
}

Task<void> WebSocketLink::read_all(Ptr link) {
    auto& l = *link;
    std::string buffer(read_size, '\0');
    while (l.life_ != Life::over) {
        co_await l.wait_for_room();
        const auto got = co_await l.stream_->read_some(buffer, no_limit);
        if (l.life_ == Life::over) co_return;
        if (!got || *got == 0) {
            if (l.close_seen_ && !l.close_sent_) co_return; // the writer still has our answer to it
            l.end(got ? Error{Errc::unavailable, "the peer ended the connection", {}} : got.error());
            co_return;
        }
        l.heard_ = std::chrono::steady_clock::now();
        if (!l.discard_) l.take(std::string_view(buffer).substr(0, *got));
    }
}

void WebSocketLink::take(std::string_view bytes) {
    std::vector<FrameEvent> events;
    const auto taken = frames_.put(bytes, events);
    for (auto& event : events) {
        if (discard_ || life_ == Life::over) return;
        handle(std::move(event));
    }
    if (taken || discard_ || life_ == Life::over) return;
    discard_ = true;
    const auto kind = taken.error().code == 1009 ? Errc::too_large : Errc::invalid;
    why_ = Error{kind, "the peer broke the protocol: " + taken.error().what, {}};
    code_ = taken.error().code;
    begin_close(taken.error().code, taken.error().what);
    in_changed_.notify_all();
}

void WebSocketLink::handle(FrameEvent event) {
    switch (event.kind) {
    case Opcode::continuation:
    case Opcode::pong: return;
    case Opcode::ping:
        // Whoever sends pings and reads nothing gets no answer to each of them.
        if (!close_queued_ && out_.size() < most_pongs_waiting) push(Opcode::pong, event.data);
        return;
    case Opcode::close: return handle_close(std::move(event));
    case Opcode::text:
    case Opcode::binary:
        in_bytes_ += event.data.size();
        in_.push_back({.data = std::move(event.data), .binary = event.kind == Opcode::binary});
        in_changed_.notify_all();
        return;
    }
}

void WebSocketLink::handle_close(FrameEvent event) {
    close_seen_ = true;
    discard_ = true; // nothing may follow
    code_ = event.code;
    reason_ = std::move(event.data);
    if (!why_) why_ = closed_by_peer(code_, reason_);
    if (close_sent_) return cut();
    if (!close_queued_) {
        dropped_from_ = queued_ - out_.size() + 1;
        for (const auto& frame : out_) out_bytes_ -= frame.size();
        out_.clear();
        begin_close(code_ == 1005 ? 1000 : code_, {});
    }
    in_changed_.notify_all();
}

Task<Result<WebSocket::Message>> WebSocketLink::read(Ptr link) {
    while (link->in_.empty()) {
        if (link->why_) co_return fail(*link->why_);
        (void)co_await link->in_changed_.wait(no_limit);
    }
    auto message = std::move(link->in_.front());
    link->in_.pop_front();
    link->in_bytes_ -= message.data.size();
    link->in_changed_.notify_all();
    co_return message;
}

// Ending

void WebSocketLink::begin_close(std::uint16_t code, std::string_view reason) {
    if (std::exchange(close_queued_, true)) return;
    if (life_ == Life::open) life_ = Life::closing;
    push(Opcode::close, close_payload(code, reason));
    changed_.notify_all();
}

Task<void> WebSocketLink::close(Ptr link, std::uint16_t code, std::string reason) {
    link->begin_close(is_close_code(code) ? code : std::uint16_t{1000}, reason);
    while (link->life_ != Life::over) (void)co_await link->changed_.wait(no_limit);
}

Task<void> WebSocketLink::closed(Ptr link) {
    while (link->life_ == Life::open) (void)co_await link->changed_.wait(no_limit);
}

/// Pings a silent peer, drops a dead one, and limits the time that closing takes. While nothing is read, a peer cannot
/// be judged by its silence; but a ping shows it that we live, and fails when its machine says that it is gone.
Task<void> WebSocketLink::watch_time(Ptr link) {
    auto& l = *link;
    const auto step = l.limits_.idle_time / 3;
    while (l.life_ == Life::open) {
        if (co_await l.changed_.wait(step)) continue;
        if (l.paused_) {
            if (l.out_.empty()) l.push(Opcode::ping, {});
        } else if (l.silence() >= l.limits_.idle_time) {
            l.end(Error{Errc::timeout, "the peer was silent for " + format_duration(l.limits_.idle_time), {}});
        } else if (l.silence() >= step / 2) {
            l.push(Opcode::ping, {});
        }
    }
    const Deadline deadline(l.limits_.close_time);
    while (l.life_ != Life::over && !deadline.over()) (void)co_await l.changed_.wait(deadline.left());
    l.cut();
}

} // namespace hk::net::detail
