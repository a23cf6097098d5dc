#include "cli/commands/client.hpp"

#include "cli/commands/commands.hpp"
#include "cli/selector.hpp"

#include <algorithm>
#include <array>
#include <span>
#include <utility>

namespace hk::cli {
namespace {

/// hakuriver.client: the flags of the original program, and submission when none of them is given.
class ClientVerb : public Verb {
    void declare(Parser& parser) override;
    Result<int> run(Session& session) override;

    Result<> check_alone() const;
    Result<std::optional<Action>> spoken_action() const;

    SubmitOptions submit_;
    std::optional<std::string> status_;
    std::optional<std::string> kill_;
    std::optional<std::string> logs_;
    std::optional<std::string> batch_;
    std::optional<std::string> batch_logs_;
    bool list_nodes_ = false;
    bool list_gpus_ = false;
    bool list_tasks_ = false;
    bool health_ = false;
    std::optional<std::string> health_node_;
    LogOptions log_options_;
    ListOptions list_options_;
};

void ClientVerb::declare(Parser& parser) {
    parser.about({.usage = "hakuriver.client [OPTIONS] [--] COMMAND [ARGS...]",
                  .sentence = "Runs commands on the cluster and looks after them.",
                  .examples = {"hakuriver.client -- nvidia-smi",
                               "hakuriver.client --target node1 --target node3 --cores 2 -- ./tool input",
                               "hakuriver.client --target node3::0,1 --container cuda --wait -- python train.py",
                               "hakuriver.client --status 12", "hakuriver.client pause 12"},
                  .more = "pause ID..., resume ID..., kill ID... and retry ID... act on tasks; "
                          "write -- before a command of yours with such a name. "
                          "ID is an id (12), a list (3,5), a range (1-10) or last."});
    parser.section("Looking after tasks");
    parser.option({.names = "--status", .value = "ID", .help = "Show a task, and why it waits.", .what = Names::task},
                  status_);
    parser.option({.names = "--kill", .value = "ID", .help = "End a task.", .what = Names::task}, kill_);
    parser.option({.names = "--logs", .value = "ID", .help = "Print what a task has written.", .what = Names::task},
                  logs_);
    parser.option({.names = "--batch",
                   .value = "ID",
                   .help = "Show how far the tasks of one submission are.",
                   .what = Names::batch},
                  batch_);
    parser.option({.names = "--batch-logs",
                   .value = "ID",
                   .help = "Print what all of them have written, in their order.",
                   .what = Names::batch},
                  batch_logs_);
    parser.flag({.names = "--list-tasks", .help = "List tasks, newest first."}, list_tasks_);
    declare_list(parser, list_options_);
    parser.section("Looking at the cluster");
    parser.flag({.names = "--list-nodes", .help = "List the nodes."}, list_nodes_);
    parser.flag({.names = "--list-gpus", .help = "List all GPUs and who uses them."}, list_gpus_);
    parser.optional_value(
        {.names = "--health", .value = "[NODE]", .help = "Load, memory, temperatures and GPUs.", .what = Names::node},
        health_, health_node_);
    declare_submit(parser, submit_);
    declare_logs(parser, log_options_);
}

/// `pause 12`. A program of such a name is asked for with `--`: nothing that looks like an order about a task may
/// become a task instead, nor an order a task's program.
Result<std::optional<Action>> ClientVerb::spoken_action() const {
    constexpr std::array<std::pair<std::string_view, Action>, 4> actions{
        {{"pause", Action::pause}, {"resume", Action::resume}, {"kill", Action::kill}, {"retry", Action::retry}}};
    const auto& words = submit_.command.words;
    if (submit_.command.marked || words.empty()) return std::nullopt;
    const auto found = std::ranges::find(actions, words.front(), &std::pair<std::string_view, Action>::first);
    if (found == actions.end()) return std::nullopt;
    const std::string word(found->first);
    const std::string program = "; to run the program " + word + " on a node, write -- before it";
    if (submit_.any()) return fail(Errc::invalid, word + " does not go with options of a submission" + program);
    if (words.size() < 2) return fail(Errc::invalid, word + " needs the id of a task" + program);
    for (const std::string& each : std::span(words).subspan(1)) {
        if (each.starts_with('-'))
            return fail(Errc::invalid,
                        "options stand before " + word + ", and " + each.substr(0, 40) + " stands behind it" + program);
        if (const auto ids = parse_selector(each); !ids) return fail(Errc::invalid, ids.error().message + program);
    }
    return found->second;
}

/// The flags that ask for something exclude each other, a submission included.
Result<> ClientVerb::check_alone() const {
    const std::array<std::pair<bool, std::string_view>, 9> asked{{{status_.has_value(), "--status"},
                                                                  {kill_.has_value(), "--kill"},
                                                                  {logs_.has_value(), "--logs"},
                                                                  {batch_.has_value(), "--batch"},
                                                                  {batch_logs_.has_value(), "--batch-logs"},
                                                                  {list_tasks_, "--list-tasks"},
                                                                  {list_nodes_, "--list-nodes"},
                                                                  {list_gpus_, "--list-gpus"},
                                                                  {health_, "--health"}}};
    std::string_view first;
    for (const auto& [given, name] : asked) {
        if (!given) continue;
        if (!first.empty())
            return fail(Errc::invalid, std::string(first) + " and " + std::string(name) + " do not go together");
        first = name;
    }
    const auto& words = submit_.command.words;
    if (!first.empty() && !words.empty())
        return fail(Errc::invalid, std::string(first) + " does not go with a command to run (\"" +
                                       words.front().substr(0, 40) + "\")");
    if (!first.empty() && submit_.any())
        return fail(Errc::invalid, std::string(first) + " does not go with options of a submission");
    return {};
}

Result<int> ClientVerb::run(Session& session) {
    HK_CHECK(check_alone());
    if (status_) return show_status(session, {*status_});
    if (kill_) return act(session, Action::kill, {*kill_});
    if (logs_) return show_logs(session, {*logs_}, log_options_);
    if (batch_) return show_batch(session, *batch_);
    if (batch_logs_) return show_batch_logs(session, *batch_logs_, log_options_);
    if (list_tasks_) return hk::cli::list_tasks(session, list_options_);
    if (list_nodes_) return hk::cli::list_nodes(session);
    if (list_gpus_) return hk::cli::list_gpus(session);
    if (health_) return show_health(session, health_node_);
    HK_TRY(const auto action, spoken_action());
    const auto& words = submit_.command.words;
    if (action) return act(session, *action, {words.begin() + 1, words.end()});
    return submit(session, submit_);
}

} // namespace

std::unique_ptr<Verb> make_client() { return make_verb<ClientVerb>(); }

} // namespace hk::cli
