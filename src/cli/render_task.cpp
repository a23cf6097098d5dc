#include "cli/render_task.hpp"

#include <array>
#include <csignal>
#include <cstring>
#include <ctime>

namespace hk::cli {
namespace {

std::string_view mark_of(TaskState state, bool unicode) {
    switch (state) {
    case TaskState::completed: return unicode ? "✓" : "+";
    case TaskState::failed:
    case TaskState::killed:
    case TaskState::killed_oom: return unicode ? "✗" : "x";
    case TaskState::running: return unicode ? "●" : "*";
    case TaskState::paused: return unicode ? "‖" : "=";
    case TaskState::lost: return "?";
    case TaskState::pending:
    case TaskState::assigning: return unicode ? "○" : "o";
    }
    std::unreachable();
}

std::string quote_word(std::string_view word) {
    constexpr std::string_view plain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_@%+=:,./-{}[]";
    if (!word.empty() && word.find_first_not_of(plain) == word.npos) return std::string(word);
    std::string quoted = "'";
    for (const char c : word) quoted += c == '\'' ? std::string("'\\''") : std::string(1, c);
    return quoted += "'";
}

std::string size_text(const std::optional<Bytes>& size) { return size ? format_size(*size) : std::string(); }

std::string gpus_text(const proto::TaskView& task) {
    std::string text;
    for (const int id : task.required_gpus) text += (text.empty() ? "" : ",") + std::to_string(id);
    if (!text.empty()) return "GPU " + text;
    if (task.gpu_count > 0) return std::to_string(task.gpu_count) + (task.gpu_count == 1 ? " GPU" : " GPUs");
    return {};
}

std::string resources_text(const proto::TaskView& task) {
    std::string text = task.required_cores == 1 ? "1 core" : std::to_string(task.required_cores) + " cores";
    if (task.required_memory_bytes) text += ", " + format_size(*task.required_memory_bytes);
    if (const std::string gpus = gpus_text(task); !gpus.empty()) text += ", " + gpus;
    if (task.target_numa_node_id) text += ", NUMA node " + std::to_string(*task.target_numa_node_id);
    return text;
}

std::string container_text(const proto::TaskView& task) {
    if (!task.container_name || *task.container_name == "NULL") return "none (directly on the node)";
    std::string text = *task.container_name;
    const bool says_version = text.find(':') != text.npos; // it was chosen
    if (!task.environment_version.empty() && !says_version) text += " version " + task.environment_version;
    if (task.privileged) text += ", privileged";
    return text;
}

std::string time_text(const std::optional<Time>& time, Time now) {
    if (!time) return {};
    return local_time(*time) + " (" + format_duration(now - *time) + " ago)";
}

std::string exit_text(const proto::TaskView& task) {
    if (!task.exit_code) return {};
    std::string text = std::to_string(*task.exit_code);
    if (task.signal) {
        const char* name = sigabbrev_np(*task.signal);
        text += " (signal " + std::to_string(*task.signal) + (name == nullptr ? "" : std::string(" SIG") + name) + ")";
    }
    return text;
}

std::string joined(const std::vector<std::string>& words, std::string_view between) {
    std::string text;
    for (const std::string& word : words) text += (text.empty() ? std::string() : std::string(between)) + word;
    return text;
}

/// What a row says beside the command: why it waits, or how it went wrong.
std::string reason_of(const proto::TaskView& task) {
    if (!task.progress.empty()) return task.progress;
    if (!task.error_message.empty()) return task.error_message;
    return task.waiting_reason;
}

void add_outcome(Facts& facts, const Terminal& terminal, const proto::TaskView& task) {
    facts.add("exit code", {exit_text(task), task.exit_code == 0 ? Colour::none : Colour::red});
    facts.add("message", cell(terminal, task.error_message, Colour::red));
    facts.add("progress", cell(terminal, task.progress));
    facts.add("waits for", cell(terminal, task.waiting_reason, Colour::yellow));
    facts.add("warning", cell(terminal, joined(task.warnings, "; "), Colour::yellow));
    facts.add("peak memory", {size_text(task.peak_memory_bytes)});
    facts.add("CPU time", {task.cpu_time_us ? format_duration(*task.cpu_time_us) : std::string()});
}

} // namespace

Colour colour_of(TaskState state) {
    switch (state) {
    case TaskState::completed: return Colour::green;
    case TaskState::running: return Colour::cyan;
    case TaskState::paused:
    case TaskState::pending:
    case TaskState::assigning: return Colour::yellow;
    case TaskState::lost: return Colour::magenta;
    case TaskState::failed:
    case TaskState::killed:
    case TaskState::killed_oom: return Colour::red;
    }
    std::unreachable();
}

Cell state_cell(const Terminal& terminal, const proto::TaskView& task) {
    std::string text(mark_of(task.status, terminal.unicode));
    text += " " + std::string(to_string(task.status));
    if (task.status == TaskState::failed && task.exit_code) text += " (" + std::to_string(*task.exit_code) + ")";
    if (task.kill_requested && !is_final(task.status)) text += ", being killed";
    return {text, colour_of(task.status)};
}

std::string command_line(const proto::TaskView& task) {
    std::string text = quote_word(task.command);
    for (const std::string& argument : task.arguments) text += " " + quote_word(argument);
    return text;
}

std::string local_time(Time time) {
    const std::time_t seconds = std::chrono::system_clock::to_time_t(time);
    std::tm parts{};
    localtime_r(&seconds, &parts);
    std::array<char, 32> text{};
    std::strftime(text.data(), text.size(), "%Y-%m-%d %H:%M:%S", &parts);
    return text.data();
}

std::string running_time(const proto::TaskView& task, Time now) {
    if (!task.started_at) return {};
    return format_duration(task.completed_at.value_or(now) - *task.started_at);
}

std::string render_task_table(const Terminal& terminal, const std::vector<proto::TaskView>& tasks, Time now) {
    Table table({{.title = "ID", .align = Align::right},
                 {.title = "STATUS"},
                 {.title = "NODE", .rank = 2, .elastic = true},
                 {.title = "RESOURCES", .rank = 6},
                 {.title = "ENV", .rank = 7, .elastic = true},
                 {.title = "USER", .rank = 5, .elastic = true},
                 {.title = "SUBMITTED", .rank = 4},
                 {.title = "RAN", .align = Align::right, .rank = 3},
                 {.title = "COMMAND", .elastic = true, .least = 16},
                 {.title = "REASON", .rank = 1, .elastic = true, .least = 16}});
    for (const proto::TaskView& task : tasks)
        table.add({{to_string(task.task_id)},
                   state_cell(terminal, task),
                   cell(terminal, task.assigned_node.value_or(task.target)),
                   {resources_text(task)},
                   cell(terminal, task.container_name.value_or("")),
                   cell(terminal, task.submitted_by),
                   {format_duration(now - task.submitted_at) + " ago"},
                   {running_time(task, now)},
                   cell(terminal, command_line(task)),
                   cell(terminal, reason_of(task), Colour::dim)});
    return table.render(terminal);
}

std::string render_task(const Terminal& terminal, const proto::TaskView& task, Time now) {
    Facts facts;
    const Cell state = state_cell(terminal, task);
    facts.add("task", {to_string(task.task_id), Colour::bold});
    facts.add("status", state);
    facts.add("command", cell(terminal, command_line(task)));
    facts.add("node", cell(terminal, task.assigned_node.value_or("")));
    facts.add("target", cell(terminal, task.target.empty() ? "any node" : task.target));
    facts.add("resources", {resources_text(task)});
    facts.add("container", cell(terminal, container_text(task)));
    facts.add("mounts", cell(terminal, joined(task.additional_mounts, ", ")));
    for (const auto& [name, value] : task.env_vars)
        facts.add("env", cell(terminal, std::string(name).append("=").append(value)));
    facts.add("directory", cell(terminal, task.working_directory));
    facts.add("priority", {task.priority == 0 ? "" : std::to_string(task.priority)});
    facts.add("strategy", {task.strategy ? std::string(to_string(*task.strategy)) : std::string()});
    facts.add("batch", {task.batch_id.value == task.task_id.value ? "" : to_string(task.batch_id)});
    facts.add("attempt", {task.attempt > 1 ? std::to_string(task.attempt) : std::string()});
    facts.add("submitted", {time_text(task.submitted_at, now)});
    facts.add("by", cell(terminal, task.submitted_by));
    facts.add("started", {time_text(task.started_at, now)});
    facts.add("ended", {time_text(task.completed_at, now)});
    facts.add("ran", {running_time(task, now)});
    add_outcome(facts, terminal, task);
    facts.add("stdout", cell(terminal, task.stdout_path));
    facts.add("stderr", cell(terminal, task.stderr_path));
    return facts.render(terminal);
}

std::string render_verdicts(const Terminal& terminal, const proto::Explanation& explanation) {
    std::string text;
    if (explanation.ahead > 0)
        text += std::to_string(explanation.ahead) + (explanation.ahead == 1 ? " task is" : " tasks are") +
                " before it in the queue\n";
    if (explanation.nodes.empty()) return text;
    Table table({{.title = "NODE"}, {.title = "FITS"}, {.title = "REASON", .elastic = true, .least = 20}});
    for (const proto::NodeVerdict& node : explanation.nodes)
        table.add({cell(terminal, node.node),
                   {node.fits ? "yes" : "no", node.fits ? Colour::green : Colour::yellow},
                   cell(terminal, node.reason)});
    return text + table.render(terminal);
}

std::string render_explanation(const Terminal& terminal, const proto::Explanation& explanation) {
    return "task " + to_string(explanation.task_id) + " " + std::string(to_string(explanation.status)) + ": " +
           harmless(explanation.summary, terminal.unicode) + "\n" + render_verdicts(terminal, explanation);
}

} // namespace hk::cli
