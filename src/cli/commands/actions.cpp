#include "cli/commands/commands.hpp"
#include "cli/selection.hpp"

#include <algorithm>
#include <array>
#include <ranges>

namespace hk::cli {
namespace {

constexpr Duration action_limit = std::chrono::seconds(30);
constexpr std::size_t most_refused = 20; ///< that are named

struct ActionText {
    std::string_view word;
    std::string_view done; ///< "killed"
    std::string_view usage;
    std::string_view sentence;
};
constexpr std::array<ActionText, 4> texts{{
    {"kill", "killed", "hakuriver kill ID...",
     "Ends tasks: TERM, then KILL after a grace time, with all their processes."},
    {"pause", "paused", "hakuriver pause ID...", "Stops running tasks where they are; they keep their resources."},
    {"resume", "resumed", "hakuriver resume ID...", "Lets paused tasks go on."},
    {"retry", "submitted again", "hakuriver retry ID...", "Submits tasks once more, each as a new task."},
}};
const ActionText& text_of(Action action) { return texts[static_cast<std::size_t>(action)]; }

Result<int> act_on_one(Session& session, HostApi& api, Action action, TaskId id) {
    const ActionText& text = text_of(action);
    HK_TRY(const std::string body,
           api.post("/api/tasks/" + to_string(id) + "/" + std::string(text.word), {}, action_limit));
    if (session.json()) {
        session.print_json(body);
        return 0;
    }
    if (action == Action::retry) {
        HK_TRY(const proto::SubmitReply reply, proto::parse_submit_reply(body));
        const std::string fresh = format_ids(reply.task_ids);
        session.print(session.quiet() ? fresh + "\n" : "task " + to_string(id) + " submitted again as " + fresh + "\n");
        return 0;
    }
    HK_TRY(const proto::MessageReply reply, proto::parse_message_reply(body));
    session.say(harmless(reply.message, session.err().unicode));
    return 0;
}

void say_refused(Session& session, const std::vector<proto::FailedTarget>& all) {
    for (const proto::FailedTarget& refused : all | std::views::take(most_refused)) {
        const std::string task = "task " + harmless(refused.target);
        const std::string reason = harmless(refused.reason, session.err().unicode);
        session.say(reason.starts_with(task + " ") ? reason : task + ": " + reason);
    }
    if (all.size() > most_refused) session.say("... and " + std::to_string(all.size() - most_refused) + " more");
}

template <Action action>
class ActionVerb : public Verb {
    void declare(Parser& parser) override {
        const ActionText& text = text_of(action);
        parser.about({.usage = text.usage, .sentence = text.sentence});
        parser.positional({.name = "ID...",
                           .help = "ids, lists (3,5), ranges (1-10) or last",
                           .most = most_selected,
                           .what = Names::task},
                          ids_);
    }
    Result<int> run(Session& session) override { return act(session, action, ids_); }
    std::vector<std::string> ids_;
};

} // namespace

int report(Session& session, Action action, const proto::SelectionReply& tally) {
    constexpr int partly = 125;
    const int code = tally.refused.empty() ? 0 : partly;
    if (session.json()) {
        session.print_json(proto::to_json(tally));
        return code;
    }
    say_refused(session, tally.refused);
    if (session.quiet()) {
        for (const TaskId id : tally.done) session.print(to_string(id) + "\n");
        return code;
    }
    session.print(std::to_string(tally.done.size()) + (tally.done.size() == 1 ? " task " : " tasks ") +
                  std::string(text_of(action).done) + (tally.done.empty() ? "" : ": " + format_ids(tally.done)) + "\n");
    return code;
}

namespace {

Result<int> act_on_several(Session& session, Action action, const std::vector<TaskId>& ids) {
    HK_TRY(HostApi* const api, session.host());
    HK_TRY(const proto::SelectionReply tally, api->act(std::string(text_of(action).word), ids));
    return report(session, action, tally);
}

} // namespace

Result<int> act(Session& session, Action action, const std::vector<std::string>& words) {
    HK_TRY(const std::vector<TaskId> ids, resolve(session, words));
    HK_TRY(HostApi* const api, session.host());
    if (ids.size() == 1) return act_on_one(session, *api, action, ids.front());
    return act_on_several(session, action, ids);
}

std::unique_ptr<Verb> make_kill() { return make_verb<ActionVerb<Action::kill>>(); }
std::unique_ptr<Verb> make_pause() { return make_verb<ActionVerb<Action::pause>>(); }
std::unique_ptr<Verb> make_resume() { return make_verb<ActionVerb<Action::resume>>(); }
std::unique_ptr<Verb> make_retry() { return make_verb<ActionVerb<Action::retry>>(); }

} // namespace hk::cli
