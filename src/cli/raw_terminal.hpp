#pragma once
#include "proto/terminal_frames.hpp"

#include <termios.h>

namespace hk::cli {

proto::TerminalSize window_size();

/// Standard input in raw mode as long as this lives, when it is a terminal; every key goes to the
/// other side then.
class RawMode {
public:
    RawMode();
    ~RawMode();
    RawMode(const RawMode&) = delete;
    RawMode& operator=(const RawMode&) = delete;
    bool active() const { return active_; }

private:
    termios before_{};
    bool active_ = false;
};

} // namespace hk::cli
