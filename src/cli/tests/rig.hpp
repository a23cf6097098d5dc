#pragma once
#include "cli/commands/batch.hpp"
#include "cli/commands/client.hpp"
#include "cli/commands/commands.hpp"
#include "cli/verb.hpp"

#include <algorithm>
#include <deque>
#include <map>
#include <memory>
#include <string>
#include <vector>

/// A whole command line with a Host that says what the test wrote down, and a clock that moves when
/// somebody sleeps.
namespace hk::cli::test {

class FakePace : public Pace {
public:
    Now now() override { return now_; }
    void catch_interrupts() override { catching = true; }
    bool sleep(Duration duration) override {
        slept.push_back(duration);
        now_.mono += duration;
        now_.wall += duration;
        if (interrupts.empty()) return false;
        const bool pressed = interrupts.front();
        interrupts.pop_front();
        return pressed && catching;
    }
    bool catching = false;
    std::deque<bool> interrupts; ///< for each sleep whether Ctrl-C was pressed in it
    std::vector<Duration> slept;

private:
    Now now_{Mono{std::chrono::hours(1)}, *parse_time("2026-03-01T12:00:00Z")};
};

/// What the Host answers, by "GET /api/nodes"; of several answers the last one stays.
struct Script {
    std::map<std::string, std::deque<Result<net::Response>>> answers;
    std::vector<std::string> asked;  ///< "POST /api/tasks"
    std::vector<std::string> bodies; ///< of those
    std::vector<net::Headers> headers;

    void on(const std::string& request, std::string body, int status = 200) {
        answers[request].push_back(net::json_response(status, std::move(body)));
    }
    void away(const std::string& request) { answers[request].push_back(fail(Errc::unavailable, "connection refused")); }
    Result<net::Response> answer(const net::Request& request) {
        const std::string key = std::string(net::to_text(request.method)) + " " + request.target;
        asked.push_back(key);
        bodies.push_back(request.body);
        headers.push_back(request.headers);
        auto& queue = answers[key];
        if (queue.empty()) return net::text_response(404, "Not Found");
        Result<net::Response> next = queue.front();
        if (queue.size() > 1) queue.pop_front();
        return next;
    }
};

class ScriptedLink : public HostLink {
public:
    explicit ScriptedLink(std::shared_ptr<Script> script)
        : script_(std::move(script)) {}
    Result<net::Response> call(net::Request request, Duration) override { return script_->answer(request); }
    Result<net::Response> stream(net::Request request, Duration, const OnChunk& on_chunk) override {
        auto response = script_->answer(request);
        if (!response || response->status >= 300) return response;
        for (std::size_t at = 0; at < response->body.size(); at += 7) // cut anywhere
            if (!on_chunk(std::string_view(response->body).substr(at, 7))) break;
        if (response->headers.has("X-Break")) return fail(Errc::unavailable, "the connection was cut");
        response->body.clear();
        return response;
    }
    Result<net::Response> upload(net::Request request, const std::string&, const OnChunk& on_chunk,
                                 const std::function<void(std::int64_t)>& sent) override {
        sent(1000);
        return stream(std::move(request), {}, on_chunk);
    }

private:
    std::shared_ptr<Script> script_;
};

struct Rig {
    std::shared_ptr<Script> host = std::make_shared<Script>();
    FakePace pace;
    World world;
    std::string out;
    std::string err;

    Rig() {
        setenv("TZ", "UTC", 1);
        world.around = {.columns = 100, .dumb = true, .utf8 = true};
        world.out = [this](std::string_view text) { out += text; };
        world.err = [this](std::string_view text) { err += text; };
        world.locate = [](const CommonOptions&) {
            return HostPlace{net::Address::tcp("10.0.0.1", 8000), "network.host_reachable_address in /etc/h.toml"};
        };
        world.link = [this](const net::Address&) { return std::make_unique<ScriptedLink>(host); };
        world.read_line = [] { return std::string("n"); };
        world.pace = &pace;
        world.user = [] { return std::string("alice"); };
    }
    Rig(const Rig&) = delete;
    Rig& operator=(const Rig&) = delete;

    void on_terminal() { world.around.out_tty = world.around.err_tty = world.around.in_tty = true; }
    int client(std::vector<std::string> words) {
        world.program = "hakuriver.client";
        return run_verb(world, *make_client(), words);
    }
    int hakuriver(std::vector<std::string> words) {
        world.program = "hakuriver";
        return run_menu(world, {"hakuriver COMMAND", "One computer.", client_commands()}, words);
    }
    int batch(std::vector<std::string> words) {
        world.program = "hakuriver batch";
        return run_menu(world, batch_menu(), words);
    }
    int docker(std::vector<std::string> words) {
        world.program = "hakuriver.docker";
        return run_menu(world, {"hakuriver.docker COMMAND", "Environments.", environment_commands()}, words);
    }
    int init(std::vector<std::string> words) {
        world.program = "hakuriver.init";
        return run_menu(world, {"hakuriver.init COMMAND", "First steps.", init_commands()}, words);
    }
    void clear() {
        out.clear();
        err.clear();
        host->asked.clear();
        host->bodies.clear();
    }
};

/// A task as the Host would show it; the tests change what they are about.
inline proto::TaskView make_task(std::int64_t id, TaskState status = TaskState::running) {
    proto::TaskView task;
    task.task_id = TaskId{id};
    task.batch_id = BatchId{id};
    task.command = "python";
    task.arguments = {"train.py", "--lr", "0.1"};
    task.required_cores = 2;
    task.status = status;
    task.target = "node1";
    task.submitted_by = "alice";
    task.attempt = 1;
    task.submitted_at = *parse_time("2026-03-01T11:50:00Z");
    if (status != TaskState::pending) {
        task.assigned_node = "node1";
        task.started_at = *parse_time("2026-03-01T11:51:00Z");
    }
    if (is_final(status)) {
        task.completed_at = *parse_time("2026-03-01T11:55:30Z");
        task.exit_code = status == TaskState::completed ? 0 : 1;
        task.end_reason = EndReason::exited;
    }
    return task;
}

} // namespace hk::cli::test
