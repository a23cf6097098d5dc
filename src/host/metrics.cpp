#include "host/metrics.hpp"

#include "host/api/api.hpp"

#include <cstdio>
#include <string_view>
#include <unistd.h>

namespace hk::host {
namespace {

/// Writes families of samples, each with its help and type.
class Page {
public:
    void family(std::string_view name, std::string_view type, std::string_view help) {
        name_ = name;
        text_.append("# HELP ").append(name).append(" ").append(help).append("\n# TYPE ").append(name);
        text_.append(" ").append(type).append("\n");
    }
    void sample(std::int64_t value, std::string_view labels = {}) { line(std::to_string(value), labels); }
    void sample(double value, std::string_view labels = {}) {
        char digits[32];
        std::snprintf(digits, sizeof digits, "%.6g", value);
        line(digits, labels);
    }
    void one(std::string_view name, std::string_view type, std::string_view help, std::int64_t value) {
        family(name, type, help);
        sample(value);
    }
    std::string take() { return std::move(text_); }

private:
    void line(std::string_view value, std::string_view labels) {
        text_.append(name_);
        if (!labels.empty()) text_.append("{").append(labels).append("}");
        text_.append(" ").append(value).append("\n");
    }
    std::string name_;
    std::string text_;
};

/// Node names need no escaping: they are letters, digits, dots, dashes and underscores.
std::string node_label(const NodeName& name) { return "node=\"" + name.value + "\""; }

template <class Read>
void per_node(Page& page, const Api& api, Read read) {
    for (const auto& [name, node] : api.engine.state().nodes) page.sample(read(node), node_label(name));
}

void node_families(Page& page, const Api& api) {
    page.family("hakuriver_node_online", "gauge", "1 when the node's runner is connected.");
    per_node(page, api, [](const sched::Node& node) { return std::int64_t{node.online()}; });
    page.family("hakuriver_node_cores", "gauge", "Cores of the node.");
    per_node(page, api, [](const sched::Node& node) { return std::int64_t{node.ledger.cores()}; });
    page.family("hakuriver_node_cores_reserved", "gauge", "Cores that tasks hold.");
    per_node(page, api, [](const sched::Node& node) { return std::int64_t{node.ledger.cores_held()}; });
    page.family("hakuriver_node_memory_bytes", "gauge", "Memory of the node.");
    per_node(page, api, [](const sched::Node& node) { return node.ledger.memory().value; });
    page.family("hakuriver_node_memory_reserved_bytes", "gauge", "Memory that tasks hold.");
    per_node(page, api, [](const sched::Node& node) { return node.ledger.memory_held().value; });
    page.family("hakuriver_node_gpus", "gauge", "GPUs of the node.");
    per_node(page, api, [](const sched::Node& node) { return std::ssize(node.ledger.gpus()); });
    page.family("hakuriver_node_cpu_percent", "gauge", "CPU use of the whole node.");
    for (const auto& [name, node] : api.engine.state().nodes)
        if (const NodeUsage* usage = api.usage.of(name)) page.sample(usage->cpu_percent, node_label(name));
}

std::int64_t resident_bytes() {
    std::FILE* file = std::fopen("/proc/self/statm", "re");
    if (file == nullptr) return 0;
    long pages = 0;
    const int got = std::fscanf(file, "%*s %ld", &pages);
    std::fclose(file);
    return got == 1 ? pages * ::sysconf(_SC_PAGESIZE) : 0;
}

} // namespace

std::string metrics_text(const Api& api, const store::StateCounts& counts) {
    Page page;
    page.family("hakuriver_tasks", "gauge", "Tasks by state.");
    for (const auto& [state, count] : counts) page.sample(count, "state=\"" + std::string(to_string(state)) + "\"");
    page.one("hakuriver_queue_length", "gauge", "Tasks that wait.",
             static_cast<std::int64_t>(api.engine.state().queue.size()));
    node_families(page, api);
    const auto store = api.store_numbers();
    page.one("hakuriver_store_commits_total", "counter", "Changes made durable.", store.commits);
    page.one("hakuriver_store_commit_failures_total", "counter", "Changes that could not be written.", store.failed);
    page.one("hakuriver_store_transactions_total", "counter", "Transactions they were grouped into.",
             store.transactions);
    const auto server = api.server_counters();
    page.one("hakuriver_http_requests_total", "counter", "Requests served.",
             static_cast<std::int64_t>(server.requests));
    page.one("hakuriver_http_connections", "gauge", "Open connections.", static_cast<std::int64_t>(server.connections));
    page.one("hakuriver_event_streams", "gauge", "Open live event streams.",
             static_cast<std::int64_t>(api.live.watchers()));
    page.one("hakuriver_scheduler_steps_total", "counter", "Steps of the scheduler.", api.engine.steps());
    page.one("process_resident_memory_bytes", "gauge", "Resident memory of the Host.", resident_bytes());
    return page.take();
}

} // namespace hk::host
