#include "net/loop.hpp"

#include <boost/asio/defer.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/signal_set.hpp>

#include <list>

namespace hk::net {
namespace asio = boost::asio;

struct Loop::Impl {
    asio::io_context context{1};
    asio::executor_work_guard<asio::io_context::executor_type> work{context.get_executor()};
    std::list<asio::signal_set> signals;
    std::unique_ptr<TaskGroup> self_owned;
    bool running = false;
};

namespace {

/// Sets the flag for the length of a scope; loops may be run from inside themselves in destructors.
class RunningScope {
public:
    explicit RunningScope(bool& flag)
        : flag_(flag)
        , before_(std::exchange(flag, true)) {}
    ~RunningScope() { flag_ = before_; }
    RunningScope(const RunningScope&) = delete;
    RunningScope& operator=(const RunningScope&) = delete;

private:
    bool& flag_;
    bool before_;
};

void wait_for_signal(asio::signal_set& set, const std::shared_ptr<std::function<void(int)>>& handler) {
    set.async_wait([&set, handler](const boost::system::error_code& error, int number) {
        if (error) return;
        wait_for_signal(set, handler);
        (*handler)(number);
    });
}

} // namespace

Loop::Loop()
    : impl_(std::make_unique<Impl>()) {
    impl_->self_owned = std::make_unique<TaskGroup>(*this);
}
Loop::~Loop() { impl_->self_owned.reset(); }

void detail::spawn_self_owned(Loop& loop, Task<void> task) { loop.impl_->self_owned->spawn(std::move(task)); }

void Loop::run() {
    const RunningScope scope(impl_->running);
    impl_->context.run();
    impl_->context.restart();
}

void Loop::run_until(const std::function<bool()>& done) {
    const RunningScope scope(impl_->running);
    while (!done()) {
        if (impl_->context.stopped()) impl_->context.restart();
        impl_->context.run_one();
    }
}

void Loop::stop() { impl_->context.stop(); }
bool Loop::running() const { return impl_->running; }
asio::any_io_executor Loop::executor() { return impl_->context.get_executor(); }

void Loop::post(std::move_only_function<void()> job) { asio::post(impl_->context, std::move(job)); }
void Loop::defer(std::move_only_function<void()> job) { asio::defer(impl_->context, std::move(job)); }

void Loop::on_signals(std::initializer_list<int> signals, std::function<void(int)> handler) {
    auto& set = impl_->signals.emplace_back(impl_->context);
    for (const int number : signals) set.add(number);
    wait_for_signal(set, std::make_shared<std::function<void(int)>>(std::move(handler)));
}

struct Watch::State {
    State(const asio::any_io_executor& executor, int fd)
        : descriptor(executor, fd) {}
    asio::posix::stream_descriptor descriptor;
    std::function<void()> readable;
};

namespace {

/// The state is held weakly while waiting: the handle alone keeps the watch alive.
template <class State>
void wait_readable(const std::shared_ptr<State>& state) {
    state->descriptor.async_wait(asio::posix::descriptor_base::wait_read,
                                 [weak = std::weak_ptr(state)](const boost::system::error_code& error) {
                                     const auto alive = weak.lock();
                                     if (error || !alive) return;
                                     alive->readable();
                                     if (alive.use_count() > 1) wait_readable(alive);
                                 });
}

} // namespace

Watch Loop::watch_fd(int fd, std::function<void()> readable) {
    std::shared_ptr<Watch::State> state(new Watch::State(executor(), fd), [](Watch::State* s) {
        s->descriptor.release(); // the descriptor is the caller's
        delete s;
    });
    state->readable = std::move(readable);
    wait_readable(state);
    return Watch(std::move(state));
}

void run_task(Loop& loop, Task<void> task) {
    TaskGroup group(loop);
    group.spawn(std::move(task));
    loop.run_until([&] { return group.size() == 0; });
}

} // namespace hk::net
