#include "sched/admission.hpp"

#include "sched/batch_limits.hpp"
#include "sched/fit.hpp"
#include "sched/placement.hpp"

#include <algorithm>

namespace hk::sched {
namespace {

std::string names_of(const std::map<NodeName, Node>& nodes) {
    constexpr std::size_t most = 20;
    std::string text;
    for (const auto& [name, node] : nodes) {
        if (text.size() > most * 16) return text + ", ...";
        text += (text.empty() ? "" : ", ") + name.value;
    }
    return text.empty() ? "none has registered yet" : text;
}

std::vector<Obstacle> permanent_only(std::vector<Obstacle> obstacles) {
    std::erase_if(obstacles, [](const Obstacle& obstacle) { return !obstacle.permanent; });
    return obstacles;
}

std::optional<Error> check_named(const Context& context, const Shape& shape) {
    const auto node = context.state.nodes.find(shape.target.node);
    if (node == context.state.nodes.end())
        return Error{Errc::not_found,
                     "there is no node '" + shape.target.node.value + "' (nodes: " + names_of(context.state.nodes) +
                         ")",
                     {}};
    const auto obstacles = permanent_only(fit(node->second, shape, context.now.mono).obstacles);
    if (obstacles.empty()) return std::nullopt;
    return Error{Errc::invalid, "node " + node->first.value + " cannot run this: " + to_string(obstacles), {}};
}

/// A cluster without nodes accepts everything: the nodes may be starting.
std::optional<Error> check_any(const Context& context, const Shape& shape) {
    std::string reasons;
    for (const auto& [name, node] : context.state.nodes) {
        const auto obstacles = permanent_only(fit(node, shape, context.now.mono).obstacles);
        if (obstacles.empty()) return std::nullopt;
        reasons += (reasons.empty() ? "" : "; ") + name.value + ": " + to_string(obstacles);
    }
    if (reasons.empty()) return std::nullopt;
    return Error{Errc::invalid, "no node could ever run this: " + reasons, {}};
}

std::optional<Error> check(const Context& context, const Shape& shape) {
    const Target& target = shape.target;
    if (shape.gpu_count > 0 && !target.gpus.empty())
        return Error{Errc::invalid, "the target names its GPUs, so a number of GPUs cannot be asked for as well", {}};
    if (!target.node.value.empty()) return check_named(context, shape);
    if (target.numa || !target.gpus.empty())
        return Error{Errc::invalid, "a NUMA node or GPU ids need a node: NODE[:NUMA][::GPU,GPU]", {}};
    return check_any(context, shape);
}

void enqueue(Context& context, Task task, const Shape& shape) {
    const OrderKey key = context.state.queue.next_key(task.spec(), task.id);
    task.phase = Waiting{key};
    context.save(task);
    context.state.queue.add(shape, key);
    note_task(context.state, task);
    const TaskId id = task.id;
    context.state.tasks.emplace(id, std::move(task));
}

std::optional<Error> start_now(Context& context, Task task) {
    task.phase = Waiting{};
    if (const auto why = place_now(context, task)) return Error{Errc::no_capacity, "it cannot start now: " + *why, {}};
    note_task(context.state, task);
    const TaskId id = task.id;
    context.state.tasks.emplace(id, std::move(task));
    return std::nullopt;
}

/// With `no_queue`: a task that cannot start is refused, those before it stay.
void create_now(Context& context, const Submit& submit, const Target& target, const std::shared_ptr<Batch>& batch,
                Submitted& out) {
    for (std::int64_t i = 0; i < submit.count; ++i) {
        Task task{.id = TaskId{context.state.next_id}, .batch = batch, .target = target, .index = batch->total};
        if (auto error = start_now(context, std::move(task))) {
            out.refused.push_back({target, std::move(*error)});
            return;
        }
        out.tasks.push_back(TaskId{context.state.next_id});
        ++context.state.next_id;
        ++batch->total;
    }
}

Error all_refused(const std::vector<RefusedTarget>& refused) {
    if (refused.size() == 1) return refused.front().error;
    Error error{refused.front().error.code, "no target can run this: ", {}};
    for (const RefusedTarget& each : refused) {
        const std::string target = to_string(each.target);
        error.message += (error.fields.empty() ? "" : "; ") + target + ": " + each.error.message;
        error.fields.push_back({"/targets/" + std::to_string(error.fields.size()), each.error.message});
    }
    return error;
}

} // namespace

std::optional<Error> admit(Context& context, const Submit& submit, Submitted& out) {
    std::vector<Target> targets = submit.targets;
    if (targets.empty()) targets.emplace_back();
    if (submit.count < 1 || submit.count > most_tasks / static_cast<std::int64_t>(targets.size()))
        return Error{Errc::too_large, "a submission creates 1 to " + std::to_string(most_tasks) + " tasks", {}};
    auto batch = std::make_shared<Batch>(
        Batch{.id = BatchId{context.state.next_id}, .spec = submit.spec, .submitted_at = context.now.wall});
    std::vector<Target> accepted;
    for (const Target& target : targets) {
        if (auto error = check(context, shape_of(*submit.spec, target)))
            out.refused.push_back({target, std::move(*error)});
        else if (submit.no_queue) create_now(context, submit, target, batch, out);
        else accepted.push_back(target);
    }
    if (out.tasks.empty() && accepted.empty()) return all_refused(out.refused);
    if (submit.no_queue) {
        out.batch = batch->id;
        context.effects.batches.push_back(std::move(batch));
        return std::nullopt;
    }
    batch->total = submit.count * static_cast<std::int64_t>(accepted.size());
    context.state.next_id += batch->total;
    const SubmitMore first{
        .batch = std::move(batch), .targets = std::move(accepted), .count = submit.count, .at_once = submit.at_once};
    create_more(context, first, out);
    return std::nullopt;
}

/// What is saved is a batch of the tasks that there are: a Host that dies in between has a smaller one.
void create_more(Context& context, const SubmitMore& event, Submitted& out) {
    const Batch& batch = *event.batch;
    const std::int64_t end = std::min(batch.total, event.created + event.at_once);
    std::optional<Shape> shape;
    for (std::int64_t i = event.created; i < end; ++i) {
        const Target& target = event.targets[static_cast<std::size_t>(i / event.count)];
        if (!shape || i % event.count == 0) shape = shape_of(*batch.spec, target, batch.id);
        enqueue(context, {.id = TaskId{batch.id.value + i}, .batch = event.batch, .target = target, .index = i},
                *shape);
        out.tasks.push_back(TaskId{batch.id.value + i});
    }
    note_coming(context, batch, batch.total - end);
    auto so_far = std::make_shared<Batch>(batch);
    so_far->total = end;
    context.effects.batches.push_back(std::move(so_far));
    context.look = true;
    out.batch = batch.id;
    if (end == batch.total) return;
    out.more = event;
    out.more->created = end;
}

} // namespace hk::sched
