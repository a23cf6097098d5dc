#pragma once
#include "base/line_label.hpp"
#include "cli/log_filter.hpp"
#include "cli/log_times.hpp"
#include "cli/session.hpp"

#include <functional>
#include <optional>
#include <string>

namespace hk::cli {

/// How output of tasks is shown.
struct LogOptions {
    bool follow = false;
    bool errors = false; ///< standard error instead of standard output
    std::optional<std::int64_t> tail;
    bool raw = false;
    bool exit_code = false;
    bool label = false;  ///< the task's id before each line
    bool times = false;  ///< before each line when it was written
    bool failed = false; ///< of several tasks: only those that failed
};

/// One stream of one task, read piece by piece and, where it is followed, by byte offset: what was
/// shown once is not shown again after a reconnect.
class LogView {
public:
    /// `before_first` is called when the first bytes have come, and never for an empty stream.
    LogView(Session& session, TaskId id, const LogOptions& options, std::function<void()> before_first = {});
    /// Prints it, as JSON with --json.
    Result<> run();
    /// Whether what was printed ended in the middle of a line.
    bool line_is_open() const { return !last_.empty() && last_ != "\n"; }

private:
    net::Request request(std::string_view query) const;
    void show(std::string_view piece);
    void show_lines(std::string_view piece);
    std::string safe(std::string_view piece);
    void put(std::string_view text);
    Result<> show_text(HostApi& api);
    Result<> load_times(HostApi& api);
    Result<> show_tail(HostApi& api);
    Result<> show_all(HostApi& api);
    Result<> follow(HostApi& api);
    Result<> show_json(HostApi& api);

    Session& session_;
    TaskId id_;
    const LogOptions& options_;
    std::function<void()> before_first_;
    LogFilter filter_;
    LogTimes times_; ///< if they are shown
    std::optional<LineLabel> label_;
    std::int64_t piece_ = 0;  ///< where in the file what is being shown begins
    std::string last_;        ///< the last byte that was printed
    std::int64_t offset_ = 0; ///< where to go on
};

} // namespace hk::cli
