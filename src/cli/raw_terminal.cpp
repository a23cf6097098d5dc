#include "cli/raw_terminal.hpp"

#include <initializer_list>
#include <sys/ioctl.h>
#include <unistd.h>

namespace hk::cli {

proto::TerminalSize window_size() {
    winsize size{};
    for (const int fd : {STDOUT_FILENO, STDIN_FILENO})
        if (ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_row > 0 && size.ws_col > 0) return {size.ws_row, size.ws_col};
    return {};
}

RawMode::RawMode() {
    if (tcgetattr(STDIN_FILENO, &before_) != 0) return;
    termios raw = before_;
    cfmakeraw(&raw);
    active_ = tcsetattr(STDIN_FILENO, TCSADRAIN, &raw) == 0;
}

RawMode::~RawMode() {
    if (active_) tcsetattr(STDIN_FILENO, TCSADRAIN, &before_);
}

} // namespace hk::cli
