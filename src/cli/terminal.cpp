#include "cli/terminal.hpp"

#include <clocale>
#include <cstdlib>
#include <langinfo.h>
#include <string_view>
#include <sys/ioctl.h>
#include <unistd.h>

namespace hk::cli {
namespace {

constexpr int usual_width = 80;

std::string_view variable(const char* name) {
    const char* value = std::getenv(name);
    return value == nullptr ? std::string_view() : value;
}

int columns_of_terminal() {
    if (const int asked = std::atoi(std::string(variable("COLUMNS")).c_str()); asked > 0) return asked;
    winsize size{};
    for (const int fd : {STDOUT_FILENO, STDERR_FILENO})
        if (ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) return size.ws_col;
    return 0;
}

bool locale_is_utf8() {
    if (std::setlocale(LC_CTYPE, "") == nullptr) return false;
    if (std::string_view(nl_langinfo(CODESET)) == "UTF-8") return true;
    std::setlocale(LC_CTYPE, "C.UTF-8"); // widths are still measured in UTF-8
    return false;
}

} // namespace

Surroundings read_surroundings() {
    Surroundings around;
    around.out_tty = isatty(STDOUT_FILENO) == 1;
    around.err_tty = isatty(STDERR_FILENO) == 1;
    around.in_tty = isatty(STDIN_FILENO) == 1;
    if (around.out_tty || around.err_tty) around.columns = columns_of_terminal();
    around.no_color = !variable("NO_COLOR").empty();
    around.force_color = !variable("CLICOLOR_FORCE").empty() && variable("CLICOLOR_FORCE") != "0";
    around.dumb = variable("TERM").empty() || variable("TERM") == "dumb";
    around.utf8 = locale_is_utf8();
    return around;
}

Terminal terminal_for(const Surroundings& around, bool is_tty, bool no_color) {
    Terminal terminal{.is_tty = is_tty, .unicode = around.utf8};
    terminal.colour = (is_tty && !around.dumb && !around.no_color) || around.force_color;
    if (no_color) terminal.colour = false;
    if (is_tty) terminal.width = around.columns > 0 ? around.columns : usual_width;
    return terminal;
}

} // namespace hk::cli
