#include "host/api/tasks.hpp"

#include "host/api/reply.hpp"
#include "host/api/task_query.hpp"
#include "host/submission.hpp"

namespace hk::host {
namespace {

SubmissionPolicy policy_of(const Api& api) {
    return {.containers = true,
            .environments = api.environments.versions(),
            .operations = api.environments.operations().operations(),
            .default_container = api.config.default_container,
            .default_privileged = api.config.tasks_privileged,
            .allow_privileged = api.config.shared.allow_privileged,
            .allowed_mounts = api.config.shared.allowed_mounts,
            .default_mounts = api.config.additional_mounts};
}

std::string message_of(const sched::Submitted& submitted) {
    const std::string count = std::to_string(submitted.tasks.size()) + " tasks created.";
    if (submitted.refused.empty()) return "Task batch submitted successfully. " + count;
    return "Task batch submitted. " + count + " Some targets failed.";
}

proto::SubmitReply reply_of(const sched::Submitted& submitted) {
    proto::SubmitReply out{.message = message_of(submitted), .task_ids = submitted.tasks, .batch_id = submitted.batch};
    for (const auto& refused : submitted.refused)
        out.failed_targets.push_back({to_string(refused.target), refused.error.message});
    return out;
}

net::Task<void> serve_log(net::Exchange& exchange, Api& api, LogReader::Stream stream) {
    const auto id = task_of(exchange.request());
    if (id) co_await api.logs.serve(exchange, *id, stream);
    else co_await refuse(exchange, id.error());
}

net::Task<void> serve_log_times(net::Exchange& exchange, Api& api, LogReader::Stream stream) {
    const auto id = task_of(exchange.request());
    if (id) co_await api.logs.serve_times(exchange, *id, stream);
    else co_await refuse(exchange, id.error());
}

} // namespace

net::Task<void> submit_task(net::Exchange& exchange, Api& api) {
    const auto request = proto::parse_submit_request(exchange.request().body);
    if (!request) co_return co_await refuse(exchange, request.error());
    auto event = submission_of(*request, policy_of(api));
    if (!event) co_return co_await refuse(exchange, event.error());
    auto submitting = api.engine.submit(std::move(*event));
    const auto submitted = co_await std::move(submitting);
    if (!submitted) co_return co_await refuse(exchange, submitted.error());
    co_await reply(exchange, proto::to_json(reply_of(*submitted)), 202);
}

net::Task<void> list_tasks(net::Exchange& exchange, Api& api) {
    auto query = parse_task_query(exchange.request());
    if (!query) co_return co_await refuse(exchange, query.error());
    auto listing = api.queries.list(std::move(*query));
    const auto list = co_await std::move(listing);
    if (!list) co_return co_await refuse(exchange, list.error());
    co_await reply(exchange, proto::to_json(*list));
}

net::Task<void> get_task(net::Exchange& exchange, Api& api) {
    const auto id = task_of(exchange.request());
    if (!id) co_return co_await refuse(exchange, id.error());
    const auto task = co_await api.queries.task(*id);
    if (!task) co_return co_await refuse(exchange, task.error());
    co_await reply(exchange, proto::to_json(*task));
}

net::Task<void> explain_task(net::Exchange& exchange, Api& api) {
    const auto id = task_of(exchange.request());
    if (!id) co_return co_await refuse(exchange, id.error());
    const auto task = co_await api.queries.task(*id);
    if (!task) co_return co_await refuse(exchange, task.error());
    proto::Explanation out{.task_id = *id, .status = task->status};
    const sched::Task* live = api.engine.find(*id);
    if (live != nullptr && task->status == TaskState::pending) {
        const auto found = sched::explain(api.engine.state(), *live, BootClock::now());
        out.summary = found.summary;
        out.ahead = found.ahead;
        for (const auto& verdict : found.nodes) out.nodes.push_back({verdict.node.value, verdict.fits, verdict.reason});
    } else if (!task->progress.empty()) {
        out.summary = "node " + task->assigned_node.value_or("") + " prepares it: " + task->progress;
    } else {
        out.summary = "the task does not wait: it is " + std::string(to_string(task->status));
    }
    co_await reply(exchange, proto::to_json(out));
}

net::Task<void> task_history(net::Exchange& exchange, Api& api) {
    const auto id = task_of(exchange.request());
    if (!id) co_return co_await refuse(exchange, id.error());
    const auto history = co_await api.queries.history(*id);
    if (!history) co_return co_await refuse(exchange, history.error());
    co_await reply(exchange, proto::to_json(*history));
}

net::Task<void> task_stdout(net::Exchange& exchange, Api& api) {
    return serve_log(exchange, api, LogReader::Stream::out);
}
net::Task<void> task_stderr(net::Exchange& exchange, Api& api) {
    return serve_log(exchange, api, LogReader::Stream::err);
}
net::Task<void> task_stdout_times(net::Exchange& exchange, Api& api) {
    return serve_log_times(exchange, api, LogReader::Stream::out);
}
net::Task<void> task_stderr_times(net::Exchange& exchange, Api& api) {
    return serve_log_times(exchange, api, LogReader::Stream::err);
}

net::Task<void> get_batch(net::Exchange& exchange, Api& api) {
    const auto id = task_of(exchange.request());
    if (!id) co_return co_await refuse(exchange, id.error());
    const BatchId wanted{id->value};
    const auto batch = co_await api.queries.batch(wanted);
    if (!batch) co_return co_await refuse(exchange, batch.error());
    co_await reply(exchange, proto::to_json(*batch));
}

} // namespace hk::host
