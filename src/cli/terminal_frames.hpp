#pragma once
#include "base/result.hpp"
#include "cli/raw_terminal.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <variant>

/// The text frames of the Host's terminals.
namespace hk::cli {

struct TerminalOutput {
    std::string data;
};
struct TerminalError {
    std::string message;
};
struct TerminalExit {
    int code = 0;
};
using TerminalFrame = std::variant<TerminalOutput, TerminalError, TerminalExit>;

/// Empty for frames of a kind we do not know.
std::optional<TerminalFrame> parse_frame(std::string_view text);
std::string resize_frame(WindowSize size);
std::string input_frame(std::string_view utf8);

/// Bytes as they are typed to text frames, which must be UTF-8: a character that is cut waits for
/// its rest.
class InputText {
public:
    /// The text that is complete by now; bytes that are no UTF-8 become U+FFFD.
    std::string take(std::string_view bytes);

private:
    std::string held_; ///< at most 3 bytes
};

} // namespace hk::cli
