#pragma once
#include "base/file.hpp"
#include "base/time.hpp"
#include "probe/gpu_frame.hpp"

#include <filesystem>
#include <optional>
#include <string>
#include <sys/types.h>
#include <vector>

namespace hk::probe {

/// The parent's end of one GPU reader: starts it, asks it, and gives it up when it hangs or
/// crashes. No call waits, but for wait(). A reader that hangs inside the driver cannot be killed;
/// it is left behind, and with `most_abandoned` of them no further one is started until one ends.
/// The caller's clock is used throughout.
class GpuLink {
public:
    static constexpr Duration hang_limit = std::chrono::seconds{60}; ///< then a new reader is tried
    static constexpr Duration first_pause = std::chrono::seconds{1}; ///< after a crash; doubles up to
    static constexpr Duration longest_pause = std::chrono::seconds{60};
    static constexpr Duration absent_pause = std::chrono::minutes{5}; ///< where there is no driver
    static constexpr std::size_t most_abandoned = 4;

    GpuLink(std::filesystem::path program, std::vector<std::string> arguments);
    ~GpuLink();
    GpuLink(const GpuLink&) = delete;
    GpuLink& operator=(const GpuLink&) = delete;

    /// Takes the newest answer, if one has come, and asks for the next.
    std::optional<GpuFrame> poll(Mono now);
    /// The same, waiting for an answer up to `limit` of real time.
    std::optional<GpuFrame> wait(Duration limit);

    /// How long a question has been without an answer, restarts of the reader included.
    Duration silence(Mono now) const;
    /// Process id of the reader, 0 without one; for tests.
    pid_t reader() const { return pid_; }

private:
    void start(Mono now);
    void take_input();
    std::optional<GpuFrame> next_frame(Mono now);
    void ask(Mono now);
    void end_reader(Mono now);
    void pause_before_restart(Mono now, Duration pause);
    void reap_abandoned();

    std::filesystem::path program_;
    std::vector<std::string> arguments_;
    Fd socket_;
    pid_t pid_ = 0;
    std::string input_;
    std::optional<Mono> asked_;         ///< the open question of the present reader
    std::optional<Mono> waiting_since_; ///< the first question since the last answer
    Mono next_start_{};
    Duration pause_ = first_pause;
    std::vector<pid_t> abandoned_;
};

/// What a reader's exit code says; anything else is a crash.
constexpr int reader_found_no_driver = 3;

} // namespace hk::probe
