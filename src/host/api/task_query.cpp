#include "host/api/task_query.hpp"

#include <charconv>

namespace hk::host {
namespace {

Error wrong(const std::string& field, const std::string& message) {
    return {Errc::invalid, message, {{"/" + field, message}}};
}

Result<int> parse_limit(std::string_view text) {
    int limit = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), limit);
    if (error != std::errc{} || end != text.data() + text.size() || limit < 1 || limit > store::most_listed_tasks)
        return fail(wrong("limit", "limit must be 1 to " + std::to_string(store::most_listed_tasks)));
    return limit;
}

/// "failed,killed" or the field several times.
Result<std::vector<TaskState>> parse_states(const std::vector<std::string_view>& values) {
    std::vector<TaskState> states;
    for (std::string_view list : values) {
        while (!list.empty()) {
            const auto comma = list.find(',');
            const auto name = list.substr(0, comma);
            const auto state = parse_task_state(name);
            if (!state) return fail(wrong("status", "there is no task status '" + std::string(name) + "'"));
            states.push_back(*state);
            list = comma == list.npos ? std::string_view{} : list.substr(comma + 1);
        }
    }
    return states;
}

} // namespace

Result<store::TaskQuery> parse_task_query(const net::Request& request) {
    store::TaskQuery query;
    if (const auto limit = request.query_value("limit")) {
        HK_TRY(query.limit, parse_limit(*limit));
    }
    if (const auto after = request.query_value("after")) {
        HK_TRY(query.after, parse_task_id(*after));
    }
    if (const auto batch = request.query_value("batch")) {
        HK_TRY(const TaskId id, parse_task_id(*batch));
        query.batch = BatchId{id.value};
    }
    HK_TRY(query.states, parse_states(request.query_values("status")));
    query.node = request.query_value("node").value_or("");
    query.container = request.query_value("container").value_or("");
    query.user = request.query_value("user").value_or("");
    query.search = request.query_value("q").value_or("");
    if (query.search.size() > store::longest_search)
        return fail(wrong("q", "a search has at most " + std::to_string(store::longest_search) + " bytes"));
    return query;
}

} // namespace hk::host
