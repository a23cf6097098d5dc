#include "cli/programs.hpp"
#include "net/exchange.hpp"
#include "net/http_server.hpp"
#include "net/loop.hpp"
#include "net/router.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <fcntl.h>
#include <mutex>
#include <poll.h>
#include <pty.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

using namespace hk;

namespace {

constexpr auto patience = std::chrono::seconds(20);

/// What arrived at the terminal's other side.
struct Heard {
    std::mutex mutex;
    std::string text;
    void add(const std::string& frame) {
        const std::scoped_lock lock(mutex);
        text += frame + "\n";
    }
    bool contains(std::string_view part) {
        const std::scoped_lock lock(mutex);
        return text.contains(part);
    }
    std::ptrdiff_t count(char c) {
        const std::scoped_lock lock(mutex);
        return std::ranges::count(text, c);
    }
    std::atomic<bool> reads = true; ///< or takes nothing for now
};
Heard* heard = nullptr;

/// Answers each frame with a greeting, "bye" with an exit code, and "leave" by closing without one.
net::Task<void> terminal(net::Exchange& exchange) {
    const net::WebSocketLimits limits{.message_bytes = 256 * 1024, .idle_time = std::chrono::seconds(60)};
    auto socket = co_await exchange.upgrade(limits);
    if (!socket) co_return;
    (void)socket->send_binary("ready\r\n");
    for (;;) {
        const auto frame = co_await socket->read();
        if (!frame) co_return;
        heard->add(*frame);
        while (!heard->reads) co_await net::sleep_for(std::chrono::milliseconds(5));
        if (frame->contains("leave")) co_return co_await socket->close();
        if (frame->contains("bye")) (void)socket->send_text(R"({"type":"exit","code":7})");
        if (frame->contains("input")) (void)socket->send_text(R"({"type":"output","data":"né\r\n"})");
    }
}

class Server {
public:
    Server()
        : router_(routes())
        , server_(loop_, {}, router_.handler()) {
        const auto bound = server_.listen(net::Address::tcp("127.0.0.1", 0));
        REQUIRE_MESSAGE(bound, bound.error().message);
        address = net::to_text(*bound);
        thread_ = std::thread([this] { loop_.run(); });
    }
    Server(const Server&) = delete;
    Server& operator=(const Server&) = delete;
    ~Server() {
        loop_.stop();
        thread_.join();
    }
    std::string address;

private:
    static std::vector<net::Route> routes() {
        return {{.method = net::Method::get, .pattern = "/api/terminal/environments/{env}", .handler = terminal}};
    }
    net::Loop loop_;
    net::Router router_;
    net::HttpServer server_;
    std::thread thread_;
};

/// hakuriver.docker-shell in a terminal of its own. Forked before any thread is there, told the
/// address later.
class Shell {
public:
    Shell() {
        REQUIRE(pipe(pipe_) == 0);
        winsize size{.ws_row = 40, .ws_col = 100, .ws_xpixel = 0, .ws_ypixel = 0};
        child_ = forkpty(&terminal_, nullptr, nullptr, &size);
        REQUIRE(child_ >= 0);
        if (child_ == 0) run_child();
    }
    Shell(const Shell&) = delete;
    Shell& operator=(const Shell&) = delete;
    ~Shell() {
        if (child_ > 0) {
            kill(child_, SIGKILL);
            waitpid(child_, nullptr, 0);
        }
        for (const int fd : {pipe_[0], pipe_[1], terminal_}) close(fd);
    }
    void connect(const std::string& address) {
        REQUIRE(write(pipe_[1], (address + "\n").data(), address.size() + 1) > 0);
    }
    void type(std::string_view keys) { REQUIRE(write(terminal_, keys.data(), keys.size()) > 0); }
    /// Types, and reads what is shown, until nothing more is taken for half a second; how much was.
    std::size_t paste(std::string_view keys) {
        REQUIRE(fcntl(terminal_, F_SETFL, O_NONBLOCK) == 0);
        std::size_t taken = 0;
        auto last = std::chrono::steady_clock::now();
        while (taken < keys.size() && std::chrono::steady_clock::now() - last < std::chrono::milliseconds(500)) {
            const ssize_t count = write(terminal_, keys.data() + taken, keys.size() - taken);
            if (count > 0) last = std::chrono::steady_clock::now();
            if (count < 0 && errno != EAGAIN) break;
            taken += static_cast<std::size_t>(std::max<ssize_t>(count, 0));
            char bytes[4096];
            const ssize_t shown = read(terminal_, bytes, sizeof bytes);
            if (shown > 0) shown_.append(bytes, static_cast<std::size_t>(shown));
            // A full terminal says of itself that it can be written to, so there is nothing to wait for.
            else if (count <= 0) std::this_thread::sleep_for(std::chrono::milliseconds(1));
        }
        return taken;
    }
    void resize(unsigned short rows, unsigned short columns) {
        winsize size{.ws_row = rows, .ws_col = columns, .ws_xpixel = 0, .ws_ypixel = 0};
        REQUIRE(ioctl(terminal_, TIOCSWINSZ, &size) == 0);
    }
    /// Reads what is shown until it has this part.
    bool shows(std::string_view part) {
        const auto end = std::chrono::steady_clock::now() + patience;
        while (!shown_.contains(part) && std::chrono::steady_clock::now() < end) {
            pollfd ready{.fd = terminal_, .events = POLLIN, .revents = 0};
            if (poll(&ready, 1, 100) <= 0) continue;
            char bytes[4096];
            const ssize_t count = read(terminal_, bytes, sizeof bytes);
            if (count <= 0) break;
            shown_.append(bytes, static_cast<std::size_t>(count));
        }
        return shown_.contains(part);
    }
    int exit_code() {
        while (shows("\x04never")) {
        } // until the terminal is closed
        int status = 0;
        REQUIRE(waitpid(child_, &status, 0) == child_);
        child_ = -1;
        return WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + status;
    }
    const std::string& shown() const { return shown_; }

private:
    [[noreturn]] void run_child() {
        std::string address;
        for (char c = 0; read(pipe_[0], &c, 1) == 1 && c != '\n';) address += c;
        std::string words[] = {"hakuriver.docker-shell", "--host", address, "my-env"};
        char* argv[] = {words[0].data(), words[1].data(), words[2].data(), words[3].data(), nullptr};
        _exit(cli::docker_shell_main(4, argv));
    }
    int pipe_[2] = {-1, -1};
    int terminal_ = -1;
    pid_t child_ = -1;
    std::string shown_;
};

bool eventually(const auto& condition) {
    const auto end = std::chrono::steady_clock::now() + patience;
    while (!condition() && std::chrono::steady_clock::now() < end)
        std::this_thread::sleep_for(std::chrono::milliseconds(5));
    return condition();
}

} // namespace

