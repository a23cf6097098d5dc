#include "terminal/container_terminal.hpp"

#include "base/log.hpp"
#include "base/random.hpp"

#include <array>

namespace hk::terminal {

using namespace std::chrono_literals;

namespace {

constexpr std::size_t chunk = std::size_t{32} * 1024;
constexpr std::size_t mark_bytes = 16;

/// Marks of one life of this program begin alike.
const std::string& this_life() {
    static const std::string mark = random_hex(mark_bytes);
    return mark;
}

/// An engine knows of a start and of an end a moment after it has opened and closed the stream.
constexpr Duration engine_delay = 5s;
constexpr Duration look_again = 20ms;
/// What kills a container kills the shells in it first; on a busy machine the engine says the rest a second later.
constexpr Duration container_delay = 3s;

/// A shell that ignores the hang-up is killed at the third try; a paused one hears neither until it is resumed.
constexpr int polite_tries = 2;
constexpr Duration first_pause = 100ms;
constexpr Duration longest_pause = 30s;
constexpr Duration script_limit = 10s;

/// bash where the image has it, else sh.
const std::vector<std::string> shell_words{"/bin/sh", "-c", "command -v bash >/dev/null 2>&1 && exec bash; exec sh"};

/// Signals shells whose mark begins with $1 and not with $3, and nothing that was started in them: shell and kernel
/// pass a hang-up on to what runs in the terminal, and what was sent to the background on purpose, a tmux for instance,
/// stays. A shell of ours is one whose parent is outside of the container.
const char* const signal_script = R"sh(
mark=$1 signal=$2 spared=$3
for p in /proc/[0-9]*; do
    case "$(cat "$p/environ" 2>/dev/null)" in
    *"HAKURIVER_TERMINAL=$spared"*) continue ;;
    *"HAKURIVER_TERMINAL=$mark"*) ;;
    *) continue ;;
    esac
    read -r stat <"$p/stat" || continue
    set -- ${stat##*) }
    [ "$2" = 0 ] && kill -"$signal" "${p#/proc/}"
done)sh";

/// Which shells of ours: those whose mark begins like this, and not like that.
struct Marked {
    std::string mark;
    std::string spared = "none";
};

net::Task<void> signal_shells(docker::Engine& engine, std::string container, Marked marked, const char* signal) {
    docker::ExecSpec spec{.argv = {"/bin/sh", "-c", signal_script, "sh", marked.mark, signal, marked.spared}};
    const auto exec = co_await engine.create_exec(std::move(container), std::move(spec));
    if (!exec) co_return;
    auto stream = co_await engine.start_exec(*exec, true);
    if (!stream) co_return;
    std::array<char, chunk> complaints{};
    for (;;) {
        const auto got = co_await (*stream)->read_some(complaints, script_limit);
        if (!got || *got == 0) co_return;
    }
}

constexpr int not_by_itself = 126; ///< and above: it could not run, or a signal ended it
constexpr int killed = 128 + 9;
const char* const container_ended = "the container has ended, and the terminal in it";
constexpr std::uint16_t normal_end = 1000;
constexpr std::uint16_t going_away = 1001;
constexpr std::uint16_t unexpected_end = 1011;

Result<> check(const docker::ContainerInfo& container, const Place& place) {
    for (const auto& [label, value] : place.labels) {
        const auto found = container.labels.find(label);
        if (found == container.labels.end() || found->second != value)
            return fail(Errc::conflict, "the container " + place.container +
                                            " was not made by HakuRiver, although it is called like one of its own");
    }
    if (container.status == docker::ContainerStatus::running) return {};
    if (container.status == docker::ContainerStatus::paused)
        return fail(Errc::conflict,
                    "the container " + place.container + " is paused, and a shell in it would be too; resume it first");
    return fail(Errc::conflict, "the container " + place.container + " does not run, so no shell can");
}

} // namespace

net::Task<Result<Shell>> prepare_shell(docker::Engine& engine, Place place) {
    const auto container = co_await engine.inspect(place.container);
    if (!container) co_return fail(container.error());
    if (auto right = check(*container, place); !right) co_return fail(right.error());
    Shell shell{.container = container->id, .exec = {}, .mark = this_life() + random_hex(mark_bytes)};
    docker::ExecSpec spec{.argv = shell_words,
                          .env = {"TERM=xterm-256color", "HAKURIVER_TERMINAL=" + shell.mark},
                          .working_directory = place.working_directory};
    auto exec = co_await engine.create_exec(shell.container, std::move(spec));
    if (!exec) co_return fail(exec.error());
    shell.exec = std::move(*exec);
    co_return shell;
}

net::Task<void> hang_up_left_shells(docker::Engine& engine, std::string container) {
    const auto info = co_await engine.inspect(container);
    if (!info || info->exec_ids.empty()) co_return;
    const Marked marked{.mark = {}, .spared = this_life()};
    co_await signal_shells(engine, container, marked, "HUP");
    co_await net::sleep_for(1s);
    co_await signal_shells(engine, container, marked, "KILL");
}

