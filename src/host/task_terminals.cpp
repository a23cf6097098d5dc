#include "host/task_terminals.hpp"

#include "base/random.hpp"
#include "host/api/reply.hpp"
#include "proto/terminal_frames.hpp"

#include <algorithm>

namespace hk::host {
namespace {

constexpr std::size_t secret_bytes = 16;
/// Less than a client waits for its handshake, so that it is told.
constexpr Duration patience = std::chrono::seconds(7);

/// What the runner says first: that a shell can start, or why none can.
Result<> first_word(const Result<std::string>& text) {
    if (!text) return fail(text.error());
    const auto frame = proto::parse_shell_frame(*text);
    if (frame && std::holds_alternative<proto::TerminalReady>(*frame)) return {};
    if (const auto* error = frame ? std::get_if<proto::TerminalError>(&*frame) : nullptr)
        return fail(Errc::conflict, error->message);
    return fail(Errc::unavailable, "the runner answered with something else than a terminal");
}

} // namespace

/// A terminal that a runner was asked for. Its asker and the runner's connection share it, and either may go first.
struct TaskTerminals::Expected {
    std::string session;
    std::optional<Result<net::WebSocket>> answer;
    net::Signal answered;
};

net::Task<Result<net::WebSocket>> TaskTerminals::ask(NodeName node, AttemptId attempt) {
    auto expected = std::make_shared<Expected>();
    expected->session = random_hex(secret_bytes);
    if (!links_.open_terminal(node, {expected->session, attempt}))
        co_return fail(Errc::unavailable,
                       "the node " + node.value + " is not connected, so no terminal can open there");
    expected_.push_back(expected);
    /// Whatever ends the waiting: the secret is worth nothing afterwards.
    struct Forget {
        std::list<std::shared_ptr<Expected>>& list;
        const std::shared_ptr<Expected>& one;
        ~Forget() { list.remove(one); }
    };
    const Forget forget{expected_, expected};
    const auto end = BootClock::now() + patience;
    while (!expected->answer && BootClock::now() < end) (void)co_await expected->answered.wait(end - BootClock::now());
    if (!expected->answer)
        co_return fail(Errc::unavailable, "the node " + node.value + " did not open a terminal within " +
                                              format_duration(patience) +
                                              "; is its runner of the same release as this Host?");
    co_return std::move(*expected->answer);
}

void TaskTerminals::connect(terminal::Terminals& terminals, terminal::Terminals::Slot slot, net::WebSocket person,
                            net::WebSocket shell, const NodeName& node) {
    (void)shell.send_text(proto::to_json(proto::TerminalStart{}));
    auto relay = std::make_unique<terminal::Relay>(loop_, std::move(person), std::move(shell),
                                                   "the connection to the node " + node.value +
                                                       " is lost, and the terminal with it; the task goes on");
    terminals.keep(std::move(slot), std::move(relay));
}

std::shared_ptr<TaskTerminals::Expected> TaskTerminals::take(std::string_view session) {
    const auto found =
        std::ranges::find_if(expected_, [&](const auto& one) { return same_secret(one->session, session); });
    if (found == expected_.end()) return nullptr;
    auto expected = *found;
    expected_.erase(found); // one connection for each secret
    return expected;
}

net::Task<void> TaskTerminals::serve(net::Exchange& exchange) {
    const auto expected = take(exchange.request().param("session"));
    if (!expected) {
        Error unknown{Errc::not_found, "no terminal is expected here; each is asked for and opened once", {}};
        co_return co_await refuse(exchange, std::move(unknown));
    }
    const net::WebSocketLimits limits{.message_bytes = terminal::most_message_bytes, .idle_time = terminal::idle_time};
    auto socket = co_await exchange.upgrade(limits);
    if (!socket) co_return;
    auto reading = socket->read();
    const auto text = co_await net::with_deadline(patience, "the runner did not say anything", std::move(reading));
    const auto word = first_word(text);
    if (word) expected->answer = std::move(*socket);
    else expected->answer = fail(word.error());
    expected->answered.notify_all();
}

} // namespace hk::host
