#include "base/file.hpp"
#include "cli/commands/commands.hpp"
#include "cli/selection.hpp"
#include "cli/text.hpp"
#include "model/task.hpp"
#include "span/sweep.hpp"

#include <algorithm>
#include <filesystem>

namespace hk::cli {
namespace {

constexpr Duration submit_limit = std::chrono::seconds(60);
constexpr std::int64_t most_cores = 100'000;
constexpr std::int64_t most_of_a_batch = 1'000'000;
constexpr std::size_t most_sweep_bytes = 16 << 20; ///< of a file that a span names

Error about_option(std::string_view option, Error error) {
    error.message = std::string(option) + ": " + error.message;
    return error;
}

Result<std::map<std::string, std::string>> parse_env(const std::vector<std::string>& words) {
    std::map<std::string, std::string> env;
    for (const std::string& word : words) {
        const auto equals = word.find('=');
        if (equals == 0 || equals == word.npos)
            return fail(Errc::invalid, "--env: \"" + word.substr(0, 40) + "\" is not NAME=VALUE");
        env[word.substr(0, equals)] = word.substr(equals + 1);
    }
    return env;
}

/// What the Host is told is JSON, which carries text and not any bytes.
Result<> check_text(const std::vector<std::string>& words) {
    for (const std::string& word : words)
        if (const std::string text = valid_utf8(word); text != word)
            return fail(Errc::invalid, "\"" + harmless(text.substr(0, 80), true) +
                                           "\" is not UTF-8 text and cannot be sent as it is; put the command "
                                           "into a script in the shared folder and run that");
    return {};
}

Result<> check_targets(const std::vector<std::string>& targets) {
    if (targets.size() > proto::most_targets)
        return fail(Errc::too_large, "more than " + std::to_string(proto::most_targets) + " targets in one submission");
    for (const std::string& target : targets)
        if (const auto parsed = parse_target(target); !parsed) return fail(about_option("--target", parsed.error()));
    return {};
}

Result<> check_mounts(const std::vector<std::string>& mounts) {
    for (const std::string& mount : mounts)
        if (const auto parsed = parse_mount(mount); !parsed) return fail(about_option("--mount", parsed.error()));
    return {};
}

/// A file that cannot be read is a wrong word of the command line.
Result<std::string> read_values(const std::string& path) {
    auto text = read_file(path, most_sweep_bytes);
    if (!text) return fail(Errc::invalid, text.error().message);
    return text;
}

/// A span in the command is a sweep: the Host makes a task of each combination. hakurun expands its
/// own. Files that spans name are read here: they are on this machine.
Result<> fill_command(proto::SubmitRequest& request, const std::vector<std::string>& words) {
    request.command = words.front();
    request.arguments.assign(words.begin() + 1, words.end());
    if (std::filesystem::path(words.front()).filename() == "hakurun" || !span::has_spans(request.arguments)) return {};
    HK_TRY(request.arguments, span::inline_files(std::move(request.arguments), read_values));
    HK_TRY(const span::Sweep sweep, span::parse_sweep(request.arguments));
    request.sweep = sweep.has_spans();
    return {};
}

Result<> fill_limits(proto::SubmitRequest& request, const SubmitOptions& options) {
    if (options.memory) {
        const auto size = parse_size(*options.memory);
        if (!size) return fail(about_option("--memory", size.error()));
        request.required_memory_bytes = *size;
    }
    if (options.strategy) {
        const auto strategy = parse_strategy(*options.strategy);
        if (!strategy) return fail(about_option("--strategy", strategy.error()));
        request.strategy = *strategy;
    }
    request.required_cores = static_cast<int>(options.cores.value_or(1));
    request.gpu_count = static_cast<int>(options.gpus.value_or(0));
    request.priority = static_cast<int>(options.priority.value_or(0));
    request.count = static_cast<int>(options.count.value_or(1));
    request.max_running = static_cast<int>(options.max_running.value_or(0));
    if (options.max_fails) request.max_fails = static_cast<int>(*options.max_fails);
    return {};
}

Result<proto::SubmitRequest> make_request(Session& session, const SubmitOptions& options) {
    const std::vector<std::string>& words = options.command.words;
    if (words.empty() || words.front().empty())
        return fail(Errc::invalid, "the command to run is missing; write it last: " + session.world().program +
                                       " --target node1 -- echo hello");
    HK_CHECK(check_text(words));
    HK_CHECK(check_text(options.env));
    if (options.container && options.container->empty()) // a variable that is not set must not lift the isolation
        return fail(Errc::invalid,
                    "--container needs the name of an environment, and \"\" is none; NULL runs the command "
                    "directly on the node");
    proto::SubmitRequest request;
    HK_CHECK(fill_command(request, words));
    HK_CHECK(check_targets(options.targets));
    HK_CHECK(check_mounts(options.mounts));
    HK_TRY(request.env_vars, parse_env(options.env));
    HK_CHECK(fill_limits(request, options));
    if (!options.targets.empty()) request.targets = options.targets;
    if (!options.mounts.empty()) request.additional_mounts = options.mounts;
    request.container_name = options.container;
    if (options.privileged) request.privileged = true;
    request.no_queue = options.no_queue;
    request.submitted_by = session.world().user();
    request.working_directory = options.working_directory.value_or("");
    return request;
}

void show_ids(Session& session, const proto::SubmitReply& reply) {
    std::string text;
    for (const TaskId id : reply.task_ids) text += to_string(id) + "\n";
    session.print(text);
}

void show_reply(Session& session, const proto::SubmitReply& reply) {
    const std::size_t count = reply.task_ids.size();
    if (count == 1) session.print("task " + to_string(reply.task_ids.front()) + " submitted\n");
    else if (count > 1) session.print(std::to_string(count) + " tasks submitted: " + format_ids(reply.task_ids) + "\n");
    for (const proto::FailedTarget& failed : reply.failed_targets)
        session.say("not submitted to " + harmless(failed.target, session.err().unicode) + ": " +
                    harmless(failed.reason, session.err().unicode));
}

void hint_next(Session& session, const proto::SubmitReply& reply) {
    if (reply.task_ids.empty()) return;
    if (reply.task_ids.size() > 1 && reply.batch_id) {
        const std::string batch = to_string(*reply.batch_id);
        session.hint("progress: hakuriver batch " + batch + "   output: hakuriver batch logs " + batch);
        return;
    }
    const std::string id = to_string(reply.task_ids.front());
    session.hint("output: hakuriver logs -f " + id + "   why it waits: hakuriver explain " + id);
}

} // namespace

bool SubmitOptions::any() const {
    const bool texts =
        memory || container || strategy || working_directory || patience.poll_interval || patience.timeout;
    const bool numbers = cores || gpus || priority || count || max_running || max_fails;
    return texts || numbers || privileged || no_queue || wait || !targets.empty() || !env.empty() || !mounts.empty();
}

void declare_submit(Parser& parser, SubmitOptions& options) {
    parser.section("Where the task runs");
    parser.option({.names = "-t,--target",
                   .value = "NODE[:NUMA][::GPU,GPU]",
                   .help = "A node, optionally one NUMA node and GPUs of it; repeat it for one task on each. "
                           "Without it the scheduler picks a node.",
                   .what = Names::node},
                  options.targets);
    parser.option({.names = "--container",
                   .value = "NAME",
                   .help = "Environment to run in; NULL runs directly on the node. Default: as the "
                           "Host is configured.",
                   .what = Names::environment},
                  options.container);
    parser.option({.names = "--strategy",
                   .value = "NAME",
                   .help = "first-fit, best-fit, least-loaded or round-robin.",
                   .what = Names::choice,
                   .choices = "first-fit,best-fit,least-loaded,round-robin"},
                  options.strategy);
    parser.number({.names = "--priority", .value = "N", .help = "-1000 to 1000; higher runs first. Default 0."},
                  {-1000, 1000}, options.priority);
    parser.flag({.names = "--no-queue", .help = "Refuse the task when it cannot start now."}, options.no_queue);
    parser.section("What the task gets");
    parser.number({.names = "--cores", .value = "N", .help = "CPU cores. Default 1; 0 reserves none."}, {0, most_cores},
                  options.cores);
    parser.option({.names = "--memory", .value = "SIZE", .help = "Memory limit: 512M, 4G (1000-based)."},
                  options.memory);
    parser.number({.names = "--gpus", .value = "N", .help = "Any N free GPUs of one node."}, {0, 64}, options.gpus);
    parser.option({.names = "--env", .value = "NAME=VALUE", .help = "Environment variable; repeatable."}, options.env);
    parser.option({.names = "--mount",
                   .value = "NODE_PATH:PATH[:ro]",
                   .help = "Folder of the node to mount into the container; repeatable, replaces "
                           "the Host's list."},
                  options.mounts);
    parser.flag({.names = "--privileged", .help = "Run the container with all privileges; be careful."},
                options.privileged);
    parser.option({.names = "--workdir",
                   .value = "PATH",
                   .help = "Folder to run in. Default: the shared data folder.",
                   .what = Names::folder},
                  options.working_directory);
    parser.number(
        {.names = "--count", .value = "N", .help = "N tasks for each target; HAKURIVER_TASK_INDEX tells them apart."},
        {1, 10'000}, options.count);
    parser.number({.names = "--max-running", .value = "N", .help = "Of these tasks at most N run at one time."},
                  {1, most_of_a_batch}, options.max_running);
    parser.number({.names = "--max-fails",
                   .value = "N",
                   .help = "When more than N of these tasks have failed, the rest is killed."},
                  {0, most_of_a_batch}, options.max_fails);
    parser.section("Waiting");
    parser.flag({.names = "-w,--wait", .help = "Wait for the end and exit with the task's exit code."}, options.wait);
    declare_wait(parser, options.patience);
    parser.command({.name = "COMMAND", .help = "The program and its arguments, passed byte for byte; no shell."},
                   options.command);
}

Result<int> submit(Session& session, const SubmitOptions& options) {
    HK_TRY(WaitOptions wait, make_wait(options.patience));
    HK_TRY(const proto::SubmitRequest request, make_request(session, options));
    HK_TRY(HostApi* const api, session.host());
    HK_TRY(const std::string body, api->post("/api/tasks", proto::to_json(request), submit_limit));
    HK_TRY(const proto::SubmitReply reply, proto::parse_submit_reply(body));
    if (session.quiet()) show_ids(session, reply);
    else if (!session.json()) show_reply(session, reply);
    else if (!options.wait) session.print_json(body);
    constexpr int partly = 125;
    if (!options.wait) {
        if (!session.json()) hint_next(session, reply);
        return reply.failed_targets.empty() ? 0 : partly;
    }
    wait.failed_targets = reply.failed_targets;
    wait.batch = reply.batch_id;
    return wait_for(session, reply.task_ids, wait);
}

namespace {

class SubmitVerb : public Verb {
    void declare(Parser& parser) override {
        parser.about({.usage = "hakuriver submit [OPTIONS] [--] COMMAND [ARGS...]",
                      .sentence = "Runs a command on the cluster.",
                      .examples = {"hakuriver submit -- nvidia-smi",
                                   "hakuriver submit --target node1 --cores 4 --memory 8G -- python "
                                   "train.py --lr 0.1",
                                   "hakuriver submit --gpus 2 --container cuda --wait -- python train.py"}});
        declare_submit(parser, options_);
    }
    Result<int> run(Session& session) override { return submit(session, options_); }
    SubmitOptions options_;
};

} // namespace

std::unique_ptr<Verb> make_submit() { return make_verb<SubmitVerb>(); }

} // namespace hk::cli
