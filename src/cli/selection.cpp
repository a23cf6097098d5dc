#include "cli/selection.hpp"

#include <algorithm>

namespace hk::cli {
namespace {

Result<proto::TaskView> newest_task(Session& session) {
    HK_TRY(HostApi* const api, session.host());
    const std::string user = session.world().user();
    HK_TRY(const proto::TaskList list,
           api->tasks(query_of({{"user", user}}).substr(user.empty() ? 0 : 1), 1));
    if (list.tasks.empty())
        return fail(Errc::not_found, "there is no last task: " + user + " has submitted none");
    return list.tasks.front();
}

Result<std::vector<TaskId>> tasks_of_batch(Session& session, BatchId batch) {
    HK_TRY(HostApi* const api, session.host());
    HK_TRY(const proto::TaskList list, api->tasks("batch=" + to_string(batch), most_selected));
    std::vector<TaskId> ids;
    for (const auto& task : list.tasks) ids.push_back(task.task_id);
    std::ranges::sort(ids);
    return ids;
}

} // namespace

Result<std::vector<TaskId>> resolve(Session& session, const Selector& selector) {
    std::vector<TaskId> ids = selector.ids;
    if (!selector.last) return ids;
    HK_TRY(const proto::TaskView newest, newest_task(session));
    HK_TRY(const std::vector<TaskId> last, tasks_of_batch(session, newest.batch_id));
    for (const TaskId id : last)
        if (std::ranges::find(ids, id) == ids.end()) ids.push_back(id);
    if (ids.empty()) ids.push_back(newest.task_id);
    return ids;
}

Result<std::vector<TaskId>> resolve(Session& session, std::span<const std::string> words) {
    HK_TRY(const Selector selector, parse_selectors(words));
    return resolve(session, selector);
}

Result<TaskId> resolve_one(Session& session, const std::string& word) {
    HK_TRY(const Selector selector, parse_selector(word));
    HK_TRY(const std::vector<TaskId> ids, resolve(session, selector));
    if (ids.size() == 1) return ids.front();
    return fail(Errc::invalid, "\"" + word + "\" names " + std::to_string(ids.size()) + " tasks (" +
                                   format_ids(ids).substr(0, 60) + "); name one of them");
}

Result<BatchId> resolve_batch(Session& session, const std::string& word) {
    if (word == "last") {
        HK_TRY(const proto::TaskView newest, newest_task(session));
        return newest.batch_id;
    }
    const auto id = parse_task_id(word);
    if (!id)
        return fail(Errc::invalid,
                    "\"" + word.substr(0, 40) + "\" is not a batch; write its id or last");
    return BatchId{id->value};
}

} // namespace hk::cli
