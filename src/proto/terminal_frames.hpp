#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <variant>

/// What is said on the WebSocket of a terminal, in text frames that are JSON objects with a "type". What the shell
/// writes comes in binary frames, byte for byte. Unknown types and what makes no sense are skipped.
namespace hk::proto {

/// What was typed. JSON, hence UTF-8.
struct TerminalInput {
    std::string data;
};
/// The window has another size now.
struct TerminalSize {
    int rows = 24;
    int columns = 80;
};
/// Host to runner: the person is there, the shell may start.
struct TerminalStart {};
using PersonFrame = std::variant<TerminalInput, TerminalSize, TerminalStart>;

/// Output that is text.
struct TerminalOutput {
    std::string data;
};
/// The shell has ended with this exit code; nothing follows.
struct TerminalExit {
    int code = 0;
};
/// The terminal ends for another reason, one sentence; nothing follows.
struct TerminalError {
    std::string message;
};
/// Runner to Host: a shell can be started.
struct TerminalReady {};
using ShellFrame = std::variant<TerminalOutput, TerminalExit, TerminalError, TerminalReady>;

std::optional<PersonFrame> parse_person_frame(std::string_view text);
std::optional<ShellFrame> parse_shell_frame(std::string_view text);

std::string to_json(const TerminalInput& input);
std::string to_json(const TerminalSize& size);
std::string to_json(const TerminalStart& start);
std::string to_json(const TerminalExit& exit);
std::string to_json(const TerminalError& error);
std::string to_json(const TerminalReady& ready);

} // namespace hk::proto
