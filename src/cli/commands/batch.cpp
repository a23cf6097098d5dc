#include "cli/commands/batch.hpp"

#include "cli/commands/commands.hpp"
#include "cli/render_task.hpp"
#include "cli/selection.hpp"

#include <algorithm>
#include <array>
#include <set>

namespace hk::cli {
namespace {

constexpr std::string_view id_help = "id of the batch or of any task of it, or last";

Result<proto::BatchView> find_batch(Session& session, const std::string& word) {
    HK_TRY(const BatchId id, resolve_batch(session, word));
    HK_TRY(HostApi* const api, session.host());
    return api->batch(id);
}

class StatusVerb : public Verb {
    void declare(Parser& parser) override {
        parser.about({.usage = "hakuriver batch [status] ID",
                      .sentence = "Shows how far the tasks of one submission are.",
                      .examples = {"hakuriver batch 12", "hakuriver batch last", "hakuriver tasks --filter batch=12"}});
        parser.positional({.name = "ID", .help = id_help, .what = Names::batch}, id_);
    }
    Result<int> run(Session& session) override { return show_batch(session, id_.front()); }
    std::vector<std::string> id_;
};

class LogsVerb : public Verb {
    void declare(Parser& parser) override {
        parser.about({.usage = "hakuriver batch logs [OPTIONS] ID",
                      .sentence = "Prints the output of all tasks of a batch in their order, each "
                                  "under a line that names it; with --quiet without these lines.",
                      .examples = {"hakuriver batch logs 12", "hakuriver batch logs -q last > all",
                                   "hakuriver batch logs --failed --stderr --tail 5 12"}});
        declare_logs(parser, options_);
        parser.positional({.name = "ID", .help = id_help, .what = Names::batch}, id_);
    }
    Result<int> run(Session& session) override { return show_batch_logs(session, id_.front(), options_); }
    LogOptions options_;
    std::vector<std::string> id_;
};

class WaitVerb : public Verb {
    void declare(Parser& parser) override {
        parser.about({.usage = "hakuriver batch wait [OPTIONS] ID",
                      .sentence = "Waits for all tasks of a batch to end and exits with the "
                                  "highest of their exit codes.",
                      .examples = {"hakuriver batch wait 12", "hakuriver batch wait last --timeout 3600"}});
        declare_wait(parser, words_);
        parser.positional({.name = "ID", .help = id_help, .what = Names::batch}, id_);
    }
    Result<int> run(Session& session) override {
        HK_TRY(WaitOptions options, make_wait(words_));
        HK_TRY(const proto::BatchView batch, find_batch(session, id_.front()));
        options.batch = batch.batch_id;
        return wait_for(session, tasks_of(batch), options);
    }
    WaitWords words_;
    std::vector<std::string> id_;
};

struct ActionText {
    std::string_view word;
    std::string_view usage;
    std::string_view sentence;
    std::string_view states; ///< of the tasks that it is about
    std::string_view none;   ///< said where there are none
};
constexpr std::array<ActionText, 4> texts{{
    {"kill", "hakuriver batch kill ID", "Ends all tasks of a batch that have not ended yet.",
     "pending,assigning,running,paused,lost", "all tasks of the batch have ended already"},
    {"pause", "hakuriver batch pause ID", "Stops all tasks of a batch where they are; those that wait do not start.",
     "pending,assigning,running", "no task of the batch runs or waits"},
    {"resume", "hakuriver batch resume ID", "Lets all paused tasks of a batch go on.", "paused",
     "no task of the batch is paused"},
    {"retry", "hakuriver batch retry [OPTIONS] ID",
     "Submits the tasks of a batch that failed once more, as a new batch.", "failed,killed_oom",
     "no task of the batch failed"},
}};

template <Action action>
class ActionVerb : public Verb {
    static constexpr const ActionText& text = texts[static_cast<std::size_t>(action)];

