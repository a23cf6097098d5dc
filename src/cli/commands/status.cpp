#include "cli/commands/commands.hpp"
#include "cli/render_task.hpp"
#include "cli/selection.hpp"

namespace hk::cli {
namespace {

constexpr std::size_t most_shown = 500; ///< a request each; more are a matter for `tasks`

std::string hint_for(const proto::TaskView& task) {
    const std::string id = to_string(task.task_id);
    if (task.status == TaskState::pending) return {};
    if (is_final(task.status)) return "output: hakuriver logs " + id + "   again: hakuriver retry " + id;
    return "output: hakuriver logs -f " + id;
}

Result<int> show_one(Session& session, HostApi& api, TaskId id) {
    HK_TRY(const std::string body, api.get("/api/tasks/" + to_string(id)));
    if (session.json()) {
        session.print_json(body);
        return 0;
    }
    HK_TRY(const proto::TaskView task, proto::parse_task_view(body));
    if (session.quiet()) {
        session.print(std::string(to_string(task.status)) + "\n");
        return 0;
    }
    session.print(render_task(session.out(), task, session.wall()));
    if (task.status == TaskState::pending)
        if (const auto why = api.explain(id); why && !why->nodes.empty())
            session.print("\n" + render_verdicts(session.out(), *why));
    session.hint(hint_for(task));
    return 0;
}

Result<int> show_several(Session& session, HostApi& api, const std::vector<TaskId>& ids, bool range) {
    if (ids.size() > most_shown)
        return fail(Errc::too_large, std::to_string(ids.size()) + " tasks are more than the " +
                                         std::to_string(most_shown) + " that are shown at once; use hakuriver tasks");
    proto::TaskList list;
    for (const TaskId id : ids) {
        auto task = api.task(id);
        if (!task && task.error().code == Errc::not_found && range) continue;
        if (!task) return fail(task.error());
        list.tasks.push_back(std::move(*task));
    }
    list.total = static_cast<std::int64_t>(list.tasks.size());
    if (list.tasks.empty()) return fail(Errc::not_found, "none of these tasks exist");
    if (session.json()) session.print_json(proto::to_json(list));
    else session.print(render_task_table(session.out(), list.tasks, session.wall()));
    return 0;
}

class StatusVerb : public Verb {
    void declare(Parser& parser) override {
        parser.about({.usage = "hakuriver status ID...",
                      .sentence = "Shows everything about a task, and why it waits; several as a table.",
                      .examples = {"hakuriver status 12", "hakuriver status last", "hakuriver status 1-10 --json"}});
        parser.positional({.name = "ID...", .help = "ids, ranges (1-10) or last", .most = 1000, .what = Names::task},
                          ids_);
    }
    Result<int> run(Session& session) override { return show_status(session, ids_); }
    std::vector<std::string> ids_;
};

} // namespace

Result<int> show_status(Session& session, const std::vector<std::string>& words) {
    HK_TRY(const Selector selector, parse_selectors(words));
    HK_TRY(const std::vector<TaskId> ids, resolve(session, selector));
    HK_TRY(HostApi* const api, session.host());
    if (ids.size() == 1) return show_one(session, *api, ids.front());
    return show_several(session, *api, ids, selector.range);
}

std::unique_ptr<Verb> make_status() { return make_verb<StatusVerb>(); }

} // namespace hk::cli
