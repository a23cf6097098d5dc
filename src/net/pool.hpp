#pragma once
#include "net/loop.hpp"

#include <functional>
#include <type_traits>

namespace hk::net {

/// A few threads for blocking work (files, hashing). Belongs to one loop and must be destroyed
/// before it. Destroying drops the jobs that have not begun and waits for those that run.
class Pool {
public:
    Pool(Loop& loop, unsigned threads, std::size_t queue_limit);
    ~Pool();
    Pool(const Pool&) = delete;
    Pool& operator=(const Pool&) = delete;

    /// Runs `fn` (returning a Result) on a pool thread and resumes the caller on the loop with its
    /// value. Fails with no_capacity when `queue_limit` jobs wait already. `fn` must own all it
    /// touches: when the caller is cancelled, the job still runs to its end and its value is
    /// dropped.
    template <class Fn>
    Task<std::invoke_result_t<Fn&>> run(Fn fn) {
        using R = std::invoke_result_t<Fn&>;
        auto slot = std::make_shared<Slot<R, Fn>>(std::move(fn));
        const auto queued = submit(slot);
        if (!queued) co_return fail(queued.error());
        while (!slot->finished) (void)co_await slot->done.wait(no_limit);
        co_return std::move(*slot->value);
    }

    /// Jobs that wait for a thread now.
    std::size_t queued() const;

private:
    struct Job {
        virtual ~Job() = default;
        virtual void work() = 0;
        Signal done;
        bool finished = false; ///< loop thread only
    };
    template <class R, class Fn>
    struct Slot : Job {
        explicit Slot(Fn f)
            : fn(std::move(f)) {}
        void work() override {
            value.emplace((*fn)());
            fn.reset();
        }
        std::optional<Fn> fn;
        std::optional<R> value;
    };
    Result<> submit(std::shared_ptr<Job> job);

    struct Impl;
    std::unique_ptr<Impl> impl_;
};

} // namespace hk::net
