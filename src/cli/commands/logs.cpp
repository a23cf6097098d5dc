#include "cli/commands/commands.hpp"
#include "cli/log_view.hpp"
#include "cli/render_task.hpp"
#include "cli/selection.hpp"
#include "cli/task_exit.hpp"

#include <algorithm>

namespace hk::cli {
namespace {

constexpr std::size_t page_size = 200; ///< tasks of which the heads are asked for at once

Result<> check(Session& session, const LogOptions& options) {
    if (session.json() && options.follow)
        return fail(Errc::invalid, "--json prints what there is, so it does not go with --follow");
    if (session.json() && options.times)
        return fail(Errc::invalid, "--json prints the output as one text, so it does not go with --timestamps");
    return {};
}

Result<int> show_one(Session& session, TaskId id, const LogOptions& options) {
    HK_CHECK(check(session, options));
    HK_CHECK(LogView(session, id, options).run());
    if (!options.exit_code) return 0;
    HK_TRY(HostApi* const api, session.host());
    HK_TRY(const proto::TaskView task, api->task(id));
    return is_over(task.status) ? exit_of(task).code : 0;
}

/// The output of many tasks, one after another in the order in which they were named. Holds a page
/// of tasks and a piece of one output at a time.
class Collection {
public:
    Collection(Session& session, const LogOptions& options)
        : session_(session)
        , options_(options) {}
    Result<int> run(const std::vector<TaskId>& ids, bool gaps);

private:
    Result<> show_page(HostApi& api, std::span<const TaskId> ids, bool gaps);
    Result<> show(HostApi& api, proto::TaskView task);
    void head(const proto::TaskView& task);
    void trouble(TaskId id, const Error& error);
    void sum_up();

    Session& session_;
    const LogOptions& options_;
    bool line_is_open_ = false;
    bool first_ = true;
    std::size_t open_ = 0; ///< tasks that may still write
    std::size_t seen_ = 0;
    int worst_ = 0;
    bool troubled_ = false;
};

void Collection::head(const proto::TaskView& task) {
    if (options_.label || session_.quiet() || session_.json()) return;
    const Terminal& out = session_.out();
    std::string text = line_is_open_ ? "\n" : "";
    if (out.colour) text += "\x1b[0m"; // whatever the task before has left on
    if (!first_) text += "\n";
    first_ = false;
    const std::string line = "==> task " + to_string(task.task_id) + ", " + std::string(to_string(task.status)) + ": " +
                             harmless(command_line(task), out.unicode) + " <==";
    const auto width = static_cast<std::size_t>(out.width > 0 ? out.width : 0);
    text += paint(out, Colour::bold, width > 0 ? shorten(line, width, out.unicode) : line) + "\n";
    session_.print(text);
}

void Collection::trouble(TaskId id, const Error& error) {
    troubled_ = true;
    session_.say("task " + to_string(id) + ": " + harmless(error.message, session_.err().unicode));
}

Result<> Collection::show(HostApi& api, proto::TaskView task) {
    ++seen_;
    const bool failed = is_over(task.status) && exit_of(task).code != 0;
    if (options_.failed && !failed) return {};
    LogView view(session_, task.task_id, options_, [&] { head(task); });
    if (const auto shown = view.run(); !shown) {
        if (!api.reached()) return fail(shown.error());
        trouble(task.task_id, shown.error());
    }
    line_is_open_ = view.line_is_open();
    if (options_.exit_code && !is_over(task.status)) {
        HK_TRY(task, api.task(task.task_id));
    }
    const bool over = is_over(task.status);
    if (!over && !options_.follow) ++open_;
    if (over) worst_ = std::max(worst_, exit_of(task).code);
    return {};
}

Result<> Collection::show_page(HostApi& api, std::span<const TaskId> ids, bool gaps) {
    HK_TRY(std::vector<proto::TaskView> tasks, api.neighbours(ids.front(), ids.back()));
    auto next = tasks.begin();
    for (const TaskId id : ids) {
        if (next != tasks.end() && next->task_id == id) {
            HK_CHECK(show(api, std::move(*next++)));
        } else if (!gaps) {
            trouble(id, {Errc::not_found, "it does not exist", {}});
        }
    }
    return {};
}

void Collection::sum_up() {
    if (line_is_open_ && session_.out().is_tty) session_.print("\n");
    if (seen_ == 0 && !troubled_) session_.say("none of these tasks exist");
    if (open_ > 0 && !session_.json())
        session_.say(std::to_string(open_) + " of " + std::to_string(seen_) +
                     " tasks have not ended yet; --follow waits for their output");
}

Result<int> Collection::run(const std::vector<TaskId>& ids, bool gaps) {
    HK_TRY(HostApi* const api, session_.host());
    for (std::size_t at = 0; at < ids.size();) {
        std::size_t end = at + 1;
        while (end < ids.size() && end - at < page_size && ids[end].value == ids[end - 1].value + 1) ++end;
        HK_CHECK(show_page(*api, std::span(ids).subspan(at, end - at), gaps));
        at = end;
    }
    sum_up();
    if (options_.exit_code && worst_ > 0) return worst_;
    return troubled_ || seen_ == 0 ? infrastructure_exit : 0;
}

class LogsVerb : public Verb {
    void declare(Parser& parser) override {
        parser.about({.usage = "hakuriver logs [OPTIONS] ID...",
                      .sentence = "Prints what tasks have written; of several in their order, each "
                                  "under a line that names it.",
                      .examples = {"hakuriver logs 12", "hakuriver logs -f last",
                                   "hakuriver logs --stderr --tail 50 12", "hakuriver logs --label 3-10"}});
        declare_logs(parser, options_);
        parser.positional({.name = "ID...",
                           .help = "ids, lists (3,5), ranges (1-10) or last",
                           .most = most_selected,
                           .what = Names::task},
                          ids_);
    }
    Result<int> run(Session& session) override { return show_logs(session, ids_, options_); }
    LogOptions options_;
    std::vector<std::string> ids_;
};

} // namespace

void declare_logs(Parser& parser, LogOptions& options) {
    parser.section("Output of tasks");
    parser.flag({.names = "-f,--follow", .help = "Go on until the task ends."}, options.follow);
    parser.flag({.names = "--stderr", .help = "Standard error instead of standard output."}, options.errors);
    parser.number({.names = "--tail", .value = "N", .help = "Only the last N lines of each."}, {0, 1'000'000},
                  options.tail);
    parser.flag({.names = "--label", .help = "Put the task's id before each line."}, options.label);
    parser.flag({.names = "--timestamps", .help = "Put before each line when it was written."}, options.times);
    parser.flag({.names = "--failed", .help = "Of several tasks only those that failed."}, options.failed);
    parser.flag({.names = "--raw", .help = "Let control sequences through to the terminal."}, options.raw);
    parser.flag({.names = "--exit-code", .help = "Exit with the task's exit code if it has ended."}, options.exit_code);
}

Result<int> show_logs(Session& session, const std::vector<std::string>& words, const LogOptions& options) {
    HK_TRY(const Selector selector, parse_selectors(words));
    HK_TRY(const std::vector<TaskId> ids, resolve(session, selector));
    if (ids.size() == 1) return show_one(session, ids.front(), options);
    HK_CHECK(check(session, options));
    return Collection(session, options).run(ids, selector.range);
}

Result<int> show_logs_of(Session& session, const std::vector<TaskId>& ids, const LogOptions& options) {
    HK_CHECK(check(session, options));
    return Collection(session, options).run(ids, false);
}

std::unique_ptr<Verb> make_logs() { return make_verb<LogsVerb>(); }

} // namespace hk::cli
