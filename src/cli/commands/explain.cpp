#include "cli/commands/commands.hpp"
#include "cli/render_task.hpp"
#include "cli/selection.hpp"

namespace hk::cli {
namespace {

constexpr std::size_t most_explained = 100; ///< a request each

class ExplainVerb : public Verb {
    void declare(Parser& parser) override {
        parser.about({.usage = "hakuriver explain ID...",
                      .sentence = "Says why a task waits, node by node.",
                      .examples = {"hakuriver explain 12", "hakuriver explain last"}});
        parser.positional(
            {.name = "ID...", .help = "ids, ranges (1-10) or last", .most = most_explained, .what = Names::task}, ids_);
    }
    Result<int> run(Session& session) override { return explain_tasks(session, ids_); }
    std::vector<std::string> ids_;
};

} // namespace

Result<int> explain_tasks(Session& session, const std::vector<std::string>& words) {
    HK_TRY(const std::vector<TaskId> ids, resolve(session, words));
    if (ids.size() > most_explained)
        return fail(Errc::too_large, std::to_string(ids.size()) + " tasks are more than the " +
                                         std::to_string(most_explained) +
                                         " that are explained at once; name some of them");
    HK_TRY(HostApi* const api, session.host());
    std::string values;
    for (const TaskId id : ids) {
        HK_TRY(const std::string body, api->get("/api/tasks/" + to_string(id) + "/explain"));
        if (session.json()) {
            values += (values.empty() ? "" : ",") + body;
            continue;
        }
        HK_TRY(const proto::Explanation explanation, proto::parse_explanation(body));
        session.print((id == ids.front() ? "" : "\n") + render_explanation(session.out(), explanation));
    }
    if (session.json()) session.print_json(ids.size() == 1 ? values : "{\"explanations\":[" + values + "]}");
    return 0;
}

std::unique_ptr<Verb> make_explain() { return make_verb<ExplainVerb>(); }

} // namespace hk::cli
