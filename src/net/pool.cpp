#include "net/pool.hpp"

#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>

namespace hk::net {

struct Pool::Impl {
    Loop& loop;
    std::size_t limit;
    std::mutex mutex;
    std::condition_variable work;
    std::deque<std::shared_ptr<Job>> queue;
    bool ending = false;
    std::vector<std::jthread> threads;

    Impl(Loop& l, std::size_t queue_limit)
        : loop(l)
        , limit(queue_limit) {}

    std::shared_ptr<Job> next() {
        std::unique_lock lock(mutex);
        work.wait(lock, [this] { return ending || !queue.empty(); });
        if (ending) return nullptr;
        auto job = std::move(queue.front());
        queue.pop_front();
        return job;
    }

    void serve() {
        while (auto job = next()) {
            job->work();
            // The job's last reference goes to the loop, since its value and its signal belong
            // there.
            loop.post([done = std::move(job)] {
                done->finished = true;
                done->done.notify_all();
            });
        }
    }
};

Pool::Pool(Loop& loop, unsigned threads, std::size_t queue_limit)
    : impl_(std::make_unique<Impl>(loop, queue_limit)) {
    for (unsigned i = 0; i < threads; ++i) impl_->threads.emplace_back([impl = impl_.get()] { impl->serve(); });
}

Pool::~Pool() {
    {
        const std::scoped_lock lock(impl_->mutex);
        impl_->ending = true;
    }
    impl_->work.notify_all();
    impl_->threads.clear();
}

Result<> Pool::submit(std::shared_ptr<Job> job) {
    {
        const std::scoped_lock lock(impl_->mutex);
        if (impl_->queue.size() >= impl_->limit) {
            return fail(Errc::no_capacity, "too much file work is waiting: try again in a moment");
        }
        impl_->queue.push_back(std::move(job));
    }
    impl_->work.notify_one();
    return {};
}

std::size_t Pool::queued() const {
    const std::scoped_lock lock(impl_->mutex);
    return impl_->queue.size();
}

} // namespace hk::net
