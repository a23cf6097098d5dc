#pragma once
#include "keeper/protocol.hpp"

#include <cstddef>

namespace hk::keeper {

/// An attempt that the keeper has a watcher for, or has adopted because the watcher was killed.
struct Watched {
    enum class Stage {
        watched,
        unsure, ///< the watcher is gone and its record does not (yet) name a task
        adopted,
    };
    Stage stage = Stage::watched;
    int watcher = 0;
    int task = 0;    ///< once adopted
    int record = -1; ///< locked; closed when the attempt is complete
};

/// All attempts of the keeper. Owned by the daemon; one process, one thread.
class WatchedList {
public:
    WatchedList() = default;
    WatchedList(const WatchedList&) = delete;
    WatchedList& operator=(const WatchedList&) = delete;

    /// False when there is no memory for it.
    bool add(int watcher, int record);
    bool empty() const { return count_ == 0; }
    bool any_unsure() const { return unsure_ > 0; }

    /// Reaps everything that has ended and completes the records of adopted tasks.
    void reap();
    /// Looks again at the records of which it was not clear whether their task exists.
    void decide_unsure();

private:
    Watched* find(int pid);
    void remove(Watched& entry);
    void watcher_ended(Watched& entry, int status);
    void adopt(Watched& entry);
    void complete(Watched& entry, long max_rss_kb, long long cpu_micros);

    Watched* at_ = nullptr;
    std::size_t count_ = 0;
    std::size_t room_ = 0;
    std::size_t unsure_ = 0;
};

} // namespace hk::keeper
