#pragma once
#include <string>

/// What the output goes to, and how that is found out.
namespace hk::cli {

/// One output stream. A value: tests make up the terminals they need.
struct Terminal {
    bool is_tty = false;
    bool colour = false;
    bool unicode = false; ///< may show more than ASCII
    int width = 0;        ///< columns; 0: no limit, nothing is shortened
};

/// What decides about colour, width and characters.
struct Surroundings {
    bool out_tty = false;
    bool err_tty = false;
    bool in_tty = false;
    int columns = 0;          ///< of the terminal; 0: unknown
    bool no_color = false;    ///< NO_COLOR is set and not empty
    bool force_color = false; ///< CLICOLOR_FORCE is set and not 0
    bool dumb = false;        ///< TERM is "dumb" or unset
    bool utf8 = false;        ///< the locale's character set
};
Surroundings read_surroundings();

/// `no_color` is the flag of the command line; it wins over everything.
Terminal terminal_for(const Surroundings& around, bool is_tty, bool no_color);

} // namespace hk::cli
