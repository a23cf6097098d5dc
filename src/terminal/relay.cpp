#include "terminal/relay.hpp"

#include "proto/terminal_frames.hpp"

namespace hk::terminal {
namespace {

constexpr std::uint16_t normal_end = 1000;
constexpr std::uint16_t going_away = 1001;

bool is_last_word(const std::string& text) {
    const auto frame = proto::parse_shell_frame(text);
    return frame && (std::holds_alternative<proto::TerminalExit>(*frame) ||
                     std::holds_alternative<proto::TerminalError>(*frame));
}

} // namespace

Relay::Relay(net::Loop& loop, net::WebSocket person, net::WebSocket shell, std::string lost)
    : person_(std::move(person))
    , shell_(std::move(shell))
    , lost_(std::move(lost))
    , group_(loop) {}

void Relay::end(std::string why) {
    why_ = std::move(why);
    if (talking_) group_.cancel();
}

net::Task<void> Relay::run() {
    if (why_.empty()) {
        talking_ = true;
        group_.spawn(type());
        group_.spawn(show());
        group_.spawn(notice_leaving());
        co_await group_.join();
        talking_ = false;
    }
    if (!last_word_ && person_.open())
        (void)person_.send_text(proto::to_json(proto::TerminalError{why_.empty() ? lost_ : why_}));
    group_.spawn(close(person_, last_word_ ? normal_end : going_away));
    group_.spawn(close(shell_, normal_end));
    co_await group_.join();
}

net::Task<void> Relay::type() {
    for (;;) {
        auto text = co_await person_.read();
        if (!text) co_return;
        const auto taken = co_await shell_.write_text(std::move(*text));
        if (!taken) co_return; // the other direction still has the shell's last words
    }
}

net::Task<void> Relay::show() {
    while (!last_word_) {
        auto message = co_await shell_.read_message();
        if (!message) break;
        last_word_ = !message->binary && is_last_word(message->data);
        Result<> taken;
        if (message->binary) taken = co_await person_.write_binary(std::move(message->data));
        else taken = co_await person_.write_text(std::move(message->data));
        if (!taken) break;
    }
    group_.cancel();
}

net::Task<void> Relay::notice_leaving() {
    co_await person_.closed();
    group_.cancel();
}

net::Task<void> Relay::close(net::WebSocket& side, std::uint16_t code) { co_await side.close(code); }

} // namespace hk::terminal