ContainerTerminal::ContainerTerminal(net::Loop& loop, docker::Engine& engine, Shell shell, net::WebSocket person)
    : engine_(engine)
    , shell_(std::move(shell))
    , person_(std::move(person))
    , group_(loop) {}

void ContainerTerminal::end(std::string why) {
    why_ = std::move(why);
    if (talking_) group_.cancel();
}

net::Task<void> ContainerTerminal::run() {
    auto stream = co_await engine_.start_exec(shell_.exec, true);
    if (!stream) {
        co_await say_why_not(stream.error().message);
        co_return co_await person_.close(unexpected_end);
    }
    stream_ = std::move(*stream);
    if (why_.empty()) co_await talk();
    stream_->close();
    std::uint16_t code = normal_end;
    if (!why_.empty()) {
        complain(why_);
        code = going_away;
    } else if (shell_ended_) {
        co_await say_end();
    }
    group_.spawn(close(code));
    group_.spawn(hang_up());
    co_await group_.join();
}

net::Task<void> ContainerTerminal::talk() {
    talking_ = true;
    group_.spawn(type());
    group_.spawn(show());
    group_.spawn(notice_leaving());
    co_await group_.join();
    talking_ = false;
}

void ContainerTerminal::complain(std::string why) {
    if (person_.open()) (void)person_.send_text(proto::to_json(proto::TerminalError{std::move(why)}));
}

net::Task<void> ContainerTerminal::show() {
    std::array<char, chunk> buffer{};
    for (;;) {
        const auto got = co_await stream_->read_some(buffer, net::no_limit);
        if (!got || *got == 0) break;
        std::string output(buffer.data(), *got);
        const auto written = co_await person_.write_binary(std::move(output));
        if (!written) co_return; // the person left, and is noticed
    }
    shell_ended_ = true;
    group_.cancel();
}

/// A shell that takes nothing is waited for, however long: its keys are not lost, and who does not want to wait leaves.
net::Task<void> ContainerTerminal::type() {
    for (;;) {
        const auto text = co_await person_.read();
        if (!text) co_return;
        const auto frame = proto::parse_person_frame(*text);
        if (!frame) continue;
        if (const auto* input = std::get_if<proto::TerminalInput>(&*frame)) {
            const auto taken = co_await stream_->write_all(input->data, net::no_limit);
            if (!taken) co_return;
        }
        if (const auto* size = std::get_if<proto::TerminalSize>(&*frame)) co_await resize(*size);
    }
}

net::Task<void> ContainerTerminal::notice_leaving() {
    co_await person_.closed();
    group_.cancel();
}

/// The first size usually comes before the shell has quite started, and engines refuse it until then.
net::Task<void> ContainerTerminal::resize(proto::TerminalSize size) {
    for (Duration waited{}; waited < engine_delay; waited += look_again) {
        const auto done = co_await engine_.resize_exec(shell_.exec, size.rows, size.columns);
        resized_ = resized_ || done;
        if (resized_) co_return;
        co_await net::sleep_for(look_again);
    }
}

net::Task<std::optional<int>> ContainerTerminal::exit_code() {
    for (Duration waited{}; waited < engine_delay; waited += look_again) {
        const auto info = co_await engine_.inspect_exec(shell_.exec);
        if (!info) co_return std::nullopt;
        if (!info->running && info->exit_code) co_return info->exit_code;
        co_await net::sleep_for(look_again);
    }
    co_return std::nullopt;
}

net::Task<bool> ContainerTerminal::container_runs(Duration patience) {
    for (Duration waited{};; waited += look_again) {
        const auto info = co_await engine_.inspect(shell_.container);
        if (!info || info->status != docker::ContainerStatus::running) co_return false;
        if (waited >= patience) co_return true;
        co_await net::sleep_for(look_again);
    }
}

net::Task<void> ContainerTerminal::say_why_not(std::string why) {
    const bool runs = co_await container_runs(0ms);
    complain(runs ? why : container_ended);
}

net::Task<void> ContainerTerminal::say_end() {
    const auto code = co_await exit_code();
    bool runs = true;
    if (!code || *code >= not_by_itself)
        runs = co_await container_runs(!code || *code == killed ? container_delay : 0ms);
    if (!runs) complain(container_ended);
    else if (!code) complain("the container engine has let go of the shell, so nobody knows its exit code");
    else (void)person_.send_text(proto::to_json(proto::TerminalExit{*code}));
}

net::Task<void> ContainerTerminal::close(std::uint16_t code) { co_await person_.close(code); }

net::Task<void> ContainerTerminal::hang_up() {
    Duration pause = first_pause;
    for (int tries = 0;; ++tries) {
        const auto info = co_await engine_.inspect_exec(shell_.exec);
        if (info ? !info->running : info.error().code == Errc::not_found) co_return;
        const Marked marked{.mark = shell_.mark};
        co_await signal_shells(engine_, shell_.container, marked, tries < polite_tries ? "HUP" : "KILL");
        co_await net::sleep_for(pause);
        pause = std::min(tries == 0 ? Duration(1s) : 2 * pause, longest_pause);
    }
}

} // namespace hk::terminal
