#include "runner/terminals.hpp"

#include "base/log.hpp"
#include "proto/terminal_frames.hpp"
#include "terminal/container_terminal.hpp"

namespace hk::runner {
namespace {

constexpr std::size_t most_terminals = 16;
/// The Host waits no longer for the connection.
constexpr Duration connect_limit = std::chrono::seconds(7);
/// The Host lets the shell start as soon as the person is taken in.
constexpr Duration start_limit = std::chrono::seconds(15);

/// So often, once a second, is asked whether the engine has found a container again.
constexpr int clean_up_tries = 60;

bool is_start(const std::string& text) {
    const auto frame = proto::parse_person_frame(text);
    return frame && std::holds_alternative<proto::TerminalStart>(*frame);
}

/// What a shell needs of an attempt, from the executor that runs it.
net::Task<Result<terminal::Shell>> prepare(Result<exec::ShellPlace> place) {
    if (!place) co_return fail(place.error());
    terminal::Place where{std::move(place->container), std::move(place->labels), std::move(place->working_directory)};
    auto shell = co_await terminal::prepare_shell(*place->engine, std::move(where));
    co_return shell;
}

} // namespace

TaskTerminals::TaskTerminals(net::Loop& loop, net::Address host, Worker& worker, const NodeName& node)
    : loop_(loop)
    , host_(std::move(host))
    , worker_(worker)
    , terminals_(loop, most_terminals, "the node " + node.value)
    , opening_(loop) {}

void TaskTerminals::clean_up() { opening_.spawn(clean_up_all(worker_.attempt_ids())); }

net::Task<void> TaskTerminals::clean_up_all(std::vector<AttemptId> attempts) {
    for (int tries = 0; tries < clean_up_tries && !attempts.empty(); ++tries) {
        std::vector<AttemptId> left;
        for (const AttemptId attempt : attempts) {
            const bool done = co_await clean_up_one(attempt);
            if (!done) left.push_back(attempt);
        }
        attempts = std::move(left);
        co_await net::sleep_for(std::chrono::seconds(1));
    }
}

/// False while the attempt may still turn out to run.
net::Task<bool> TaskTerminals::clean_up_one(AttemptId attempt) {
    const auto place = worker_.shell_in(attempt);
    if (!place) co_return place.error().code != Errc::conflict;
    co_await terminal::hang_up_left_shells(*place->engine, place->container);
    co_return true;
}

void TaskTerminals::open(const proto::OpenTerminal& order) { opening_.spawn(answer(order)); }

net::Task<void> TaskTerminals::stop(std::string why, Duration limit) {
    opening_.cancel();
    co_await opening_.join();
    co_await terminals_.stop(std::move(why), limit);
}

net::Task<void> TaskTerminals::answer(proto::OpenTerminal order) {
    const std::string attempt = to_string(order.attempt);
    net::Headers none;
    const net::WebSocketLimits limits{.message_bytes = terminal::most_message_bytes, .idle_time = terminal::idle_time};
    std::string target = "/api/runners/terminals/" + net::percent_encode(order.session);
    auto connecting = net::connect_websocket(loop_, host_, std::move(target), std::move(none), limits);
    auto host = co_await net::with_deadline(connect_limit, "the Host did not answer", std::move(connecting));
    if (host) co_return co_await serve(std::move(order), std::move(*host));
    log::warn("a terminal could not be opened", {{"attempt", attempt}, {"why", host.error().message}});
}

net::Task<void> TaskTerminals::serve(proto::OpenTerminal order, net::WebSocket host) {
    const auto place = worker_.shell_in(order.attempt);
    auto slot = terminals_.take();
    Result<terminal::Shell> shell = fail(slot ? Error{} : slot.error());
    if (slot) shell = co_await prepare(place);
    if (!shell) {
        (void)host.send_text(proto::to_json(proto::TerminalError{shell.error().message}));
        co_return co_await host.close();
    }
    (void)host.send_text(proto::to_json(proto::TerminalReady{}));
    auto reading = host.read();
    const auto text = co_await net::with_deadline(start_limit, "the Host did not let it start", std::move(reading));
    if (!text || !is_start(*text)) co_return co_await host.close(); // the person did not wait
    log::info("a terminal is open", {{"attempt", to_string(order.attempt)}});
    auto terminal =
        std::make_unique<terminal::ContainerTerminal>(loop_, *place->engine, std::move(*shell), std::move(host));
    terminals_.keep(std::move(*slot), std::move(terminal));
}

} // namespace hk::runner
