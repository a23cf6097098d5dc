#pragma once
#include "docker/engine.hpp"
#include "net/loop.hpp"
#include "net/websocket.hpp"
#include "proto/terminal_frames.hpp"
#include "terminal/terminal.hpp"

#include <map>
#include <optional>

namespace hk::terminal {

/// Where a shell shall run.
struct Place {
    std::string container;
    std::map<std::string, std::string> labels; ///< which the container must have: its name may be anybody's
    std::string working_directory;             ///< empty: the container's own
};

/// A shell that can be started.
struct Shell {
    std::string container; ///< the engine's id
    std::string exec;      ///< the engine's name of the session
    std::string mark;      ///< in the shell's environment
};

/// Looks whether a shell can run there. Nothing runs yet.
net::Task<Result<Shell>> prepare_shell(docker::Engine& engine, Place place);

/// Hangs up what an earlier life of this program left in the container, when it was killed.
net::Task<void> hang_up_left_shells(docker::Engine& engine, std::string container);

/// Starts the shell. What is typed goes in, what is written comes out, until the shell ends or the person leaves; then
/// the shell is hung up, as by a terminal that is gone. Engines would let it run on, and its container could not be
/// deleted any more.
///
/// Both directions wait for whoever takes them; nothing is kept but one message each. The engine outlives it.
class ContainerTerminal final : public Terminal {
public:
    ContainerTerminal(net::Loop& loop, docker::Engine& engine, Shell shell, net::WebSocket person);
    net::Task<void> run() override;
    void end(std::string why) override;

private:
    net::Task<void> talk();
    net::Task<void> type();
    net::Task<void> show();
    net::Task<void> notice_leaving();
    net::Task<void> resize(proto::TerminalSize size);
    net::Task<void> say_end();
    net::Task<std::optional<int>> exit_code();
    net::Task<void> say_why_not(std::string why);
    net::Task<bool> container_runs(Duration patience);
    net::Task<void> close(std::uint16_t code);
    net::Task<void> hang_up();
    void complain(std::string why);

    docker::Engine& engine_;
    Shell shell_;
    net::WebSocket person_;
    net::StreamPtr stream_;
    std::string why_;          ///< it is to end before the shell does
    bool talking_ = false;     ///< what runs in the group may be cancelled
    bool shell_ended_ = false; ///< or the engine has let go of it
    bool resized_ = false;
    net::TaskGroup group_; ///< last, so that its tasks end first
};

} // namespace hk::terminal
