#include "cli/commands/commands.hpp"
#include "cli/selection.hpp"
#include "cli/task_exit.hpp"
#include "json/json.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>

namespace hk::cli {
namespace {

constexpr Duration first_pause = std::chrono::milliseconds(50);
constexpr Duration patience_with_host =
    std::chrono::minutes(5); ///< a Host that restarts is waited for
constexpr Duration second_interrupt = std::chrono::seconds(2);
constexpr Duration plain_progress =
    std::chrono::seconds(10);          ///< between two lines where they cannot be overwritten
constexpr std::size_t most_looks = 16; ///< at tasks that are still open, each time
constexpr std::size_t most_remarks = 10;
constexpr std::size_t longest_ids = 60; ///< of a message, in columns

/// Waits for tasks by looking again and again, ever less often.
class Waiting {
public:
    Waiting(Session& session, std::vector<TaskId> ids, const WaitOptions& options)
        : session_(session)
        , options_(options)
        , open_(std::move(ids))
        , begin_(session.pace().now().mono)
        , answered_(begin_)
        , pause_(std::min(first_pause, options.poll_interval)) {
        total_ = open_.size();
    }
    Result<int> run();

private:
    Result<> look(HostApi& api);
    Result<> look_at_some(HostApi& api);
    Result<> look_at_batch(HostApi& api);
    Result<> bear(HostApi& api, const Error& error);
    void show_progress();
    std::string progress_line() const;
    std::string summary() const;
    Result<int> interrupted(HostApi& api);
    int finish();
    Duration next_pause();

