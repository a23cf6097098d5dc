#include "host/api/task_actions.hpp"

#include "host/api/reply.hpp"
#include "host/submission.hpp"

namespace hk::host {
namespace {

constexpr Duration patience = std::chrono::seconds(5);
constexpr std::size_t most_selected = 1000;

enum class Verb { kill, pause, resume };

struct Words {
    const char* verb;
    const char* done; ///< "task 5 " + done
    const char* still;
};
Words words_of(Verb verb) {
    switch (verb) {
    case Verb::kill: return {"kill", "is killed", "is being killed; it has not ended yet"};
    case Verb::pause: return {"pause", "is paused", "is being paused"};
    case Verb::resume: return {"resume", "is resumed", "is being resumed"};
    }
    std::unreachable();
}

sched::Event event_of(Verb verb, TaskId id) {
    switch (verb) {
    case Verb::kill: return sched::Kill{id};
    case Verb::pause: return sched::Pause{id};
    case Verb::resume: return sched::Resume{id};
    }
    std::unreachable();
}

/// Whether the task is where the verb wants it, or over.
bool reached(const Engine& engine, Verb verb, TaskId id) {
    const auto found = engine.state().tasks.find(id);
    if (found == engine.state().tasks.end()) return engine.find(id) == nullptr; // over and durable
    if (verb == Verb::kill) return false;
    const TaskState state = sched::state_of(found->second);
    if (verb == Verb::pause) return state == TaskState::paused;
    return state != TaskState::paused && state != TaskState::lost;
}

/// A task that is over cannot be acted on; say so rather than that it does not exist.
net::Task<Error> why_not(Api& api, TaskId id, Verb verb, Error error) {
    if (error.code != Errc::not_found) co_return error;
    const auto task = co_await api.queries.task(id);
    if (!task) co_return task.error();
    co_return Error{Errc::conflict,
                    "task " + to_string(id) + " is over (" + std::string(to_string(task->status)) +
                        "), so there is nothing to " + words_of(verb).verb,
                    {}};
}

net::Task<Result<bool>> act(Api& api, TaskId id, Verb verb) {
    const auto told = api.engine.tell(event_of(verb, id));
    if (!told) {
        auto asking = why_not(api, id, verb, told.error());
        co_return fail(co_await std::move(asking));
    }
    std::function<bool()> done = [&api, id, verb] { return reached(api.engine, verb, id); };
    auto waiting = api.engine.wait_until(std::move(done), patience);
    co_return co_await std::move(waiting);
}

net::Task<void> act_on_one(net::Exchange& exchange, Api& api, Verb verb) {
    const auto id = task_of(exchange.request());
    if (!id) co_return co_await refuse(exchange, id.error());
    const auto done = co_await act(api, *id, verb);
    if (!done) co_return co_await refuse(exchange, done.error());
    const Words words = words_of(verb);
    const proto::MessageReply message{"task " + to_string(*id) + " " + (*done ? words.done : words.still)};
    co_await reply(exchange, proto::to_json(message), *done ? 200 : 202);
}

Result<std::vector<TaskId>> selection_of(const net::Request& request) {
    HK_TRY(auto selection, proto::parse_task_selection(request.body));
    if (selection.task_ids.empty() || selection.task_ids.size() > most_selected)
        return fail(Errc::invalid, "task_ids must name 1 to " + std::to_string(most_selected) + " tasks");
    return std::move(selection.task_ids);
}

net::Task<void> act_on_many(net::Exchange& exchange, Api& api, Verb verb) {
    const auto ids = selection_of(exchange.request());
    if (!ids) co_return co_await refuse(exchange, ids.error());
    proto::SelectionReply out;
    for (const TaskId id : *ids) {
        const auto told = api.engine.tell(event_of(verb, id));
        if (told) {
            out.done.push_back(id);
            continue;
        }
        auto asking = why_not(api, id, verb, told.error());
        const Error error = co_await std::move(asking);
        out.refused.push_back({to_string(id), error.message});
    }
    std::function<bool()> done = [&api, verb, &out] {
        for (const TaskId id : out.done)
            if (!reached(api.engine, verb, id)) return false;
        return true;
    };
    auto waiting = api.engine.wait_until(std::move(done), patience);
    const bool all = co_await std::move(waiting);
    co_await reply(exchange, proto::to_json(out), all ? 200 : 202);
}

net::Task<Result<store::TaskRecord>> ended_task(Api& api, TaskId id) {
    auto record = co_await api.queries.record(id);
    if (record && !is_final(record->state))
        co_return fail(Errc::conflict, "task " + to_string(id) + " is not over yet, so it cannot be retried");
    co_return record;
}

using Group = std::vector<store::TaskRecord>;

/// With its fellows of the same batch and target, so that they become one batch again.
void add_to_group(std::vector<Group>& groups, store::TaskRecord record) {
    for (Group& group : groups) {
        if (group.front().batch != record.batch || group.front().target != record.target) continue;
        group.push_back(std::move(record));
        return;
    }
    groups.push_back({std::move(record)});
}

} // namespace

net::Task<void> kill_task(net::Exchange& exchange, Api& api) { return act_on_one(exchange, api, Verb::kill); }
net::Task<void> pause_task(net::Exchange& exchange, Api& api) { return act_on_one(exchange, api, Verb::pause); }
net::Task<void> resume_task(net::Exchange& exchange, Api& api) { return act_on_one(exchange, api, Verb::resume); }
net::Task<void> kill_tasks(net::Exchange& exchange, Api& api) { return act_on_many(exchange, api, Verb::kill); }
net::Task<void> pause_tasks(net::Exchange& exchange, Api& api) { return act_on_many(exchange, api, Verb::pause); }
net::Task<void> resume_tasks(net::Exchange& exchange, Api& api) { return act_on_many(exchange, api, Verb::resume); }

net::Task<void> command_task(net::Exchange& exchange, Api& api) {
    const auto command = exchange.request().param("command");
    if (command == "pause") co_return co_await pause_task(exchange, api);
    if (command == "resume") co_return co_await resume_task(exchange, api);
    Error error{Errc::invalid, "the command must be pause or resume", {}};
    co_await refuse(exchange, std::move(error));
}

net::Task<void> retry_task(net::Exchange& exchange, Api& api) {
    const auto id = task_of(exchange.request());
    if (!id) co_return co_await refuse(exchange, id.error());
    const auto record = co_await ended_task(api, *id);
    if (!record) co_return co_await refuse(exchange, record.error());
    auto submitting = api.engine.submit(again({*record}));
    const auto submitted = co_await std::move(submitting);
    if (!submitted) co_return co_await refuse(exchange, submitted.error());
    const proto::SubmitReply out{.message = "task " + to_string(*id) + " is submitted again",
                                 .task_ids = submitted->tasks,
                                 .batch_id = submitted->batch};
    co_await reply(exchange, proto::to_json(out), 202);
}

net::Task<void> retry_tasks(net::Exchange& exchange, Api& api) {
    const auto ids = selection_of(exchange.request());
    if (!ids) co_return co_await refuse(exchange, ids.error());
    proto::SelectionReply out;
    std::vector<Group> groups;
    for (const TaskId id : *ids) {
        auto record = co_await ended_task(api, id);
        if (record) add_to_group(groups, std::move(*record));
        else out.refused.push_back({to_string(id), record.error().message});
    }
    for (const Group& group : groups) {
        auto submitting = api.engine.submit(again(group));
        const auto submitted = co_await std::move(submitting);
        if (submitted) out.done.insert(out.done.end(), submitted->tasks.begin(), submitted->tasks.end());
        else
            for (const auto& record : group) out.refused.push_back({to_string(record.id), submitted.error().message});
    }
    co_await reply(exchange, proto::to_json(out), 202);
}

} // namespace hk::host