    void declare(Parser& parser) override {
        parser.about({.usage = text.usage, .sentence = text.sentence});
        if (action == Action::retry)
            parser.flag({.names = "--killed", .help = "Also those that were killed."}, killed_);
        parser.positional({.name = "ID", .help = id_help, .what = Names::batch}, id_);
    }
    Result<int> run(Session& session) override {
        HK_TRY(const proto::BatchView batch, find_batch(session, id_.front()));
        const std::string query =
            "batch=" + to_string(batch.batch_id) + "&status=" + std::string(text.states) + (killed_ ? ",killed" : "");
        proto::SelectionReply tally;
        HK_CHECK(act_on_all(session, query, tally));
        if (tally.done.empty() && tally.refused.empty()) {
            session.say(text.none);
            if (session.json()) session.print_json(proto::to_json(tally));
            return 0;
        }
        return report(session, action, tally);
    }
    /// Pausing looks again until nothing is left: what was just being started could not be paused.
    Result<> act_on_all(Session& session, const std::string& query, proto::SelectionReply& tally) {
        constexpr int most_rounds = 20;
        HK_TRY(HostApi* const api, session.host());
        for (int round = 0; round < (action == Action::pause ? most_rounds : 1); ++round) {
            if (round > 0) (void)session.pace().sleep(std::chrono::milliseconds(100));
            HK_TRY(std::vector<TaskId> ids, api->task_ids(query));
            if (ids.empty()) return {};
            // Newest first, so that nothing more starts meanwhile; submitted again in their order.
            if (action == Action::retry) std::ranges::reverse(ids);
            HK_TRY(const proto::SelectionReply part, api->act(std::string(text.word), ids));
            tally.done.insert(tally.done.end(), part.done.begin(), part.done.end());
            tally.refused = part.refused;
        }
        if (action == Action::kill && !tally.refused.empty()) HK_CHECK(forget_ended(*api, query, tally));
        return {};
    }
    /// A task that ended while the others were being killed is as it was to be.
    static Result<> forget_ended(HostApi& api, const std::string& query, proto::SelectionReply& tally) {
        HK_TRY(const std::vector<TaskId> ids, api.task_ids(query));
        const std::set<TaskId> left(ids.begin(), ids.end());
        std::erase_if(tally.refused, [&](const proto::FailedTarget& refused) {
            const auto id = parse_task_id(refused.target);
            return id && !left.contains(*id);
        });
        return {};
    }
    bool killed_ = false;
    std::vector<std::string> id_;
};

void add_counts(Facts& facts, const Terminal& terminal, const proto::BatchView& batch) {
    for (const auto& [name, count] : batch.counts) {
        if (count == 0) continue;
        const auto state = parse_task_state(name);
        facts.add("  " + harmless(name, terminal.unicode),
                  {std::to_string(count), state ? colour_of(*state) : Colour::none});
    }
}

/// "[=======>     ]  412 of 1000 ended"
std::string progress_of(const proto::BatchView& batch) {
    constexpr std::int64_t width = 30;
    std::int64_t ended = 0;
    for (const auto& [name, count] : batch.counts)
        if (const auto state = parse_task_state(name); state && is_final(*state)) ended += count;
    const auto full = static_cast<std::size_t>(batch.total > 0 ? ended * width / batch.total : 0);
    const std::string head = full < width ? ">" : "";
    return "[" + std::string(full, '=') + head +
           std::string(static_cast<std::size_t>(width) - full - head.size(), ' ') + "]  " + std::to_string(ended) +
           " of " + std::to_string(batch.total) + " ended";
}

std::string render_batch(const Terminal& terminal, const proto::BatchView& batch, Time now) {
    Facts facts;
    facts.add("batch", {to_string(batch.batch_id), Colour::bold});
    facts.add("command", cell(terminal, batch.command));
    facts.add("by", cell(terminal, batch.submitted_by));
    facts.add("submitted",
              {local_time(batch.submitted_at) + " (" + format_duration(now - batch.submitted_at) + " ago)"});
    facts.add("tasks", {format_ids(tasks_of(batch))});
    facts.add("progress", {progress_of(batch)});
    add_counts(facts, terminal, batch);
    return facts.render(terminal);
}

void hint_next(Session& session, const proto::BatchView& batch) {
    const std::string id = to_string(batch.batch_id);
    if (!batch.finished) session.hint("wait: hakuriver batch wait " + id + "   output: hakuriver batch logs " + id);
    else if (batch.counts.contains("failed") || batch.counts.contains("killed_oom"))
        session.hint("what failed: hakuriver batch logs --failed --stderr " + id + "   again: hakuriver batch retry " +
                     id);
    else session.hint("output: hakuriver batch logs " + id);
}

} // namespace

Result<int> show_batch(Session& session, const std::string& word) {
    HK_TRY(const BatchId id, resolve_batch(session, word));
    HK_TRY(HostApi* const api, session.host());
    HK_TRY(const std::string body, api->get("/api/batches/" + to_string(id)));
    if (session.json()) {
        session.print_json(body);
        return 0;
    }
    HK_TRY(const proto::BatchView batch, proto::parse_batch_view(body));
    if (session.quiet()) {
        std::string ids;
        for (const TaskId task : tasks_of(batch)) ids += to_string(task) + "\n";
        session.print(ids);
        return 0;
    }
    session.print(render_batch(session.out(), batch, session.wall()));
    hint_next(session, batch);
    return 0;
}

Result<int> show_batch_logs(Session& session, const std::string& word, const LogOptions& options) {
    HK_TRY(const proto::BatchView batch, find_batch(session, word));
    return show_logs_of(session, tasks_of(batch), options);
}

std::unique_ptr<Verb> make_batch() { return make_verb<StatusVerb>(); }

std::span<const Command> batch_commands() {
    static constexpr std::array<Command, 7> commands{{
        {"status", "how far it is", &make_batch},
        {"logs", "the output of all its tasks in order", &make_verb<LogsVerb>},
        {"wait", "wait for all its tasks to end", &make_verb<WaitVerb>},
        {"kill", "end all its tasks", &make_verb<ActionVerb<Action::kill>>},
        {"pause", "stop its tasks where they are", &make_verb<ActionVerb<Action::pause>>},
        {"resume", "let its paused tasks go on", &make_verb<ActionVerb<Action::resume>>},
        {"retry", "submit the tasks that failed again", &make_verb<ActionVerb<Action::retry>>},
    }};
    return commands;
}

Menu batch_menu() {
    return {.usage = "hakuriver batch ID | hakuriver batch COMMAND [OPTIONS] ID",
            .sentence = "Looks after all tasks of one submission. ID is the id of any of its tasks, "
                        "or last; without a command it shows how far the batch is.",
            .commands = batch_commands(),
            .otherwise = &make_batch};
}

} // namespace hk::cli
