#include "host/live.hpp"

#include "host/node_view.hpp"

namespace hk::host {
namespace {

/// A line every 15 s keeps proxies from closing a quiet stream.
constexpr Duration comment_every = std::chrono::seconds(15);
constexpr Duration nodes_every = std::chrono::seconds(1);

} // namespace

net::Task<void> Live::serve(net::Exchange& exchange, std::string hello) {
    if (watchers_.size() >= most_watchers) {
        co_await exchange.respond(net::text_response(503, "too many event streams are open\n"));
        co_return;
    }
    net::Headers headers{{"Content-Type", "text/event-stream"}, {"Cache-Control", "no-store"}};
    auto begun = co_await exchange.begin(200, std::move(headers));
    if (!begun) co_return;
    Watcher watcher;
    exchange.watch_peer(watcher.wake);
    watcher.backlog.push_back("event: hello\ndata: " + hello + "\n\n");
    struct Listed {
        std::set<Watcher*>& set;
        Watcher* watcher;
        ~Listed() { set.erase(watcher); }
    } listed{watchers_, &watcher};
    watchers_.insert(&watcher);
    while (!exchange.gone() && !watcher.dropped) {
        if (watcher.backlog.empty() && !co_await watcher.wake.wait(comment_every)) watcher.backlog.push_back(":\n\n");
        std::string out;
        while (!watcher.backlog.empty()) {
            out += watcher.backlog.front();
            watcher.backlog.pop_front();
        }
        watcher.bytes = 0;
        if (out.empty()) continue;
        auto written = co_await exchange.write(out);
        if (!written) co_return;
    }
    if (!exchange.gone()) co_await exchange.finish();
}

void Live::send(std::string_view name, std::string_view data) {
    if (watchers_.empty()) return;
    std::string event = "id: " + std::to_string(++last_id_) + "\nevent: ";
    event.append(name).append("\ndata: ").append(data).append("\n\n");
    for (Watcher* watcher : watchers_) {
        watcher->bytes += event.size();
        watcher->dropped = watcher->dropped || watcher->bytes > most_backlog;
        if (!watcher->dropped) watcher->backlog.push_back(event);
        watcher->wake.notify_all();
    }
}

void Live::note(const sched::Effects& effects) {
    if (watchers_.empty()) return;
    for (const sched::Task& task : effects.tasks) {
        if (tasks_.size() >= most_tasks) too_many_ = true;
        else tasks_.insert_or_assign(task.id, task);
    }
    for (const NodeName& node : effects.touched) nodes_.insert(node);
    if (!effects.removed_nodes.empty()) too_many_ = true; // a list that shrank is fetched afresh
}

void Live::note_node(const NodeName& node) {
    if (!watchers_.empty()) nodes_.insert(node);
}

void Live::flush() {
    if (watchers_.empty()) {
        tasks_.clear();
        nodes_.clear();
        return;
    }
    flush_tasks();
    if (BootClock::now() - nodes_sent_ >= nodes_every) flush_nodes();
}

void Live::flush_tasks() {
    if (too_many_) {
        send("resync", "{}");
    } else if (!tasks_.empty()) {
        std::vector<const sched::Task*> changed;
        for (const auto& [id, task] : tasks_) changed.push_back(&task);
        send("tasks", proto::to_json(proto::TaskList{.tasks = queries_.views(changed)}));
    }
    too_many_ = false;
    tasks_.clear();
}

void Live::flush_nodes() {
    nodes_sent_ = BootClock::now();
    proto::NodeList list;
    const sched::State& state = engine_.state();
    for (const NodeName& name : nodes_) {
        const auto node = state.nodes.find(name);
        if (node != state.nodes.end()) list.nodes.push_back(view_of(state, node->second, usage_.of(name)));
    }
    nodes_.clear();
    if (!list.nodes.empty()) send("nodes", proto::to_json(list));
}

} // namespace hk::host
