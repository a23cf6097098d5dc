#pragma once
#include "cli/log_view.hpp"
#include "cli/session.hpp"
#include "cli/verb.hpp"

/// What the commands do, as functions of their options: `hakuriver status 12` and `hakuriver.client
/// --status 12` are two ways to the same one. Each is implemented in the file of its name; the
/// classes around them are in the same files.
namespace hk::cli {

/// How long to wait, as it stands on the command line.
struct WaitWords {
    std::optional<std::string> poll_interval;
    std::optional<std::string> timeout;
};
void declare_wait(Parser& parser, WaitWords& words);

struct SubmitOptions {
    std::vector<std::string> targets;
    std::optional<std::int64_t> cores;
    std::optional<std::string> memory;
    std::optional<std::int64_t> gpus;
    std::vector<std::string> env;
    std::optional<std::string> container;
    bool privileged = false;
    std::vector<std::string> mounts;
    std::optional<std::int64_t> priority;
    std::optional<std::string> strategy;
    bool no_queue = false;
    std::optional<std::int64_t> count;
    std::optional<std::int64_t> max_running;
    std::optional<std::int64_t> max_fails;
    std::optional<std::string> working_directory;
    bool wait = false;
    WaitWords patience;
    UserCommand command;
    bool any() const; ///< whether an option that only makes sense for a submission was given
};
void declare_submit(Parser& parser, SubmitOptions& options);
Result<int> submit(Session& session, const SubmitOptions& options);

struct WaitOptions {
    Duration poll_interval = std::chrono::seconds(1);
    std::optional<Duration> timeout;
    std::optional<BatchId> batch; ///< when the tasks are all tasks of this batch: its counts are enough to look at
    std::vector<proto::FailedTarget> failed_targets; ///< of the submission that is waited for
};
/// "1", "0.25": seconds, from 10 ms to a day.
Result<Duration> parse_seconds(std::string_view what, std::string_view text);
Result<WaitOptions> make_wait(const WaitWords& words);
Result<int> wait_for(Session& session, std::vector<TaskId> ids, const WaitOptions& options);

Result<int> show_status(Session& session, const std::vector<std::string>& words);

struct ListOptions {
    std::vector<std::string> filters; ///< "state=failed"
    std::optional<std::int64_t> limit;
};
void declare_list(Parser& parser, ListOptions& options);
Result<int> list_tasks(Session& session, const ListOptions& options);

enum class Action { kill, pause, resume, retry };
Result<int> act(Session& session, Action action, const std::vector<std::string>& words);
/// Says what came of an action on several tasks; the exit code.
int report(Session& session, Action action, const proto::SelectionReply& tally);

void declare_logs(Parser& parser, LogOptions& options);
Result<int> show_logs(Session& session, const std::vector<std::string>& words, const LogOptions& options);
/// The same of tasks whose ids are known.
Result<int> show_logs_of(Session& session, const std::vector<TaskId>& ids, const LogOptions& options);

/// `word`: the id of a batch, or "last".
Result<int> show_batch(Session& session, const std::string& word);
Result<int> show_batch_logs(Session& session, const std::string& word, const LogOptions& options);

Result<int> list_nodes(Session& session);
Result<int> list_gpus(Session& session);
Result<int> show_health(Session& session, const std::optional<std::string>& node);
Result<int> explain_tasks(Session& session, const std::vector<std::string>& words);

std::span<const Command> client_commands();      ///< the words after `hakuriver`
std::span<const Command> batch_commands();       ///< the words after `hakuriver batch`
std::span<const Command> environment_commands(); ///< the words after `hakuriver.docker` and `hakuriver env`
std::span<const Command> init_commands();        ///< the words after `hakuriver.init`

} // namespace hk::cli
