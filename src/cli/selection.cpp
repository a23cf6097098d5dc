#include "cli/selection.hpp"

#include <unordered_set>

namespace hk::cli {
namespace {

Result<proto::TaskView> newest_task(Session& session) {
    HK_TRY(HostApi* const api, session.host());
    const std::string user = session.world().user();
    HK_TRY(const proto::TaskList list, api->tasks(query_of({{"user", user}}).substr(user.empty() ? 0 : 1), 1));
    if (list.tasks.empty()) return fail(Errc::not_found, "there is no last task: " + user + " has submitted none");
    return list.tasks.front();
}

} // namespace

std::vector<TaskId> tasks_of(const proto::BatchView& batch) {
    std::vector<TaskId> ids;
    for (std::int64_t i = 0; i < batch.total; ++i) ids.emplace_back(batch.batch_id.value + i);
    return ids;
}

Result<std::vector<TaskId>> resolve(Session& session, const Selector& selector) {
    std::vector<TaskId> ids = selector.ids;
    if (!selector.last) return ids;
    HK_TRY(const proto::TaskView newest, newest_task(session));
    HK_TRY(HostApi* const api, session.host());
    HK_TRY(const proto::BatchView batch, api->batch(newest.batch_id));
    const std::unordered_set<TaskId> named(ids.begin(), ids.end());
    for (const TaskId id : tasks_of(batch))
        if (!named.contains(id)) ids.push_back(id);
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
    if (!id) return fail(Errc::invalid, "\"" + word.substr(0, 40) + "\" is not a batch; write its id or last");
    HK_TRY(HostApi* const api, session.host());
    const auto task = api->task(*id);
    if (task) return task->batch_id;
    if (task.error().code != Errc::not_found) return fail(task.error());
    return fail(Errc::not_found, "there is no batch " + to_string(*id));
}

} // namespace hk::cli
