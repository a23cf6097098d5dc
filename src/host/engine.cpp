#include "host/engine.hpp"

#include "host/records.hpp"

#include <algorithm>

namespace hk::host {
namespace {

constexpr Duration settle_limit = std::chrono::seconds(5);
/// Of a large submission: so much is on its way to the disk while more is being prepared. What others submit comes in
/// between, so this is also how long they wait.
constexpr int most_steps_ahead = 2;

void add(sched::Submitted& all, sched::Submitted& part) {
    all.batch = part.batch;
    all.tasks.insert(all.tasks.end(), part.tasks.begin(), part.tasks.end());
    std::ranges::move(part.refused, std::back_inserter(all.refused));
}

} // namespace

Engine::Engine(Journal& journal, sched::State state, Hooks hooks)
    : journal_(journal)
    , state_(std::move(state))
    , hooks_(std::move(hooks)) {
    // Requests that wait for the disk look at the journal again.
    journal_.on_problem = [this] { task_changed_.notify_all(); };
}

sched::Step Engine::run(const sched::Event& event, const Done& done) {
    sched::Step result = sched::step(state_, event, read_clocks());
    ++steps_;
    perform(result.effects, done);
    return result;
}

void Engine::perform(sched::Effects effects, const Done& done) {
    for (const sched::Task& task : effects.tasks)
        if (std::holds_alternative<sched::Ended>(task.phase)) ended_.insert_or_assign(task.id, task);
    hooks_.changed(effects);
    if (!effects.tasks.empty()) task_changed_.notify_all();
    auto writes = writes_of(effects);
    if (writes.empty() && effects.orders.empty() && effects.dropped.empty()) {
        if (done) done();
        return;
    }
    journal_.append(std::move(writes), [this, effects = std::move(effects), done] {
        bool any_over = false;
        for (const sched::Task& task : effects.tasks)
            if (std::holds_alternative<sched::Ended>(task.phase)) any_over |= ended_.erase(task.id) > 0;
        if (any_over) task_changed_.notify_all(); // some wait until an end is durable
        send_orders(effects);
        if (done) done();
    });
}

void Engine::send_orders(const sched::Effects& effects) {
    for (const sched::SessionId session : effects.dropped) hooks_.drop(session);
    for (const auto& [node, orders] : effects.orders) hooks_.order(node, still_wanted(orders));
}

/// While the disk was slow a task may have ended; its start must not go out any more.
sched::NodeOrders Engine::still_wanted(sched::NodeOrders orders) const {
    std::erase_if(orders.start, [&](const sched::StartOrder& start) {
        const auto found = state_.tasks.find(start.attempt.task);
        return found == state_.tasks.end() || found->second.attempt != start.attempt.number;
    });
    return orders;
}

net::Task<Result<sched::Submitted>> Engine::submit(sched::Submit event) {
    if (auto ready = journal_.ready(); !ready) co_return fail(ready.error());
    auto durable = std::make_shared<int>(0); // steps of this submission
    int steps = 0;
    sched::Submitted all;
    sched::Event next(std::move(event));
    for (;;) {
        sched::Step result = run(next, [this, durable] {
            ++*durable;
            task_changed_.notify_all();
        });
        ++steps;
        if (result.refused) co_return fail(std::move(*result.refused));
        add(all, result.submitted);
        if (!result.submitted.more) break;
        next = std::move(*result.submitted.more);
        while (steps - *durable >= most_steps_ahead && journal_.problem().empty())
            (void)co_await task_changed_.wait(std::chrono::seconds(1));
        if (!journal_.problem().empty()) break;
    }
    while (*durable < steps && journal_.problem().empty()) (void)co_await task_changed_.wait(std::chrono::seconds(1));
    if (*durable == steps && journal_.problem().empty()) co_return all;
    const sched::Event withdraw(sched::Withdraw{all.tasks});
    (void)run(withdraw, {});
    co_return fail(journal_.ready().error());
}

Result<> Engine::tell(const sched::Event& event) {
    sched::Step result = run(event, {});
    if (result.refused) return fail(std::move(*result.refused));
    return {};
}

const sched::Task* Engine::find(TaskId id) const {
    if (const auto found = state_.tasks.find(id); found != state_.tasks.end()) return &found->second;
    if (const auto found = ended_.find(id); found != ended_.end()) return &found->second;
    return nullptr;
}

net::Task<void> Engine::settle() {
    if (journal_.idle() || !journal_.problem().empty()) co_return;
    auto durable = std::make_shared<bool>(false);
    journal_.append({}, [this, durable] {
        *durable = true;
        task_changed_.notify_all();
    });
    std::function<bool()> done = [this, durable] { return *durable || !journal_.problem().empty(); };
    (void)co_await wait_until(std::move(done), settle_limit);
}

net::Task<bool> Engine::wait_until(std::function<bool()> done, Duration limit) {
    const Mono deadline = BootClock::now() + limit;
    while (!done()) {
        const Duration left = deadline - BootClock::now();
        if (left <= Duration::zero()) co_return false;
        (void)co_await task_changed_.wait(left);
    }
    co_return true;
}

} // namespace hk::host
