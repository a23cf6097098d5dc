#pragma once
#include "cli/table.hpp"
#include "proto/task_api.hpp"

#include <string>
#include <vector>

/// Tasks as people see them.
namespace hk::cli {

Colour colour_of(TaskState state);
/// "● running", "✓ completed", "✗ failed (3)": never colour alone.
Cell state_cell(const Terminal& terminal, const proto::TaskView& task);
/// "python train.py --lr 0.1", with quotes where a shell needs them.
std::string command_line(const proto::TaskView& task);
/// "2026-11-22 23:53:02" in the local time zone.
std::string local_time(Time time);
/// "python ran for 3 m 20 s": how long it ran, or has been running.
std::string running_time(const proto::TaskView& task, Time now);

std::string render_task_table(const Terminal& terminal, const std::vector<proto::TaskView>& tasks, Time now);
/// Everything about one task.
std::string render_task(const Terminal& terminal, const proto::TaskView& task, Time now);
/// Why it waits, in one sentence and node by node.
std::string render_explanation(const Terminal& terminal, const proto::Explanation& explanation);

/// The second part of that: its place in the queue, and the nodes.
std::string render_verdicts(const Terminal& terminal, const proto::Explanation& explanation);

} // namespace hk::cli