    Session& session_;
    const WaitOptions& options_;
    std::vector<TaskId> open_;
    std::vector<proto::TaskView> over_;
    std::map<std::string, std::int64_t> states_; ///< of the open ones, at the last look
    std::string detail_; ///< about the only one: why it waits, how far it is
    std::int64_t done_ = 0;
    std::int64_t failed_ = 0;
    std::size_t total_ = 0;
    Mono begin_;
    Mono answered_;
    Mono said_{};
    std::string last_said_;
    bool ever_answered_ = false;
    Duration pause_;
};

/// Looks at a few open tasks only: all have to end, so it does not matter which is looked at first.
Result<> Waiting::look_at_some(HostApi& api) {
    std::size_t still_open = 0;
    while (still_open < open_.size() && still_open < most_looks) {
        HK_TRY(proto::TaskView task, api.task(open_[still_open]));
        if (!is_over(task.status)) {
            ++states_[std::string(to_string(task.status))];
            if (total_ == 1) detail_ = task.progress.empty() ? task.waiting_reason : task.progress;
            ++still_open;
            continue;
        }
        ++done_;
        if (exit_of(task).code != 0) ++failed_;
        open_.erase(open_.begin() + static_cast<std::ptrdiff_t>(still_open));
        over_.push_back(std::move(task));
    }
    return {};
}

Result<> Waiting::look_at_batch(HostApi& api) {
    HK_TRY(const proto::BatchView batch, api.batch(*options_.batch));
    done_ = failed_ = 0;
    for (const auto& [name, count] : batch.counts) {
        const auto state = parse_task_state(name);
        const bool over = state && is_over(*state);
        if (!over && count > 0) states_[name] = count;
        if (over) done_ += count;
        if (over && state != TaskState::completed) failed_ += count;
    }
    if (done_ < batch.total) return {};
    HK_TRY(proto::TaskList list, api.tasks("batch=" + to_string(batch.batch_id), open_.size()));
    const bool all_over =
        std::ranges::all_of(list.tasks, [](const auto& task) { return is_over(task.status); });
    if (!all_over) return {}; // a lost one has come back in between
    over_ = std::move(list.tasks);
    open_.clear();
    return {};
}

Result<> Waiting::look(HostApi& api) {
    states_.clear();
    return options_.batch && total_ > 1 ? look_at_batch(api) : look_at_some(api);
}

/// A Host that was there once may restart; any other failure ends the wait.
Result<> Waiting::bear(HostApi& api, const Error& error) {
    const Mono now = session_.pace().now().mono;
    if (api.reached() || !ever_answered_ || now - answered_ > patience_with_host)
        return fail(error);
    session_.progress("the Host at " + api.where() + " does not answer; still trying");
    return {};
}

std::string Waiting::summary() const {
    std::string line = std::to_string(done_) + " of " + std::to_string(total_) + " done";
    if (failed_ > 0) line += ", " + std::to_string(failed_) + " failed";
    return line;
}

std::string Waiting::progress_line() const {
    if (total_ == 1) {
        const std::string state = states_.empty() ? "" : states_.begin()->first;
        return "task " + to_string(open_.front()) + " " + state +
               (detail_.empty() ? "" : ": " + harmless(detail_));
    }
    std::string line = summary();
    for (const auto& [state, count] : states_) line += ", " + std::to_string(count) + " " + state;
    return line;
}

void Waiting::show_progress() {
    const Mono now = session_.pace().now().mono;
    const std::string line = progress_line();
    if (session_.err().is_tty) {
        session_.progress(line + "  " + format_duration(now - begin_));
        return;
    }
    if (now - said_ < plain_progress || line == last_said_ || now - begin_ < plain_progress) return;
    session_.say(line);
    said_ = now;
    last_said_ = line;
}

/// The first Ctrl-C leaves the tasks alone; a second one soon after kills them.
Result<int> Waiting::interrupted(HostApi& api) {
    const std::string ids = shorten(format_ids(open_), longest_ids, session_.err().unicode);
    const bool several = open_.size() > 1;
    const std::string who =
        (several ? "tasks " : "task ") + ids + (several ? " keep" : " keeps") + " running";
    if (!session_.world().around.in_tty) {
        session_.say(who);
        return detached_exit;
    }
    session_.say(who + "; Ctrl-C again within 2 s to kill");
    if (!session_.pace().sleep(second_interrupt)) {
        session_.hint("wait again: hakuriver wait " +
                      (open_.size() == total_ && total_ > 1 ? "last" : to_string(open_.front())));
        return detached_exit;
    }
    HK_CHECK(api.act("kill", open_));
    session_.say((several ? "tasks " : "task ") + ids + " killed");
    return detached_exit;
}

Duration Waiting::next_pause() {
    const Duration now = pause_;
    pause_ = std::min(options_.poll_interval, pause_ * 3 / 2);
    if (!options_.timeout) return now;
    const Duration left = *options_.timeout - (session_.pace().now().mono - begin_);
    return std::max(Duration{0}, std::min(now, left));
}

int Waiting::finish() {
    std::ranges::sort(over_, {}, &proto::TaskView::task_id);
    TaskExit worst;
    std::size_t remarks = 0;
    for (const proto::TaskView& task : over_) {
        const TaskExit exit = exit_of(task);
        if (exit.code > worst.code) worst = exit;
        const std::string remark = remark_of(task);
        if (exit.code != 0 && !remark.empty() && ++remarks <= most_remarks)
            session_.say("task " + to_string(task.task_id) + " " +
                         harmless(remark, session_.err().unicode));
    }
    if (remarks > most_remarks)
        session_.say("... and " + std::to_string(remarks - most_remarks) + " more");
    if (total_ > 1 && failed_ > 0) session_.say(summary());
    if (worst.code == 0 && total_ == 1)
        session_.hint("output: hakuriver logs " + to_string(over_.front().task_id));
    if (!options_.failed_targets.empty() && worst.code < infrastructure_exit)
        worst = {infrastructure_exit, "infra"};
    if (!session_.json()) return worst.code;
    std::string tasks;
    for (const proto::TaskView& task : over_)
        tasks += (tasks.empty() ? "" : ",") + proto::to_json(task);
    session_.print_json("{\"exit_code\":" + std::to_string(worst.code) + ",\"reason\":\"" +
                        std::string(worst.reason) + "\",\"tasks\":[" + tasks + "]}");
    return worst.code;
}

Result<int> Waiting::run() {
    HK_TRY(HostApi* const api, session_.host());
    session_.pace().catch_interrupts();
    for (;;) {
        if (const auto looked = look(*api); looked) {
            ever_answered_ = true;
            answered_ = session_.pace().now().mono;
            if (open_.empty()) return finish();
            show_progress();
        } else {
            HK_CHECK(bear(*api, looked.error()));
        }
        if (options_.timeout && session_.pace().now().mono - begin_ >= *options_.timeout) {
            session_.say("gave up waiting after " + format_duration(*options_.timeout) + "; " +
                         progress_line());
            return timeout_exit;
        }
        if (session_.pace().sleep(next_pause())) return interrupted(*api);
    }
}

class WaitVerb : public Verb {
    void declare(Parser& parser) override {
        parser.about(
            {.usage = "hakuriver wait ID...",
             .sentence =
                 "Waits for tasks to end and exits with their exit code, the highest of several.",
             .examples = {"hakuriver wait 12", "hakuriver wait last --timeout 3600"}});
        parser.option({.names = "--poll-interval",
                       .value = "SEC",
                       .help = "Longest time between two looks. Default 1."},
                      poll_interval_);
        parser.option({.names = "--timeout",
                       .value = "SEC",
                       .help = "Stop waiting after this time, with exit code 124."},
                      timeout_);
        parser.positional({.name = "ID...",
                           .help = "ids, ranges (1-10) or last",
                           .most = 1000,
                           .what = Names::task},
                          ids_);
    }
    Result<int> run(Session& session) override {
        WaitOptions options;
        if (poll_interval_) {
            HK_TRY(options.poll_interval, parse_seconds("--poll-interval", *poll_interval_));
        }
        if (timeout_) {
            HK_TRY(options.timeout, parse_seconds("--timeout", *timeout_));
        }
        HK_TRY(std::vector<TaskId> ids, resolve(session, ids_));
        return wait_for(session, std::move(ids), options);
    }
    std::optional<std::string> poll_interval_;
    std::optional<std::string> timeout_;
    std::vector<std::string> ids_;
};

} // namespace

Result<Duration> parse_seconds(std::string_view what, std::string_view text) {
    double seconds = 0;
    const char* last = text.data() + text.size();
    const auto [end, error] = std::from_chars(text.data(), last, seconds);
    constexpr double least = 0.01;
    constexpr double most = 365.0 * 86400;
    if (text.empty() || error != std::errc{} || end != last ||
        !(seconds >= least && seconds <= most))
        return fail(Errc::invalid, std::string(what) +
                                       " needs a number of seconds such as 0.5 or 60, and \"" +
                                       std::string(text.substr(0, 40)) + "\" is none");
    return Duration(static_cast<std::int64_t>(seconds * 1e6));
}

Result<int> wait_for(Session& session, std::vector<TaskId> ids, const WaitOptions& options) {
    return Waiting(session, std::move(ids), options).run();
}

std::unique_ptr<Verb> make_wait() { return make_verb<WaitVerb>(); }

} // namespace hk::cli
