#include "net/task.hpp"

#include "base/log.hpp"
#include "net/loop.hpp"
#include "net/wait.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <cstdlib>
#include <list>
#include <vector>

namespace hk::net {
namespace asio = boost::asio;
namespace {

constexpr auto ignore_error = [](boost::system::error_code& error) {
    return asio::redirect_error(asio::use_awaitable, error);
};

bool is_cancellation(const boost::system::system_error& error) {
    return error.code() == asio::error::operation_aborted;
}

/// An exception that leaves a task: going on would mean to go on with half-changed state.
[[noreturn]] void end_process(const std::exception_ptr& escaped) {
    try {
        std::rethrow_exception(escaped);
    } catch (const std::exception& error) {
        log::error("exception in a task, which is a bug: the process ends", {{"what", error.what()}});
    } catch (...) {
        log::error("unknown exception in a task, which is a bug: the process ends");
    }
    std::abort();
}

/// True when the task was cancelled; anything else ends the process.
bool unwound_by_cancel(const std::exception_ptr& escaped) {
    if (!escaped) return false;
    try {
        std::rethrow_exception(escaped);
    } catch (const boost::system::system_error& error) {
        if (is_cancellation(error)) return true;
    } catch (...) {
        end_process(escaped);
    }
    end_process(escaped);
}

Task<bool> cancelled() {
    co_return (co_await asio::this_coro::cancellation_state).cancelled() != asio::cancellation_type::none;
}

} // namespace

namespace detail {

Task<void> yield() { co_await asio::post(asio::use_awaitable); }

Task<void> throw_if_cancelled() {
    const auto state = co_await asio::this_coro::cancellation_state;
    if (state.cancelled() != asio::cancellation_type::none) {
        throw boost::system::system_error(asio::error::operation_aborted);
    }
}

} // namespace detail

Task<void> sleep_for(Duration time) {
    asio::steady_timer timer(co_await asio::this_coro::executor);
    timer.expires_at(detail::expiry_of(time));
    boost::system::error_code error;
    co_await timer.async_wait(ignore_error(error));
    co_await detail::throw_if_cancelled();
}

struct Signal::Waiter {
    Waiter(Signal& signal, const asio::any_io_executor& executor, Duration limit)
        : timer(executor)
        , owner(&signal)
        , next(signal.first_) {
        timer.expires_at(detail::expiry_of(limit));
        if (next) next->previous = this;
        signal.first_ = this;
    }
    ~Waiter() { unlink(); }
    Waiter(const Waiter&) = delete;
    Waiter& operator=(const Waiter&) = delete;

    void unlink() {
        if (!owner) return;
        (previous ? previous->next : owner->first_) = next;
        if (next) next->previous = previous;
        owner = nullptr;
    }
    void wake(bool by_notify) {
        notified = by_notify;
        unlink();
        timer.cancel();
    }

    asio::steady_timer timer;
    Signal* owner;
    Waiter* previous = nullptr;
    Waiter* next;
    bool notified = false;
};

Signal::Signal() = default;

Signal::~Signal() {
    while (first_) first_->wake(false);
}

Task<bool> Signal::wait(Duration limit) {
    Waiter waiter(*this, co_await asio::this_coro::executor, limit);
    boost::system::error_code error;
    co_await waiter.timer.async_wait(ignore_error(error));
    co_await detail::throw_if_cancelled();
    co_return waiter.notified;
}

/// Resumed also, with false, when the task is cancelled; then the next await is the one that
/// throws.
Task<bool> Signal::wait_without_throwing() {
    Waiter waiter(*this, co_await asio::this_coro::executor, no_limit);
    boost::system::error_code error;
    co_await waiter.timer.async_wait(ignore_error(error));
    co_return waiter.notified;
}

void Signal::notify_all() {
    while (first_) first_->wake(true);
}

struct TaskGroup::State {
    explicit State(Loop& l)
        : loop(l) {}
    Loop& loop;
    std::list<std::shared_ptr<asio::cancellation_signal>> running;
    Signal emptied;
    bool ending = false; ///< who joins was cancelled: tasks that are spawned now are cancelled at once

