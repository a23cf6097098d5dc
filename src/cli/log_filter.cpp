#include "cli/log_filter.hpp"

namespace hk::cli {
namespace {

constexpr char escape_byte = '\x1b';

bool is_harmless_control(char c) { return c == '\n' || c == '\r' || c == '\t' || c == '\b'; }

} // namespace

void LogFilter::text(std::string& out, char c) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == escape_byte) {
        state_ = State::escape;
        return;
    }
    if (byte == 0xC2) { // in UTF-8 the C1 controls are C2 80 .. C2 9F
        state_ = State::c1_lead;
        return;
    }
    if (is_harmless_control(c) || (byte >= 0x20 && byte != 0x7F)) out += c;
}

void LogFilter::escape(char c) {
    switch (c) {
    case '[':
        held_.clear();
        state_ = State::sequence;
        return;
    case ']':
    case 'P':
    case 'X':
    case '^':
    case '_': // OSC, DCS, SOS, PM, APC: up to ST or BEL
        state_ = State::string;
        return;
    case '(':
    case ')':
    case '*':
    case '+':
    case '#':
    case '%':
    case ' ': state_ = State::charset; return;
    case escape_byte: return;
    default: state_ = State::text;
    }
}

/// Parameters and intermediate bytes, then one final byte; only `m` (colours) passes.
void LogFilter::sequence(std::string& out, char c) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte >= 0x40 && byte <= 0x7E) {
        const bool plain = held_.find_first_not_of("0123456789;:") == held_.npos;
        if (c == 'm' && plain && held_.size() <= longest_sequence) out += "\x1b[" + held_ + "m";
        state_ = State::text;
    } else if (byte >= 0x20 && byte <= 0x3F) {
        if (held_.size() <= longest_sequence) held_ += c;
    } else {
        state_ = State::text;
        text(out, c);
    }
}

std::string LogFilter::pass(std::string_view piece) {
    std::string out;
    out.reserve(piece.size());
    for (const char c : piece) {
        const auto byte = static_cast<unsigned char>(c);
        switch (state_) {
        case State::text: text(out, c); break;
        case State::escape: escape(c); break;
        case State::sequence: sequence(out, c); break;
        case State::charset: state_ = State::text; break;
        case State::string:
            if (c == '\a' || c == '\n') state_ = State::text; // a line end closes what was never a string
            if (c == '\n') out += c;
            if (c == escape_byte) state_ = State::string_escape;
            break;
        case State::string_escape:
            state_ = c == '\\' ? State::text : State::escape;
            if (state_ == State::escape) escape(c);
            break;
        case State::c1_lead:
            state_ = State::text;
            if (byte >= 0x80 && byte < 0xA0) break;
            out += '\xC2';
            text(out, c);
            break;
        }
    }
    return out;
}

} // namespace hk::cli
