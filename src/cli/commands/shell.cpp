#include "cli/commands/client.hpp"
#include "cli/input_text.hpp"
#include "cli/raw_terminal.hpp"
#include "cli/selection.hpp"
#include "cli/task_exit.hpp"
#include "net/loop.hpp"
#include "net/websocket.hpp"
#include "proto/terminal_frames.hpp"

#include <array>
#include <cerrno>
#include <csignal>
#include <sys/stat.h>
#include <unistd.h>

namespace hk::cli {
namespace {

/// Far below what the Host takes in one message, also when each byte is escaped.
constexpr std::size_t piece_bytes = 16 * 1024;
constexpr std::string_view end_of_input = "\x04"; ///< what Ctrl-D sends

/// One terminal session: keys go to the Host, output comes back, until the other side ends it.
/// Loop thread only.
class RemoteTerminal {
public:
    RemoteTerminal(net::Loop& loop, net::WebSocket socket, World& world)
        : loop_(loop)
        , socket_(std::move(socket))
        , world_(world)
        , typing_(loop) {}
    net::Task<int> run();

private:
    net::Task<void> type();
    net::Task<void> wait_for_input();
    net::Task<bool> send(std::string text);
    void send_size() { (void)socket_.send_text(proto::to_json(window_size())); }
    std::optional<int> show(const net::WebSocket::Message& message);
    int lost() const;

    net::Loop& loop_;
    net::WebSocket socket_;
    World& world_;
    std::string problem_; ///< what the Host said went wrong
    net::TaskGroup typing_;
};

/// A file cannot be waited for, only read.
bool can_wait_for_input() {
    struct stat info{};
    return isatty(STDIN_FILENO) == 1 ||
           (fstat(STDIN_FILENO, &info) == 0 && (S_ISFIFO(info.st_mode) || S_ISSOCK(info.st_mode)));
}

net::Task<void> RemoteTerminal::wait_for_input() {
    net::Signal readable;
    const net::Watch watch = loop_.watch_fd(STDIN_FILENO, [&] { readable.notify_all(); });
    (void)co_await readable.wait(net::no_limit);
}

net::Task<bool> RemoteTerminal::send(std::string text) {
    proto::TerminalInput input{std::move(text)};
    const auto sent = co_await socket_.write_text(proto::to_json(input));
    co_return sent.has_value();
}

/// Nothing is read while the Host takes nothing, so that no key is lost, however much is pasted.
net::Task<void> RemoteTerminal::type() {
    const bool waits = can_wait_for_input();
    InputText typed;
    std::array<char, piece_bytes> bytes{};
    for (;;) {
        if (waits) co_await wait_for_input();
        const ssize_t count = ::read(STDIN_FILENO, bytes.data(), bytes.size());
        if (count < 0 && (errno == EINTR || errno == EAGAIN)) continue;
        if (count <= 0) break;
        std::string text = typed.take({bytes.data(), static_cast<std::size_t>(count)});
        if (text.empty()) continue;
        const bool sent = co_await send(std::move(text));
        if (!sent) co_return;
    }
    std::string last = typed.rest() + std::string(end_of_input);
    (void)co_await send(std::move(last));
}

std::optional<int> RemoteTerminal::show(const net::WebSocket::Message& message) {
    if (message.binary) {
        world_.out(message.data);
        return std::nullopt;
    }
    const auto frame = proto::parse_shell_frame(message.data);
    if (!frame) return std::nullopt;
    if (const auto* output = std::get_if<proto::TerminalOutput>(&*frame)) world_.out(output->data);
    if (const auto* error = std::get_if<proto::TerminalError>(&*frame)) problem_ = error->message;
    if (const auto* exit = std::get_if<proto::TerminalExit>(&*frame)) return exit->code;
    return std::nullopt;
}

/// Only the shell's own exit code is one; however the connection ended, without it nobody knows how the shell did.
int RemoteTerminal::lost() const {
    std::string why = problem_;
    if (why.empty()) why = socket_.close_reason();
    if (why.empty()) why = "the connection to the Host is lost";
    world_.err("\r\n" + world_.program + ": the terminal ended: " + harmless(why) + "\r\n");
    return infrastructure_exit;
}

net::Task<int> RemoteTerminal::run() {
    loop_.on_signals({SIGWINCH}, [this](int) { send_size(); });
    send_size();
    typing_.spawn(type());
    std::optional<int> code;
    while (!code) {
        const auto message = co_await socket_.read_message();
        if (!message) break;
        code = show(*message);
    }
    typing_.cancel();
    co_await typing_.join();
    co_await socket_.close();
    co_return code ? *code : lost();
}

net::Task<Result<int>> run_terminal(net::Loop& loop, net::Address address, std::string target, World& world) {
    net::Headers none;
    net::Headers headers;
    auto socket = co_await net::connect_websocket(loop, std::move(address), std::move(target), std::move(headers));
    if (!socket) co_return fail(socket.error());
    const RawMode raw;
    RemoteTerminal terminal(loop, std::move(*socket), world);
    co_return co_await terminal.run();
}

class ShellVerb : public Verb {
    void declare(Parser& parser) override {
        parser.about(
            {.usage = "hakuriver.docker-shell ENV | --task ID",
             .sentence = "Opens a terminal in the container of an environment on the Host, or in a running task.",
             .examples = {"hakuriver.docker-shell my-env", "hakuriver.docker-shell --task 12"}});
        parser.option({.names = "--task",
                       .value = "ID",
                       .help = "In this running task, in its container on its node.",
                       .what = Names::task},
                      task_);
        parser.positional({.name = "ENV", .help = "name of the environment", .least = 0, .what = Names::environment},
                          words_);
    }
    Result<std::string> target() const {
        if (task_.has_value() == !words_.empty())
            return fail(Errc::invalid, "name one environment, or a running task with --task ID");
        if (words_.size() > 1) return fail(Errc::invalid, "name one environment");
        if (task_) {
            HK_TRY(const TaskId id, parse_task_id(*task_));
            return "/api/terminal/tasks/" + to_string(id);
        }
        HK_TRY(const std::string name, parse_environment_name(words_.front()));
        return "/api/terminal/environments/" + net::percent_encode(name);
    }
    Result<int> run(Session& session) override {
        HK_TRY(const std::string path, target());
        HK_TRY(const HostPlace place, session.world().locate(common));
        net::Loop loop;
        auto done = net::run_task(loop, run_terminal(loop, place.address, path, session.world()));
        if (done) return *done;
        return fail(reason(session, path, std::move(done).error()));
    }
    /// A handshake is refused with a number; an ordinary request to the same path is told why.
    static Error reason(Session& session, const std::string& path, Error refused) {
        const auto api = session.host();
        if (!api) return api.error();
        const auto told = (*api)->get(path);
        if (!told && told.error().code != Errc::invalid) return told.error();
        refused.message = "no terminal from the Host at " + (*api)->where() + ": " + refused.message;
        return refused;
    }
    std::optional<std::string> task_;
    std::vector<std::string> words_;
};

} // namespace

std::unique_ptr<Verb> make_shell() { return make_verb<ShellVerb>(); }

} // namespace hk::cli
