#include "cli/commands/commands.hpp"
#include "cli/log_filter.hpp"
#include "cli/selection.hpp"
#include "cli/task_exit.hpp"
#include "json/json.hpp"

#include <charconv>

namespace hk::cli {
namespace {

constexpr Duration patience_with_host = std::chrono::minutes(5);
constexpr Duration retry_pause = std::chrono::milliseconds(500);
constexpr Duration silence_limit =
    std::chrono::minutes(10); ///< then the connection is made anew: it may be dead
constexpr std::int64_t most_json_lines = 100'000;

/// One stream of one task, followed by byte offset: what was shown once is not shown again after a
/// reconnect.
class LogView {
public:
    LogView(Session& session, TaskId id, const LogOptions& options)
        : session_(session)
        , id_(id)
        , options_(options) {}
    Result<int> run();

private:
    std::string target(std::string_view query) const {
        return "/api/tasks/" + to_string(id_) + (options_.errors ? "/stderr" : "/stdout") +
               std::string(query);
    }
    net::Request request(std::string_view query) const {
        net::Request made;
        made.target = target(query);
        return made;
    }
    void show(std::string_view piece);
    Result<> show_tail(HostApi& api);
    Result<> show_all(HostApi& api);
    Result<> follow(HostApi& api);
    Result<> show_json(HostApi& api);

    Session& session_;
    TaskId id_;
    const LogOptions& options_;
    LogFilter filter_;
    std::int64_t offset_ = 0; ///< where to go on
};

void LogView::show(std::string_view piece) {
    offset_ += static_cast<std::int64_t>(piece.size());
    if (session_.out().is_tty && !options_.raw)
        session_.print(filter_.pass(piece));
    else
        session_.print(piece);
}

Result<> LogView::show_tail(HostApi& api) {
    HK_TRY(const net::Response response,
           api.respond(request("?tail=" + std::to_string(*options_.tail))));
    show(response.body);
    const auto size = response.headers.get("X-Total-Size").value_or("");
    std::int64_t total = 0;
    if (std::from_chars(size.data(), size.data() + size.size(), total).ec == std::errc{})
        offset_ = total;
    return {};
}

Result<> LogView::show_all(HostApi& api) {
    return api.stream(request(""), HostApi::usual_limit, [this](std::string_view piece) {
        show(piece);
        return true;
    });
}

/// Until the Host ends the stream, which it does when the task is over. A connection that breaks is
/// made anew.
Result<> LogView::follow(HostApi& api) {
    // A Host that is away at the start is not waited for.
    HK_TRY(const proto::TaskView task, api.task(id_));
    if (task.status == TaskState::pending)
        session_.hint("task " + to_string(id_) + " waits (" + harmless(task.waiting_reason) +
                      "); its output follows");
    Mono broken_since = session_.pace().now().mono;
    for (;;) {
        const Mono begin = session_.pace().now().mono;
        bool heard = false;
        const auto done = api.stream(request("?follow=1&offset=" + std::to_string(offset_)),
                                     silence_limit, [&](std::string_view piece) {
                                         heard = true;
                                         show(piece);
                                         return true;
                                     });
        if (done) return {};
        const Mono now = session_.pace().now().mono;
        if (heard || now - begin >= silence_limit) broken_since = now;
        if (api.reached() || now - broken_since > patience_with_host) return fail(done.error());
        session_.progress("the connection to the Host at " + api.where() + " broke; trying again");
        (void)session_.pace().sleep(retry_pause);
    }
}

Result<> LogView::show_json(HostApi& api) {
    const std::string query = "?tail=" + std::to_string(options_.tail.value_or(most_json_lines));
    HK_TRY(const net::Response response, api.respond(request(query)));
    const std::string size(
        response.headers.get("X-Total-Size").value_or(std::to_string(response.body.size())));
    session_.print_json("{\"task_id\":\"" + to_string(id_) + "\",\"stream\":\"" +
                        (options_.errors ? "stderr" : "stdout") + "\",\"size_bytes\":" + size +
                        ",\"text\":" + json::serialize(json::Value(valid_utf8(response.body))) +
                        "}");
    return {};
}

Result<int> LogView::run() {
    HK_TRY(HostApi* const api, session_.host());
    if (session_.json() && options_.follow)
        return fail(Errc::invalid, "--json prints one value, so it does not go with --follow");
    if (session_.json()) {
        HK_CHECK(show_json(*api));
    } else {
        if (options_.tail) {
            HK_CHECK(show_tail(*api));
        } else if (!options_.follow) {
            HK_CHECK(show_all(*api));
        }
        if (options_.follow) HK_CHECK(follow(*api));
    }
    if (!options_.exit_code) return 0;
    HK_TRY(const proto::TaskView task, api->task(id_));
    return is_over(task.status) ? exit_of(task).code : 0;
}

class LogsVerb : public Verb {
    void declare(Parser& parser) override {
        parser.about({.usage = "hakuriver logs [OPTIONS] ID",
                      .sentence = "Prints what a task has written.",
                      .examples = {"hakuriver logs 12", "hakuriver logs -f last",
                                   "hakuriver logs --stderr --tail 50 12"}});
        declare_logs(parser, options_);
        parser.positional({.name = "ID", .help = "id of the task, or last", .what = Names::task},
                          id_);
    }
    Result<int> run(Session& session) override { return show_logs(session, id_.front(), options_); }
    LogOptions options_;
    std::vector<std::string> id_;
};

} // namespace

void declare_logs(Parser& parser, LogOptions& options) {
    parser.section("Output of a task");
    parser.flag({.names = "-f,--follow", .help = "Go on until the task ends."}, options.follow);
    parser.flag({.names = "--stderr", .help = "Standard error instead of standard output."},
                options.errors);
    parser.number({.names = "--tail", .value = "N", .help = "Only the last N lines."},
                  {0, 1'000'000}, options.tail);
    parser.flag({.names = "--raw", .help = "Let control sequences through to the terminal."},
                options.raw);
    parser.flag({.names = "--exit-code", .help = "Exit with the task's exit code if it has ended."},
                options.exit_code);
}

Result<int> show_logs(Session& session, const std::string& word, const LogOptions& options) {
    HK_TRY(const TaskId id, resolve_one(session, word));
    return LogView(session, id, options).run();
}

std::unique_ptr<Verb> make_logs() { return make_verb<LogsVerb>(); }

} // namespace hk::cli
