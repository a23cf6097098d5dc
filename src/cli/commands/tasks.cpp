#include "cli/commands/commands.hpp"
#include "cli/render_task.hpp"
#include "cli/suggest.hpp"

#include <algorithm>
#include <array>

namespace hk::cli {
namespace {

constexpr std::int64_t usual_limit = 100;

struct Filter {
    std::string_view word;  ///< as people write it
    std::string_view query; ///< as the API calls it
};
constexpr std::array<Filter, 8> filters{{{"state", "status"},
                                         {"status", "status"},
                                         {"node", "node"},
                                         {"batch", "batch"},
                                         {"container", "container"},
                                         {"user", "user"},
                                         {"q", "q"},
                                         {"search", "q"}}};

Result<> check_states(std::string_view states) {
    std::vector<std::string_view> known;
    for (auto state = TaskState::pending; state <= TaskState::killed_oom; state = TaskState(int(state) + 1))
        known.push_back(to_string(state));
    for (;;) {
        const auto comma = states.find(',');
        const std::string_view state = states.substr(0, comma);
        if (!parse_task_state(state))
            return fail(Errc::invalid, "--filter: there is no state \"" + std::string(state.substr(0, 40)) + "\"" +
                                           did_you_mean(state, known));
        if (comma == states.npos) return {};
        states.remove_prefix(comma + 1);
    }
}

/// "state=failed" -> "status=failed"
Result<std::string> query_part(std::string_view word) {
    const auto equals = word.find('=');
    const std::string_view name = word.substr(0, equals);
    const auto found = std::ranges::find(filters, name, &Filter::word);
    if (equals == word.npos || equals + 1 == word.size() || found == filters.end()) {
        std::vector<std::string_view> names;
        names.reserve(filters.size());
        for (const Filter& filter : filters) names.push_back(filter.word);
        return fail(Errc::invalid, "--filter: \"" + std::string(word.substr(0, 40)) +
                                       "\" is not NAME=VALUE with state, node, batch, container, user or search" +
                                       (found == filters.end() ? did_you_mean(name, names) : std::string()));
    }
    if (found->query == "status") HK_CHECK(check_states(word.substr(equals + 1)));
    return query_of({{std::string(found->query), std::string(word.substr(equals + 1))}}).substr(1);
}

Result<std::string> query_from(const std::vector<std::string>& words) {
    std::string query;
    for (const std::string& word : words) {
        HK_TRY(const std::string part, query_part(word));
        query += (query.empty() ? "" : "&") + part;
    }
    return query;
}

class TasksVerb : public Verb {
    void declare(Parser& parser) override {
        parser.about({.usage = "hakuriver tasks [OPTIONS]",
                      .sentence = "Lists tasks, newest first.",
                      .examples = {"hakuriver tasks", "hakuriver tasks --filter state=running,pending",
                                   "hakuriver retry $(hakuriver tasks -q --filter state=failed --filter "
                                   "user=$USER)"}});
        declare_list(parser, options_);
    }
    Result<int> run(Session& session) override { return list_tasks(session, options_); }
    ListOptions options_;
};

} // namespace

void declare_list(Parser& parser, ListOptions& options) {
    parser.option({.names = "--filter",
                   .value = "NAME=VALUE",
                   .help = "Only tasks with this state, node, batch, container or user, or with this "
                           "text (search=) in "
                           "their command; repeatable, and state takes a list: state=failed,killed."},
                  options.filters);
    parser.number({.names = "--limit", .value = "N", .help = "At most N tasks. Default 100."}, {1, 100'000},
                  options.limit);
}

Result<int> list_tasks(Session& session, const ListOptions& options) {
    HK_TRY(const std::string query, query_from(options.filters));
    HK_TRY(HostApi* const api, session.host());
    HK_TRY(const proto::TaskList list,
           api->tasks(query, static_cast<std::size_t>(options.limit.value_or(usual_limit))));
    if (session.json()) {
        session.print_json(proto::to_json(list));
        return 0;
    }
    if (session.quiet()) {
        std::string ids;
        for (const auto& task : list.tasks) ids += to_string(task.task_id) + "\n";
        session.print(ids);
        return 0;
    }
    if (list.tasks.empty()) {
        session.say(query.empty() ? "no tasks yet" : "no tasks match");
        return 0;
    }
    session.print(render_task_table(session.out(), list.tasks, session.wall()));
    const auto shown = static_cast<std::int64_t>(list.tasks.size());
    if (shown < list.total)
        session.say("the newest " + std::to_string(shown) + " of " + std::to_string(list.total) +
                    "; --limit shows more");
    return 0;
}

std::unique_ptr<Verb> make_tasks() { return make_verb<TasksVerb>(); }

} // namespace hk::cli
