#include "runner/host_link.hpp"

#include "base/log.hpp"

#include <utility>

namespace hk::runner {
namespace {

constexpr const char* path = "/api/runners/link";
constexpr Duration first_pause = std::chrono::milliseconds(200);
constexpr Duration longest_pause = std::chrono::seconds(10);
constexpr Duration answer_limit = std::chrono::seconds(10);

} // namespace

HostLink::HostLink(net::Loop& loop, net::Address host, Hooks hooks)
    : loop_(loop)
    , host_(std::move(host))
    , hooks_(std::move(hooks))
    , next_pause_(first_pause)
    , random_(std::random_device{}())
    , conversation_(loop) {}

net::Task<void> HostLink::run() {
    for (;;) {
        const auto end = co_await one_connection();
        report(end);
        const Duration wait = pause(end);
        co_await net::sleep_for(wait);
    }
}

void HostLink::report(const Result<End>& end) {
    const std::string problem = end ? "" : end.error().message;
    if (end && *end == End::lost && !own_wish_)
        log::warn("the connection to the Host is lost; tasks go on", {{"host", net::to_text(host_)}});
    if (!problem.empty() && problem != last_problem_)
        log::warn("the Host cannot be reached; trying on", {{"host", net::to_text(host_)}, {"why", problem}});
    last_problem_ = problem;
}

/// Doubles up to a limit, and is spread over half of itself, so that nodes do not come back all at once.
Duration HostLink::pause(const Result<End>& end) {
    if (std::exchange(own_wish_, false)) return {};
    if (end && *end == End::lost) next_pause_ = first_pause;
    if (end && *end == End::rejected) next_pause_ = longest_pause;
    const auto base = next_pause_.count();
    next_pause_ = std::min(next_pause_ * 2, longest_pause);
    return Duration{std::uniform_int_distribution<Duration::rep>(base / 2, base)(random_)};
}

net::Task<Result<HostLink::End>> HostLink::one_connection() {
    auto connecting = net::connect_websocket(loop_, host_, path, {}, {.idle_time = std::chrono::seconds(30)});
    auto connected = co_await net::with_deadline(answer_limit, "the Host did not answer", std::move(connecting));
    if (!connected) co_return fail(connected.error());
    net::WebSocket socket = std::move(*connected);
    const auto welcome = co_await greet(socket);
    if (!welcome) {
        if (welcome.error().code != Errc::conflict) co_return fail(welcome.error());
        log::error("the Host does not take this runner", {{"why", welcome.error().message}});
        co_return End::rejected;
    }
    log::info("connected to the Host", {{"host", net::to_text(host_)}});
    socket_.emplace(std::move(socket));
    hooks_.connected();
    conversation_.spawn(beat(*socket_, std::chrono::milliseconds(welcome->heartbeat_ms)));
    conversation_.spawn(listen(*socket_));
    co_await conversation_.join();
    socket_.reset();
    co_return End::lost;
}

net::Task<Result<proto::Welcome>> HostLink::greet(net::WebSocket& socket) {
    const std::string hello = proto::to_json(hooks_.hello());
    if (auto sent = socket.send_text(hello); !sent) co_return fail(sent.error());
    auto reading = socket.read();
    auto text = co_await net::with_deadline(answer_limit, "the Host did not answer", std::move(reading));
    if (!text) co_return fail(text.error());
    auto message = proto::parse_host_message(*text);
    if (!message) co_return fail(message.error());
    if (const auto* rejected = std::get_if<proto::Rejected>(&*message))
        co_return fail(Errc::conflict, rejected->message);
    const auto* welcome = std::get_if<proto::Welcome>(&*message);
    if (welcome == nullptr) co_return fail(Errc::invalid, "the Host answered the hello with something else");
    co_return *welcome;
}

net::Task<void> HostLink::beat(net::WebSocket& socket, Duration every) {
    while (socket.open()) {
        const std::string heartbeat = proto::to_json(hooks_.heartbeat());
        if (auto sent = socket.send_text(heartbeat); !sent) break;
        co_await net::sleep_for(every);
    }
    conversation_.cancel();
}

net::Task<void> HostLink::listen(net::WebSocket& socket) {
    for (;;) {
        const auto text = co_await socket.read();
        if (!text) break;
        const auto message = proto::parse_host_message(*text);
        if (!message) {
            log::warn("the Host said something that makes no sense", {{"why", message.error().message}});
            break;
        }
        if (const auto* orders = std::get_if<proto::Orders>(&*message)) hooks_.orders(*orders);
        if (const auto* open = std::get_if<proto::OpenTerminal>(&*message)) hooks_.open_terminal(*open);
    }
    conversation_.cancel();
}

bool HostLink::send(const proto::Reports& reports) {
    if (!socket_) return false;
    if (socket_->send_text(proto::to_json(reports))) return true;
    conversation_.cancel();
    return false;
}

void HostLink::say_hello_again() {
    own_wish_ = socket_.has_value();
    conversation_.cancel();
}

} // namespace hk::runner
