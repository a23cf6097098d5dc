#pragma once
#include "net/task.hpp"

#include <boost/asio/any_io_executor.hpp>

#include <functional>
#include <initializer_list>

namespace hk::net {

namespace detail {
/// Inside net only: for tasks that own all they touch and end by themselves when their stream is
/// closed. The loop's destructor ends those that are left.
void spawn_self_owned(Loop& loop, Task<void> task);
} // namespace detail

/// A descriptor being watched; destroying it (or reset) ends the watch. The descriptor stays the
/// caller's, who must end the watch before closing it.
class Watch {
public:
    Watch() = default;
    void reset() { state_.reset(); }
    explicit operator bool() const { return state_ != nullptr; }

private:
    friend class Loop;
    struct State;
    explicit Watch(std::shared_ptr<State> state)
        : state_(std::move(state)) {}
    std::shared_ptr<State> state_;
};

/// The event loop of one thread. Everything in net belongs to one loop and is touched by its thread
/// only; `post` and `stop` are the two exceptions. It must outlive everything that was given a
/// reference to it.
class Loop {
public:
    Loop();
    ~Loop();
    Loop(const Loop&) = delete;
    Loop& operator=(const Loop&) = delete;

    /// Runs until stop(). May be called again afterwards.
    void run();
    /// Ends run() after the present turn. From any thread, and from a signal handler of on_signals.
    void stop();
    /// Runs `job` on the loop's thread. From any thread; jobs of one thread keep their order.
    void post(std::move_only_function<void()> job);
    /// The same for the loop's own thread: after what is running now has returned or awaited, never
    /// inside this call.
    void defer(std::move_only_function<void()> job);

    /// Calls `handler` on the loop each time one of the signals arrives. Once per process and
    /// signal.
    void on_signals(std::initializer_list<int> signals, std::function<void(int)> handler);
    /// Calls `readable` as long as the descriptor has something to read (or failed). It may end its
    /// own watch.
    [[nodiscard]] Watch watch_fd(int fd, std::function<void()> readable);

    bool running() const;
    boost::asio::any_io_executor executor();
    /// Handles what is ready or becomes ready until `done` returns true. For destructors, run_task
    /// and tests.
    void run_until(const std::function<bool()>& done);

private:
    friend void detail::spawn_self_owned(Loop& loop, Task<void> task);
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

/// Runs the loop until the task has finished and returns its value: the blocking door for the
/// command line and tests.
template <class T>
T run_task(Loop& loop, Task<T> task) {
    std::optional<T> result;
    TaskGroup group(loop);
    group.spawn(detail::store(result, std::move(task)));
    loop.run_until([&] { return result.has_value() || group.size() == 0; });
    return std::move(*result);
}
void run_task(Loop& loop, Task<void> task);

} // namespace hk::net
