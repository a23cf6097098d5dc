#pragma once
#include <string>
#include <string_view>

namespace hk::cli {

/// What a task printed, made safe for a terminal: colours, tabs, line ends and carriage returns
/// pass; everything else that could change the terminal (cursor moves, titles, the clipboard,
/// device control) is left out. Works on pieces: a sequence may be cut anywhere. Bytes that are no
/// control characters pass unchanged, whatever their encoding.
class LogFilter {
public:
    std::string pass(std::string_view piece);

private:
    enum class State { text, escape, sequence, string, string_escape, charset, c1_lead };
    void text(std::string& out, char c);
    void escape(char c);
    void sequence(std::string& out, char c);

    static constexpr std::size_t longest_sequence = 64; ///< a longer colour sequence is none
    State state_ = State::text;
    std::string held_; ///< the sequence so far
};

} // namespace hk::cli
