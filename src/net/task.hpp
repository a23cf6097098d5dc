#pragma once
#include "base/result.hpp"
#include "base/time.hpp"

#include <boost/asio/awaitable.hpp>

#include <memory>
#include <optional>
#include <utility>

namespace hk::net {

class Loop;

/// A coroutine of one loop. It starts when it is awaited or spawned, runs on the loop's thread and
/// nowhere else.
///
/// Cancelling (TaskGroup::cancel, with_deadline) ends a task at its present or next co_await: that
/// await throws, the task unwinds through its destructors and its owner sees it end. So clean up in
/// destructors, and never catch (...).
template <class T = void>
using Task = boost::asio::awaitable<T>;

/// For waits that end with their group or their peer, never by themselves.
inline constexpr Duration no_limit = Duration::max();

/// Resumes after the time has passed, on the loop's next turn when it is zero or less.
Task<void> sleep_for(Duration time);

/// A condition for coroutines of one loop. Nothing is remembered: look at what you wait for, then
/// wait, then look again. Loop thread only. When it is destroyed, those who wait are resumed with
/// false.
class Signal {
public:
    Signal();
    ~Signal();
    Signal(const Signal&) = delete;
    Signal& operator=(const Signal&) = delete;

    /// True after notify_all, false after `limit`.
    Task<bool> wait(Duration limit);
    /// Resumes everyone who waits now, each on a later turn of the loop, never inside this call.
    void notify_all();

private:
    friend class TaskGroup;
    struct Waiter;
    Task<bool> wait_without_throwing();
    Waiter* first_ = nullptr;
};

/// Owns running coroutines: nothing runs that nobody owns. Loop thread only.
///
/// An exception that leaves a task is a bug: it is logged and the process ends.
/// Before it is destroyed it must be empty (cancel, then join), or its loop must not be running any
/// more: then the destructor cancels the tasks and runs the loop until they have unwound. Anything
/// else ends the process.
class TaskGroup {
public:
    explicit TaskGroup(Loop& loop);
    ~TaskGroup();
    TaskGroup(const TaskGroup&) = delete;
    TaskGroup& operator=(const TaskGroup&) = delete;

    /// Starts the task on a later turn of the loop.
    void spawn(Task<void> task);
    /// Ends all tasks at their present or next await; tasks spawned later run.
    void cancel();
    /// Resumes when no task is left. Not from a task of this group. When the caller is cancelled,
    /// the group's tasks are cancelled too and have unwound before the caller does: so a group may
    /// be a local of a coroutine that awaits nothing but its join.
    Task<void> join();
    std::size_t size() const;

private:
    struct State;
    static Task<void> join_or_cancel(std::shared_ptr<State> state);
    std::shared_ptr<State> state_;
};

namespace detail {
/// False when the time was over first; the task has unwound by then.
Task<bool> finished_within(Duration limit, Task<void> task);

template <class T>
Task<void> store(std::optional<T>& into, Task<T> task) {
    into.emplace(co_await std::move(task));
}
} // namespace detail

/// The task's result, or Errc::timeout with `what` ("runner n1 did not answer") when it takes
/// longer; then it is cancelled and has unwound before this resumes.
template <class T>
Task<Result<T>> with_deadline(Duration limit, std::string what, Task<Result<T>> task) {
    std::optional<Result<T>> result;
    auto stored = detail::store(result, std::move(task));
    const bool finished = co_await detail::finished_within(limit, std::move(stored));
    if (finished && result) co_return std::move(*result);
    co_return fail(Errc::timeout, what + " within " + format_duration(limit));
}

} // namespace hk::net