TEST_CASE("shell: keys, output, window size and exit code pass through a real terminal") {
    Heard frames;
    heard = &frames;
    Shell shell;
    const Server server;
    shell.connect(server.address);
    REQUIRE(shell.shows("ready"));
    CHECK(eventually([&] { return frames.contains(R"({"type":"resize","rows":40,"cols":100})"); }));
    shell.type("é\x03\t");
    CHECK(shell.shows("né"));
    CHECK(eventually([&] { return frames.contains(R"("data":"é\u0003\t")"); }));
    shell.resize(50, 132);
    CHECK(eventually([&] { return frames.contains(R"({"type":"resize","rows":50,"cols":132})"); }));
    shell.type("bye\r");
    CHECK(shell.exit_code() == 7);
    CHECK_FALSE(shell.shown().contains("bye")); // raw: only the other side echoes
}

TEST_CASE("shell: a connection that closes without an exit code is no success") {
    Heard frames;
    heard = &frames;
    Shell shell;
    const Server server;
    shell.connect(server.address);
    REQUIRE(shell.shows("ready"));
    shell.type("leave");
    CHECK(shell.shows("the terminal ended"));
    CHECK(shell.exit_code() == 125);
}

TEST_CASE("shell: nothing that is pasted is lost, however long the Host takes nothing") {
    Heard frames;
    heard = &frames;
    Shell shell;
    const Server server;
    shell.connect(server.address);
    REQUIRE(shell.shows("ready"));
    frames.reads = false;
    const std::string pasted(16 << 20, '~'); // which no frame has of itself
    const std::size_t first = shell.paste(pasted);
    CHECK(first < pasted.size()); // it stopped reading
    frames.reads = true;
    std::size_t taken = first;
    while (taken < pasted.size()) {
        const std::size_t more = shell.paste(std::string_view(pasted).substr(taken));
        REQUIRE(more > 0);
        taken += more;
    }
    CHECK(eventually([&] { return frames.count('~') == static_cast<std::ptrdiff_t>(pasted.size()); }));
    shell.type("bye\r");
    CHECK(shell.exit_code() == 7);
}

TEST_CASE("shell: a Host that is away is a sentence and 125") {
    Heard frames;
    heard = &frames;
    Shell shell;
    shell.connect("127.0.0.1:1");
    CHECK(shell.shows("does not answer"));
    CHECK(shell.exit_code() == 125);
}
