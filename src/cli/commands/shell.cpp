#include "base/file.hpp"
#include "cli/commands/client.hpp"
#include "cli/selection.hpp"
#include "cli/task_exit.hpp"
#include "cli/terminal_frames.hpp"
#include "net/loop.hpp"
#include "net/websocket.hpp"

#include <array>
#include <cerrno>
#include <csignal>
#include <sys/stat.h>
#include <unistd.h>

namespace hk::cli {
namespace {

constexpr std::size_t piece_bytes = 16 * 1024;
constexpr std::string_view end_of_input = "\x04"; ///< what Ctrl-D sends

/// One terminal session: keys go to the Host, output comes back, until the other side ends it.
/// Loop thread only.
class RemoteTerminal {
public:
    RemoteTerminal(net::Loop& loop, net::WebSocket socket, World& world)
        : loop_(loop)
        , socket_(std::move(socket))
        , world_(world) {}
    net::Task<int> run();

private:
    void watch_input();
    void read_input();
    void send_size() { (void)socket_.send_text(resize_frame(window_size())); }
    std::optional<int> show(const net::WebSocket::Message& message);

    net::Loop& loop_;
    net::WebSocket socket_;
    World& world_;
    net::Watch input_;
    InputText typed_;
    std::string problem_; ///< what the Host said went wrong
};

void RemoteTerminal::read_input() {
    std::array<char, piece_bytes> bytes{};
    const ssize_t count = ::read(STDIN_FILENO, bytes.data(), bytes.size());
    if (count < 0 && (errno == EINTR || errno == EAGAIN)) return;
    if (count <= 0) {
        input_.reset();
        (void)socket_.send_text(input_frame(end_of_input));
        return;
    }
    const std::string text = typed_.take({bytes.data(), static_cast<std::size_t>(count)});
    if (!text.empty()) (void)socket_.send_text(input_frame(text));
}

/// A file cannot be waited for, only read; it is sent at once.
void RemoteTerminal::watch_input() {
    struct stat info{};
    const bool waits = isatty(STDIN_FILENO) == 1 ||
                       (fstat(STDIN_FILENO, &info) == 0 && (S_ISFIFO(info.st_mode) || S_ISSOCK(info.st_mode)));
    if (waits) {
        input_ = loop_.watch_fd(STDIN_FILENO, [this] { read_input(); });
        return;
    }
    if (const auto text = read_file("/proc/self/fd/0")) (void)socket_.send_text(input_frame(valid_utf8(*text)));
    (void)socket_.send_text(input_frame(end_of_input));
}

std::optional<int> RemoteTerminal::show(const net::WebSocket::Message& message) {
    if (message.binary) {
        world_.out(message.data);
        return std::nullopt;
    }
    const auto frame = parse_frame(message.data);
    if (!frame) return std::nullopt;
    if (const auto* output = std::get_if<TerminalOutput>(&*frame)) world_.out(output->data);
    if (const auto* error = std::get_if<TerminalError>(&*frame)) problem_ = error->message;
    if (const auto* exit = std::get_if<TerminalExit>(&*frame)) return exit->code;
    return std::nullopt;
}

net::Task<int> RemoteTerminal::run() {
    loop_.on_signals({SIGWINCH}, [this](int) { send_size(); });
    send_size();
    watch_input();
    for (;;) {
        const auto message = co_await socket_.read_message();
        if (!message) break;
        if (const auto code = show(*message)) {
            input_.reset();
            co_await socket_.close();
            co_return *code;
        }
    }
    input_.reset();
    const bool ended = socket_.close_code() == 1000 && problem_.empty();
    if (ended) co_return 0;
    const std::string why = problem_.empty() ? std::string(socket_.close_reason()) : problem_;
    world_.err("\r\n" + world_.program + ": the terminal ended" +
               (why.empty() ? ": the connection is lost" : ": " + harmless(why)) + "\r\n");
    co_return infrastructure_exit;
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
        parser.about({.usage = "hakuriver.docker-shell ENV",
                      .sentence = "Opens a terminal in the container of an environment on the Host.",
                      .examples = {"hakuriver.docker-shell my-env"}});
        parser.option(
            {.names = "--task", .value = "ID", .help = "In this running task: not there yet.", .what = Names::task},
            task_);
        parser.positional({.name = "ENV", .help = "name of the environment", .least = 0, .what = Names::environment},
                          words_);
    }
    Result<std::string> target() const {
        if (task_)
            return fail(Errc::unsupported, "a terminal in a running task is not there yet; open one in its "
                                           "environment on the Host: hakuriver.docker-shell ENV");
        if (words_.empty()) return fail(Errc::invalid, "name an environment");
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
