#include "cli/log_view.hpp"

#include "cli/render_task.hpp"
#include "json/json.hpp"

#include <algorithm>
#include <charconv>
#include <utility>

namespace hk::cli {
namespace {

constexpr Duration patience_with_host = std::chrono::minutes(5);
constexpr Duration retry_pause = std::chrono::milliseconds(500);
constexpr Duration silence_limit = std::chrono::minutes(10); ///< then the connection is made anew: it may be dead
constexpr std::int64_t most_json_lines = 100'000;

std::optional<std::int64_t> number_in(const net::Response& response, std::string_view header) {
    const auto text = response.headers.get(header).value_or("");
    std::int64_t number = 0;
    if (std::from_chars(text.data(), text.data() + text.size(), number).ec != std::errc{}) return std::nullopt;
    return number;
}

} // namespace

LogView::LogView(Session& session, TaskId id, const LogOptions& options, std::function<void()> before_first)
    : session_(session)
    , id_(id)
    , options_(options)
    , before_first_(std::move(before_first)) {
    const std::string name = options.label ? to_string(id) + ": " : "";
    if (options.times) {
        label_.emplace([this, name] { return name + local_time(times_.at(piece_, session_.pace().now().wall)) + " "; });
    } else if (options.label) {
        label_.emplace(name);
    }
}

net::Request LogView::request(std::string_view query) const {
    net::Request made;
    made.target = "/api/tasks/" + to_string(id_) + (options_.errors ? "/stderr" : "/stdout") + std::string(query);
    return made;
}

void LogView::show(std::string_view piece) {
    if (piece.empty()) return;
    if (before_first_) std::exchange(before_first_, {})();
    if (options_.times) show_lines(piece);
    else put(label_ ? label_->feed(safe(piece)) : safe(piece));
    offset_ += static_cast<std::int64_t>(piece.size());
}

/// Line by line, since the times know the file as it is, and not what the terminal is shown of it.
void LogView::show_lines(std::string_view piece) {
    piece_ = offset_;
    while (!piece.empty()) {
        const auto line = piece.substr(0, std::min(piece.find('\n'), piece.size() - 1) + 1);
        put(label_->feed(safe(line)));
        piece_ += static_cast<std::int64_t>(line.size());
        piece.remove_prefix(line.size());
    }
}

std::string LogView::safe(std::string_view piece) {
    return session_.out().is_tty && !options_.raw ? filter_.pass(piece) : std::string(piece);
}

void LogView::put(std::string_view text) {
    if (text.empty()) return;
    last_ = text.back();
    session_.print(text);
}

Result<> LogView::load_times(HostApi& api) {
    if (!options_.times) return {};
    return times_.load(api, request("/times").target, offset_);
}

Result<> LogView::show_tail(HostApi& api) {
    HK_TRY(const net::Response response, api.respond(request("?tail=" + std::to_string(*options_.tail))));
    offset_ = number_in(response, "X-Offset").value_or(0);
    HK_CHECK(load_times(api));
    show(response.body);
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
        session_.hint("task " + to_string(id_) + " waits (" + harmless(task.waiting_reason) + "); its output follows");
    Mono broken_since = session_.pace().now().mono;
    for (;;) {
        const Mono begin = session_.pace().now().mono;
        bool heard = false;
        const auto done = api.stream(request("?follow=1&offset=" + std::to_string(offset_)), silence_limit,
                                     [&](std::string_view piece) {
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
    const std::string size(response.headers.get("X-Total-Size").value_or(std::to_string(response.body.size())));
    session_.print_json("{\"task_id\":\"" + to_string(id_) + "\",\"stream\":\"" +
                        (options_.errors ? "stderr" : "stdout") + "\",\"size_bytes\":" + size +
                        ",\"text\":" + json::serialize(json::Value(valid_utf8(response.body))) + "}");
    return {};
}

Result<> LogView::show_text(HostApi& api) {
    if (options_.tail) {
        HK_CHECK(show_tail(api));
    } else {
        HK_CHECK(load_times(api));
        if (!options_.follow) HK_CHECK(show_all(api));
    }
    if (options_.follow) HK_CHECK(follow(api));
    return {};
}

Result<> LogView::run() {
    HK_TRY(HostApi* const api, session_.host());
    if (session_.json()) return show_json(*api);
    auto shown = show_text(*api);
    if (label_) put(label_->finish());
    return shown;
}

} // namespace hk::cli
