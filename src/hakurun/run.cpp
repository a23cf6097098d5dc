#include "hakurun/run.hpp"

#include "base/time.hpp"
#include "hakurun/child.hpp"
#include "hakurun/index_file.hpp"
#include "hakurun/order.hpp"
#include "hakurun/output.hpp"
#include "hakurun/progress.hpp"
#include "hakurun/quote.hpp"
#include "hakurun/signals.hpp"
#include "hakurun/tally.hpp"

#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <vector>

namespace hk::hakurun {
namespace {

using namespace std::chrono_literals;

/// After --fail-fast has asked the others to end, they have this long before they are killed.
constexpr Duration grace = 5s;

struct Running {
    pid_t pid = 0;
    std::uint64_t number = 0;
    Mono begin{};
    std::string line;
    Output output;
};

void complain(const std::string& message) { std::fprintf(stderr, "hakurun: %s\n", message.c_str()); }

bool wants_bar(const Options& options) {
    const bool terminal_is_ours = options.label || !options.output_dir.empty() || isatty(STDOUT_FILENO) == 0;
    return !options.quiet && isatty(STDERR_FILENO) == 1 && terminal_is_ours;
}

/// Starts, watches and ends the commands of one run.
class Run {
public:
    Run(const Options& options, const span::Sweep& sweep, Target target)
        : options_(options)
        , sweep_(sweep)
        , target_(std::move(target))
        , order_(sweep.size(), options.shuffle_seed)
        , bar_(wants_bar(options), sweep.size())
        , begin_(BootClock::now()) {}

    int go() {
        auto signals = Signals::open();
        if (!signals) return give_up(signals.error());
        auto index = IndexFile::open(options_.output_dir);
        if (!index) return give_up(index.error());
        index_ = std::move(*index);
        while (may_start() || !running_.empty()) {
            start_some();
            if (running_.empty()) continue;
            wait_for_events(*signals);
            for (const int signal : signals->take_requests()) interrupt(signal);
            reap();
            kill_after_grace();
            bar_.update(tally_.done(), tally_.failed());
        }
        return finish();
    }

private:
    static int give_up(const Error& error) {
        complain(error.message);
        return 126;
    }

    bool may_start() const { return stopped_by_ == 0 && next_ < sweep_.size(); }

    void start_some() {
        while (may_start() && running_.size() < options_.parallel) {
            if (!start(order_.at(next_))) return;
            ++next_;
        }
    }

    /// False when the machine has no room now and the next end of a child should be waited for.
    bool start(std::uint64_t combination) {
        const auto words = sweep_.at(combination);
        Running child{.number = combination + 1, .begin = BootClock::now(), .line = shell_line(words)};
        auto pid = start_in(child, words);
        if (pid) {
            child.pid = *pid;
            child.output.started();
            running_.push_back(std::move(child));
            return true;
        }
        if (pid.error().code == Errc::unavailable && !running_.empty()) return false;
        bar_.clear();
        complain(pid.error().message);
        ended(child, exit_code_of(pid.error()));
        return true;
    }

    Result<pid_t> start_in(Running& child, const std::vector<std::string>& words) {
        HK_TRY(const auto command, target_.command(words));
        HK_TRY(child.output, output_for(child.number, words));
        return start_child(command, child.output.streams());
    }

    Result<Output> output_for(std::uint64_t number, const std::vector<std::string>& words) const {
        if (!options_.output_dir.empty()) return Output::file(index_.path_of(number, sweep_.size()));
        if (options_.label) return Output::labelled(label_of(words));
        return Output::inherited();
    }

    /// The values that tell this combination from the others.
    std::string label_of(const std::vector<std::string>& words) const {
        std::vector<std::string> varying;
        for (std::size_t i = 0; i < words.size(); ++i) {
            if (sweep_.varies(i)) varying.push_back(words[i]);
        }
        return "[" + shell_line(varying) + "] ";
    }

    void wait_for_events(const Signals& signals) {
        polled_.assign(1, {signals.fd(), POLLIN, 0});
        for (const auto& child : running_) {
            for (const int fd : child.output.readable()) {
                if (fd >= 0) polled_.push_back({fd, POLLIN, 0});
            }
        }
        poll(polled_.data(), polled_.size(), poll_milliseconds());
        if (options_.label) {
            bar_.clear();
            for (auto& child : running_) child.output.drain();
        }
    }

    int poll_milliseconds() const { return kill_at_ != Mono{} ? 100 : bar_.poll_milliseconds(); }

    void reap() {
        int status = 0;
        while (!running_.empty()) {
            const pid_t pid = waitpid(-1, &status, WNOHANG);
            if (pid <= 0) return;
            const auto found = std::ranges::find(running_, pid, &Running::pid);
            if (found == running_.end()) continue;
            Running child = std::move(*found);
            running_.erase(found);
            child.output.finish();
            ended(child, exit_code_of(status));
        }
    }

    void ended(Running& child, int code) {
        if (stopped_by_ != 0 && code != 0) {
            tally_.add_stopped();
            return;
        }
        Ended result{child.number, code, BootClock::now() - child.begin, std::move(child.line)};
        index_.add(result);
        tally_.add(std::move(result));
        if (code != 0 && options_.fail_fast) stop(SIGTERM);
    }

    void stop(int signal) {
        stopped_by_ = signal;
        kill_at_ = BootClock::now() + grace;
        signal_all(signal);
    }

    /// The first request is passed on, and the commands may take their time; the second ends them.
    void interrupt(int signal) {
        bar_.clear();
        if (interrupted_by_ != 0) {
            signal_all(SIGKILL);
            return;
        }
        interrupted_by_ = stopped_by_ = signal;
        kill_at_ = {};
        if (!options_.quiet && !running_.empty()) {
            complain("stopping " + std::to_string(running_.size()) + " commands; once more kills them");
        }
        signal_all(signal);
    }

    void signal_all(int signal) const {
        for (const auto& child : running_) {
            kill(-child.pid, signal);
            if (signal != SIGKILL) kill(-child.pid, SIGCONT); // a stopped one cannot hear
        }
    }

    void kill_after_grace() {
        if (kill_at_ != Mono{} && BootClock::now() >= kill_at_) signal_all(SIGKILL);
    }

    int finish() {
        bar_.clear();
        const bool worth_saying = tally_.failed() > 0 || stopped_by_ != 0 || isatty(STDERR_FILENO) == 1;
        if (!options_.quiet && worth_saying) {
            std::fputs(tally_.summary(sweep_.size(), BootClock::now() - begin_).c_str(), stderr);
        }
        return interrupted_by_ != 0 ? 128 + interrupted_by_ : tally_.highest_code();
    }

    const Options& options_;
    const span::Sweep& sweep_;
    Target target_;
    Order order_;
    ProgressBar bar_;
    Mono begin_;
    IndexFile index_;
    Tally tally_;
    std::vector<Running> running_;
    std::vector<pollfd> polled_;
    std::uint64_t next_ = 0;
    int stopped_by_ = 0;     ///< nothing is started any more
    int interrupted_by_ = 0; ///< stopped from outside
    Mono kill_at_{};
};

} // namespace

int run_all(const Options& options, const span::Sweep& sweep, Target target) {
    return Run(options, sweep, std::move(target)).go();
}

} // namespace hk::hakurun
