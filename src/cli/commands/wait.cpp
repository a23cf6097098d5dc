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
constexpr Duration patience_with_host = std::chrono::minutes(5); ///< a Host that restarts is waited for
constexpr Duration second_interrupt = std::chrono::seconds(2);
constexpr Duration plain_progress = std::chrono::seconds(10); ///< between two lines where they cannot be overwritten
constexpr std::size_t most_looks = 16;                        ///< at tasks that are still open, each time
constexpr std::size_t most_remarks = 10;
constexpr std::size_t longest_ids = 60; ///< of a message, in columns

/// What the ends of tasks come to. Takes them one after another and keeps none: a batch may have a
/// million.
class Judgement {
public:
    explicit Judgement(bool keep_json)
        : keep_json_(keep_json) {}
    void add(const proto::TaskView& task);
    void say(Session& session) const;
    const TaskExit& worst() const { return worst_; }
    const std::string& json() const { return json_; } ///< the tasks, with commas between them

private:
    bool keep_json_;
    TaskExit worst_;
    std::size_t remarks_ = 0;
    std::vector<std::pair<TaskId, std::string>> first_remarks_;
    std::string json_;
};

void Judgement::add(const proto::TaskView& task) {
    const TaskExit exit = exit_of(task);
    if (exit.code > worst_.code) worst_ = exit;
    std::string remark = remark_of(task);
    if (exit.code != 0 && !remark.empty() && ++remarks_ <= most_remarks)
        first_remarks_.emplace_back(task.task_id, std::move(remark));
    if (keep_json_) json_ += (json_.empty() ? "" : ",") + proto::to_json(task);
}

void Judgement::say(Session& session) const {
    for (const auto& [id, remark] : first_remarks_)
        session.say("task " + to_string(id) + " " + harmless(remark, session.err().unicode));
    if (remarks_ > most_remarks) session.say("... and " + std::to_string(remarks_ - most_remarks) + " more");
}

/// Waits for tasks by looking again and again, ever less often.
class Waiting {
public:
    Waiting(Session& session, std::vector<TaskId> ids, const WaitOptions& options)
        : session_(session)
        , options_(options)
        , open_(std::move(ids))
        , judgement_(session.json())
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
    Result<> judge_batch(HostApi& api);
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
    std::vector<proto::TaskView> over_; ///< where they are looked at one by one
    Judgement judgement_;
    std::map<std::string, std::int64_t> states_; ///< of the open ones, at the last look
    std::string detail_;                         ///< about the only one: why it waits, how far it is
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
    if (failed_ > 0 || session_.json()) return judge_batch(api);
    open_.clear();
    return {};
}

Result<> Waiting::judge_batch(HostApi& api) {
    Judgement judgement(session_.json());
    constexpr std::size_t page = 500;
    for (std::size_t at = 0; at < open_.size(); at += page) {
        const TaskId last = open_[std::min(at + page, open_.size()) - 1];
        HK_TRY(const std::vector<proto::TaskView> tasks, api.neighbours(open_[at], last));
        for (const proto::TaskView& task : tasks) {
            if (!is_over(task.status)) return {}; // a lost one has come back in between
            judgement.add(task);
        }
    }
    judgement_ = std::move(judgement);
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
    if (api.reached() || !ever_answered_ || now - answered_ > patience_with_host) return fail(error);
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
        return "task " + to_string(open_.front()) + " " + state + (detail_.empty() ? "" : ": " + harmless(detail_));
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
    const std::string who = (several ? "tasks " : "task ") + ids + (several ? " keep" : " keeps") + " running";
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
    for (const proto::TaskView& task : over_) judgement_.add(task);
    judgement_.say(session_);
    TaskExit worst = judgement_.worst();
    if (total_ > 1 && failed_ > 0) session_.say(summary());
    if (worst.code == 0 && total_ == 1) session_.hint("output: hakuriver logs " + to_string(over_.front().task_id));
    if (!options_.failed_targets.empty() && worst.code < infrastructure_exit) worst = {infrastructure_exit, "infra"};
    if (!session_.json()) return worst.code;
    session_.print_json("{\"exit_code\":" + std::to_string(worst.code) + ",\"reason\":\"" + std::string(worst.reason) +
                        "\",\"tasks\":[" + judgement_.json() + "]}");
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
            session_.say("gave up waiting after " + format_duration(*options_.timeout) + "; " + progress_line());
            return timeout_exit;
        }
        if (session_.pace().sleep(next_pause())) return interrupted(*api);
    }
}

class WaitVerb : public Verb {
    void declare(Parser& parser) override {
        parser.about({.usage = "hakuriver wait ID...",
                      .sentence = "Waits for tasks to end and exits with their exit code, the highest of several.",
                      .examples = {"hakuriver wait 12", "hakuriver wait last --timeout 3600"}});
        declare_wait(parser, words_);
        parser.positional({.name = "ID...", .help = "ids, ranges (1-10) or last", .most = 1000, .what = Names::task},
                          ids_);
    }
    Result<int> run(Session& session) override {
        HK_TRY(WaitOptions options, make_wait(words_));
        HK_TRY(std::vector<TaskId> ids, resolve(session, ids_));
        if (ids_.size() == 1 && ids_.front() == "last") options.batch = BatchId{ids.front().value};
        return wait_for(session, std::move(ids), options);
    }
    WaitWords words_;
    std::vector<std::string> ids_;
};

} // namespace

Result<Duration> parse_seconds(std::string_view what, std::string_view text) {
    double seconds = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seconds);
    const bool all = end == text.data() + text.size();
    constexpr double least = 0.01;
    constexpr double most = 365.0 * 86400;
    if (text.empty() || error != std::errc{} || !all || !(seconds >= least && seconds <= most))
        return fail(Errc::invalid, std::string(what) + " needs a number of seconds such as 0.5 or 60, and \"" +
                                       std::string(text.substr(0, 40)) + "\" is none");
    return Duration(static_cast<std::int64_t>(seconds * 1e6));
}

void declare_wait(Parser& parser, WaitWords& words) {
    parser.option({.names = "--poll-interval", .value = "SEC", .help = "Longest time between two looks. Default 1."},
                  words.poll_interval);
    parser.option({.names = "--timeout", .value = "SEC", .help = "Stop waiting after this time, with exit code 124."},
                  words.timeout);
}

Result<WaitOptions> make_wait(const WaitWords& words) {
    WaitOptions options;
    if (words.poll_interval) {
        HK_TRY(options.poll_interval, parse_seconds("--poll-interval", *words.poll_interval));
    }
    if (words.timeout) {
        HK_TRY(options.timeout, parse_seconds("--timeout", *words.timeout));
    }
    return options;
}

Result<int> wait_for(Session& session, std::vector<TaskId> ids, const WaitOptions& options) {
    return Waiting(session, std::move(ids), options).run();
}

std::unique_ptr<Verb> make_wait() { return make_verb<WaitVerb>(); }

} // namespace hk::cli
