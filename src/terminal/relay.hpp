#pragma once
#include "net/loop.hpp"
#include "net/websocket.hpp"
#include "terminal/terminal.hpp"

namespace hk::terminal {

/// A pipe between a person and a shell elsewhere, each behind a WebSocket. A side that takes nothing stops the other
/// one and nobody else.
class Relay final : public Terminal {
public:
    /// `lost`: what the person is told when the shell's side goes without a last word.
    Relay(net::Loop& loop, net::WebSocket person, net::WebSocket shell, std::string lost);
    net::Task<void> run() override;
    void end(std::string why) override;

private:
    net::Task<void> type();
    net::Task<void> show();
    net::Task<void> notice_leaving();
    static net::Task<void> close(net::WebSocket& side, std::uint16_t code);

    net::WebSocket person_;
    net::WebSocket shell_;
    std::string lost_;
    std::string why_;        ///< it is to end before the shell does
    bool talking_ = false;   ///< what runs in the group may be cancelled
    bool last_word_ = false; ///< the person knows how it ended
    net::TaskGroup group_;   ///< last, so that its tasks end first
};

} // namespace hk::terminal
