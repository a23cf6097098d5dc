#include "hakurun/progress.hpp"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>

namespace hk::hakurun {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t bar_width = 30;
constexpr std::size_t narrowest = 20;

std::string bar(const Progress& progress) {
    const double share =
        progress.total == 0 ? 1 : static_cast<double>(progress.done) / static_cast<double>(progress.total);
    const auto full = std::min(bar_width, static_cast<std::size_t>(share * static_cast<double>(bar_width)));
    const std::string head = full < bar_width ? ">" : "";
    return "[" + std::string(full, '=') + head + std::string(bar_width - full - head.size(), ' ') + "]";
}

/// Nothing before the first end: then there is nothing to estimate from.
std::string time_left(const Progress& progress) {
    if (progress.done == 0 || progress.done >= progress.total) return {};
    const double rest = static_cast<double>(progress.total - progress.done) / static_cast<double>(progress.done);
    const auto left = static_cast<std::int64_t>(static_cast<double>(progress.elapsed.count()) * rest);
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(Duration(left)) + 1s;
    return "  about " + format_duration(seconds) + " left";
}

std::size_t terminal_width() {
    winsize size{};
    const bool known = ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0;
    return std::max<std::size_t>(known ? size.ws_col : 80, narrowest);
}

void write_error(const std::string& text) {
    [[maybe_unused]] const auto written = write(STDERR_FILENO, text.data(), text.size());
}

} // namespace

std::string progress_line(const Progress& progress, std::size_t width) {
    std::string counts = std::to_string(progress.done) + "/" + std::to_string(progress.total);
    if (progress.failed > 0) counts += "  " + std::to_string(progress.failed) + " failed";
    std::string line = bar(progress) + "  " + counts + time_left(progress);
    if (line.size() > width) line = counts;
    return line.substr(0, width);
}

ProgressBar::ProgressBar(bool on, std::uint64_t total)
    : on_(on)
    , total_(total)
    , begin_(BootClock::now()) {}

void ProgressBar::update(std::uint64_t done, std::uint64_t failed) {
    if (!on_) return;
    const auto now = BootClock::now();
    if (shown_ && now - drawn_ < 100ms) return;
    drawn_ = now;
    shown_ = true;
    // The last column stays free: some terminals wrap when it is written.
    write_error("\r\033[K" + progress_line({done, total_, failed, now - begin_}, terminal_width() - 1));
}

void ProgressBar::clear() {
    if (!shown_) return;
    write_error("\r\033[K");
    shown_ = false;
}

} // namespace hk::hakurun