    void cancel();
};

/// Only on a turn of the loop: called from elsewhere, Asio passes the signal on later, when the
/// task may have gone.
void TaskGroup::State::cancel() {
    std::vector<std::weak_ptr<asio::cancellation_signal>> now(running.begin(), running.end());
    auto emit = [signals = std::move(now)] {
        for (const auto& signal : signals) {
            if (const auto alive = signal.lock()) alive->emit(asio::cancellation_type::terminal);
        }
    };
    if (loop.running()) emit();
    else loop.post(std::move(emit));
}

namespace {

Task<void> on_a_later_turn(Task<void> task) {
    co_await asio::post(asio::use_awaitable);
    co_await std::move(task);
}

} // namespace

TaskGroup::TaskGroup(Loop& loop)
    : state_(std::make_shared<State>(loop)) {}

TaskGroup::~TaskGroup() {
    if (state_->running.empty()) return;
    if (state_->loop.running()) {
        log::error("task group destroyed with tasks, which is a bug: cancel and join it first",
                   {{"tasks", state_->running.size()}});
        std::abort();
    }
    cancel();
    state_->loop.run_until([this] { return state_->running.empty(); });
}

void TaskGroup::spawn(Task<void> task) {
    auto& running = state_->running;
    const auto entry = running.insert(running.end(), std::make_shared<asio::cancellation_signal>());
    auto ended = [state = state_, entry](const std::exception_ptr& escaped) {
        (void)unwound_by_cancel(escaped);
        state->running.erase(entry);
        if (state->running.empty()) state->emptied.notify_all();
    };
    asio::co_spawn(state_->loop.executor(), on_a_later_turn(std::move(task)),
                   asio::bind_cancellation_slot((*entry)->slot(), std::move(ended)));
    if (state_->ending) (*entry)->emit(asio::cancellation_type::terminal);
}

void TaskGroup::cancel() { state_->cancel(); }

Task<void> TaskGroup::join() { return join_or_cancel(state_); }

Task<void> TaskGroup::join_or_cancel(std::shared_ptr<State> state) {
    co_await detail::throw_if_cancelled();
    co_await asio::this_coro::throw_if_cancelled(false);
    while (!state->running.empty()) {
        (void)co_await state->emptied.wait_without_throwing();
        state->ending = co_await cancelled();
        if (state->ending) state->cancel();
    }
    state->ending = false;
    co_await asio::this_coro::throw_if_cancelled(true);
    co_await detail::throw_if_cancelled();
}

std::size_t TaskGroup::size() const { return state_->running.size(); }

namespace detail {
namespace {

struct Child {
    asio::cancellation_signal cancel;
    asio::steady_timer wake;
    bool done = false;
    std::exception_ptr escaped;
};

/// Waits for the child without throwing, even when this task is cancelled: the child uses the
/// frames below it.
Task<bool> wait_for_child(Child& child, Duration limit) {
    boost::system::error_code error;
    child.wake.expires_at(expiry_of(limit));
    co_await child.wake.async_wait(ignore_error(error));
    const bool in_time = child.done;
    if (!in_time) child.cancel.emit(asio::cancellation_type::terminal);
    while (!child.done) {
        child.wake.expires_at(asio::steady_timer::time_point::max());
        co_await child.wake.async_wait(ignore_error(error));
    }
    co_return in_time;
}

} // namespace

Task<bool> finished_within(Duration limit, Task<void> task) {
    const auto executor = co_await asio::this_coro::executor;
    Child child{.cancel = {}, .wake = asio::steady_timer(executor), .done = false, .escaped = {}};
    auto ended = [&child](std::exception_ptr escaped) {
        child.done = true;
        child.escaped = std::move(escaped);
        child.wake.cancel();
    };
    co_await asio::this_coro::throw_if_cancelled(false);
    asio::co_spawn(executor, on_a_later_turn(std::move(task)),
                   asio::bind_cancellation_slot(child.cancel.slot(), ended));
    const bool in_time = co_await wait_for_child(child, limit);
    co_await asio::this_coro::throw_if_cancelled(true);
    if (co_await cancelled()) throw boost::system::system_error(asio::error::operation_aborted);
    const bool unwound = unwound_by_cancel(child.escaped);
    co_return in_time && !unwound;
}

} // namespace detail
} // namespace hk::net
