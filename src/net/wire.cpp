#include "net/server_core.hpp"
#include "net/wait.hpp"

#include <array>

namespace hk::net::detail {

Task<Result<bool>> Wire::read_once(Duration limit) {
    const auto space = inbox_.space();
    if (space.empty()) co_return fail(Errc::too_large, "the peer sent more than fits");
    const auto got = co_await stream_->read_some(space, limit);
    if (!got) co_return fail(got.error());
    inbox_.commit(*got);
    co_return *got > 0;
}

Task<Result<bool>> Wire::fill(std::shared_ptr<Wire> wire, Duration limit) {
    const Deadline deadline(limit);
    const auto before = wire->inbox_.data().size();
    while (wire->watched && !wire->ended && wire->inbox_.data().size() == before) {
        if (!co_await wire->filled_.wait(deadline.left()))
            co_return fail(Errc::timeout, "the peer sent nothing in time");
    }
    if (wire->inbox_.data().size() > before) co_return true;
    if (wire->ended) co_return false;
    co_return co_await wire->read_once(deadline.left());
}

Task<void> Wire::watch(std::shared_ptr<Wire> wire) {
    wire->watched = true;
    // Not into the inbox: the connection may use that up while this read is pending.
    std::array<char, 1024> piece;
    while (wire->wake && !wire->ended) {
        const auto got = co_await wire->stream_->read_some(piece, no_limit);
        const std::string_view bytes(piece.data(), got.value_or(0));
        // A peer that sends more into an event stream than the inbox holds is taken for gone.
        wire->ended = bytes.empty() || !wire->inbox_.append(bytes);
        wire->filled_.notify_all();
    }
    if (wire->wake) wire->wake->notify_all();
    wire->watched = false;
    wire->filled_.notify_all();
}

} // namespace hk::net::detail
