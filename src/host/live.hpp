#pragma once
#include "host/health.hpp"
#include "host/queries.hpp"
#include "net/exchange.hpp"

#include <deque>
#include <set>
#include <unordered_map>

namespace hk::host {

/// Tells browsers what changes, as server-sent events. Changes are merged over a tenth of a second, each task and node
/// appears once; a watcher that does not keep up is dropped and fetches afresh when it returns.
/// Loop thread only.
class Live {
public:
    static constexpr std::size_t most_watchers = 256;
    static constexpr std::size_t most_backlog = 2 << 20; ///< bytes for one watcher
    static constexpr std::size_t most_tasks = 500;       ///< in one event; more is a `resync`
    static constexpr Duration merge_time = std::chrono::milliseconds(100);

    Live(Queries& queries, const Engine& engine, const Usage& usage)
        : queries_(queries)
        , engine_(engine)
        , usage_(usage) {}

    /// Serves one watcher until it leaves.
    net::Task<void> serve(net::Exchange& exchange, std::string hello);
    /// Notes what a step changed. Cheap when nobody watches.
    void note(const sched::Effects& effects);
    void note_node(const NodeName& node);
    /// Sends an event of any other name now.
    void send(std::string_view name, std::string_view data);
    /// Sends what was noted. Call every merge_time.
    void flush();
    std::size_t watchers() const { return watchers_.size(); }

private:
    struct Watcher {
        std::deque<std::string> backlog;
        std::size_t bytes = 0;
        bool dropped = false;
        net::Signal wake;
    };
    void flush_tasks();
    void flush_nodes();

    Queries& queries_;
    const Engine& engine_;
    const Usage& usage_;
    std::set<Watcher*> watchers_;
    std::unordered_map<TaskId, sched::Task> tasks_;
    std::set<NodeName> nodes_;
    bool too_many_ = false;
    Mono nodes_sent_{};
    std::int64_t last_id_ = 0;
};

} // namespace hk::host
