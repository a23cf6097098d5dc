#pragma once
#include "base/time.hpp"

#include <cstdint>
#include <string>

namespace hk::hakurun {

/// Numbers for one line of progress.
struct Progress {
    std::uint64_t done = 0;
    std::uint64_t total = 0;
    std::uint64_t failed = 0;
    Duration elapsed{};
};

/// "[=====>    ]  5/10  1 failed  about 12 s left", no wider than `width` characters.
std::string progress_line(const Progress& progress, std::size_t width);

/// Rewrites one line of the terminal on standard error, at most a few times a second.
/// Does nothing when it is not `on`.
class ProgressBar {
public:
    ProgressBar(bool on, std::uint64_t total);
    ~ProgressBar() { clear(); }
    ProgressBar(const ProgressBar&) = delete;
    ProgressBar& operator=(const ProgressBar&) = delete;

    void update(std::uint64_t done, std::uint64_t failed);
    /// Takes the line away, before something else is written.
    void clear();
    /// How long to wait for an event before `update` is worth calling; -1 for ever.
    int poll_milliseconds() const { return on_ ? 250 : -1; }

private:
    bool on_;
    bool shown_ = false;
    std::uint64_t total_;
    Mono begin_;
    Mono drawn_{};
};

} // namespace hk::hakurun
