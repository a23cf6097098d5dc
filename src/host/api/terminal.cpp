#include "host/api/terminal.hpp"

#include "base/log.hpp"
#include "host/api/reply.hpp"
#include "host/environments.hpp"
#include "terminal/container_terminal.hpp"

namespace hk::host {
namespace {

const net::WebSocketLimits limits{.message_bytes = terminal::most_message_bytes, .idle_time = terminal::idle_time};

/// Why there can be no shell in a task that is where this one is; nothing when there can.
std::optional<Error> why_not(const proto::TaskView& task) {
    const std::string name = "task " + to_string(task.task_id);
    const auto conflict = [](std::string text) { return Error{Errc::conflict, std::move(text), {}}; };
    if (is_final(task.status))
        return conflict(name + " is over (" + std::string(to_string(task.status)) +
                        "); a terminal can only be opened while a task runs");
    switch (task.status) {
    case TaskState::pending:
    case TaskState::assigning: return conflict(name + " does not run yet; open a terminal when it does");
    case TaskState::paused: return conflict(name + " is paused, and a shell in it would be too; resume it first");
    case TaskState::lost:
        return Error{
            Errc::unavailable, "the node of " + name + " has been silent for too long, so no terminal opens", {}};
    case TaskState::running:
    case TaskState::completed:
    case TaskState::failed:
    case TaskState::killed:
    case TaskState::killed_oom: break;
    }
    if (task.container_name) return std::nullopt;
    return Error{Errc::unsupported,
                 name +
                     " runs on its node without a container, so no terminal opens in it; log in there, or submit it in "
                     "an environment with --container",
                 {}};
}

struct Where {
    NodeName node;
    AttemptId attempt;
};
net::Task<Result<Where>> find_task(const net::Request& request, Api& api) {
    const auto id = task_of(request);
    if (!id) co_return fail(id.error());
    const auto view = co_await api.queries.task(*id);
    if (!view) co_return fail(view.error());
    if (auto refused = why_not(*view)) co_return fail(std::move(*refused));
    const sched::Task* task = api.engine.find(*id);
    const sched::Placed* place = task == nullptr ? nullptr : sched::placed(*task);
    if (place == nullptr) co_return fail(Errc::conflict, "task " + to_string(*id) + " has just ended");
    co_return Where{place->placement.node, task->attempt_id()};
}

} // namespace

net::Task<void> environment_terminal(net::Exchange& exchange, Api& api) {
    const auto name = parse_environment_name(exchange.request().param("env"));
    if (!name) co_return co_await refuse(exchange, name.error());
    auto slot = api.terminals.take();
    if (!slot) co_return co_await refuse(exchange, slot.error());
    const auto container = co_await api.environments.operations().running(*name);
    if (!container) co_return co_await refuse(exchange, container.error());
    docker::Engine& engine = api.environments.engine();
    terminal::Place place{.container = container->id, .labels = {}, .working_directory = {}};
    auto shell = co_await terminal::prepare_shell(engine, std::move(place));
    if (!shell) co_return co_await refuse(exchange, shell.error());
    auto person = co_await exchange.upgrade(limits);
    if (!person) co_return;
    log::info("a terminal is open", {{"environment", *name}});
    auto terminal =
        std::make_unique<terminal::ContainerTerminal>(api.loop, engine, std::move(*shell), std::move(*person));
    api.terminals.keep(std::move(*slot), std::move(terminal));
}

net::Task<void> task_terminal(net::Exchange& exchange, Api& api) {
    const auto task = co_await find_task(exchange.request(), api);
    if (!task) co_return co_await refuse(exchange, task.error());
    auto slot = api.terminals.take();
    if (!slot) co_return co_await refuse(exchange, slot.error());
    auto asking = api.task_terminals.ask(task->node, task->attempt);
    auto shell = co_await std::move(asking);
    if (!shell) co_return co_await refuse(exchange, shell.error());
    auto person = co_await exchange.upgrade(limits);
    if (!person) co_return;
    log::info("a terminal is open", {{"attempt", to_string(task->attempt)}, {"node", task->node.value}});
    api.task_terminals.connect(api.terminals, std::move(*slot), std::move(*person), std::move(*shell), task->node);
}

net::Task<void> runner_terminal(net::Exchange& exchange, Api& api) {
    if (auto refused = only_for_runners(exchange.request())) co_return co_await refuse(exchange, std::move(*refused));
    co_await api.task_terminals.serve(exchange);
}

} // namespace hk::host
