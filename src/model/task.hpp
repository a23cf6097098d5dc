#pragma once
#include "base/time.hpp"
#include "base/units.hpp"
#include "model/ids.hpp"

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace hk {

enum class TaskState { pending, assigning, running, paused, lost, completed, failed, killed, killed_oom };
std::string_view to_string(TaskState state);
std::optional<TaskState> parse_task_state(std::string_view text);
/// completed, failed, killed and killed_oom never change again. `lost` is not final: the node may come back.
bool is_final(TaskState state);

/// How the scheduler chooses among nodes that fit.
enum class Strategy { first_fit, best_fit, least_loaded, round_robin };
std::string_view to_string(Strategy strategy);
/// Accepts "first-fit", "best-fit", "least-loaded", "round-robin".
Result<Strategy> parse_strategy(std::string_view text);

/// Where one task of a submission shall run: node[:numa][::gpu,gpu]. An empty node lets the scheduler pick.
struct Target {
    NodeName node;
    std::optional<int> numa;
    std::vector<int> gpus;
    friend bool operator==(const Target&, const Target&) = default;
    friend auto operator<=>(const Target&, const Target&) = default;
};
/// "node1", "node1:0", "node1::0,1", "node1:0::2". Refuses doubles, negatives and empty parts.
Result<Target> parse_target(std::string_view text);
std::string to_string(const Target& target);

struct Mount {
    std::string source; ///< absolute path on the node
    std::string target; ///< absolute path in the container
    bool read_only = false;
    friend bool operator==(const Mount&, const Mount&) = default;
};
/// "HOST:CONTAINER" or "HOST:CONTAINER:ro"; both absolute and without "..".
Result<Mount> parse_mount(std::string_view text);
std::string to_string(const Mount& mount);
/// Whether a container can have these at once: no two in one place, none where tasks have their own folders or the
/// kernel its.
Result<> check_mounts(const std::vector<Mount>& mounts);

/// What all tasks of a submission have in common; shared by them and never changed.
struct TaskSpec {
    std::string command;
    std::vector<std::string> arguments; ///< byte for byte, no shell
    std::map<std::string, std::string> env;
    int cores = 1;                        ///< 0: none reserved and no CPU limit
    std::optional<Bytes> memory;          ///< absent: none reserved and no memory limit
    int gpu_count = 0;                    ///< with `--gpus N`: any N free ones; 0 when the target names them
    std::optional<std::string> container; ///< environment name; absent: directly on the node
    std::string container_version;        ///< that the task insists on; empty: the newest when it is assigned
    bool privileged = false;
    std::vector<Mount> mounts;
    int priority = 0; ///< -1000 .. 1000, higher first
    std::optional<Strategy> strategy;
    std::string submitted_by;      ///< as the client says it; not proof of anything
    std::string working_directory; ///< empty: the shared data directory
    bool sweep = false;            ///< spans in the arguments are expanded: the task's index chooses the combination
    int max_running = 0;           ///< tasks of the batch at one time; 0: as many as fit
    std::optional<int> max_fails;  ///< when more tasks of the batch than this have failed, the rest is killed
    std::vector<std::int64_t> indexes; ///< of tasks that are submitted again: their first indexes; else empty
    friend bool operator==(const TaskSpec&, const TaskSpec&) = default;
};

/// The index that chooses a task's combination and that it sees itself, from its position in its batch.
std::int64_t index_of(const TaskSpec& spec, std::int64_t position);

/// Where an attempt runs and what it holds there, from `assigning` until its end.
struct Placement {
    NodeName node;
    std::optional<int> numa;
    std::vector<int> gpus;
    friend bool operator==(const Placement&, const Placement&) = default;
};

/// Why an attempt ended.
enum class EndReason {
    exited,      ///< by itself; `exit_code` or `signal` is the program's own
    killed,      ///< because a user asked
    oom,         ///< over its memory limit
    not_started, ///< the command could not be executed, or the environment could not be made ready
    interrupted, ///< the node rebooted, the engine was restarted, or its records were lost
};
std::string_view to_string(EndReason reason);
std::optional<EndReason> parse_end_reason(std::string_view text);

/// How an attempt ended, as its node recorded it.
struct Outcome {
    EndReason reason = EndReason::exited;
    std::optional<int> exit_code; ///< 128 + signal when a signal ended it; 126 and 127 as shells use them
    std::optional<int> signal;
    std::optional<Time> started_at;
    Time finished_at{};
    std::optional<Bytes> peak_memory;
    std::optional<Duration> cpu_time;
    std::string message; ///< for people; empty when there is nothing to add
    friend bool operator==(const Outcome&, const Outcome&) = default;
};
/// The final state that an outcome means.
TaskState final_state(const Outcome& outcome);

/// Everything a runner needs to start an attempt.
struct Assignment {
    AttemptId attempt;
    std::shared_ptr<const TaskSpec> spec;
    Placement placement;
    std::string environment_version; ///< of `spec->container`: the task's own choice, else the newest when the attempt
                                     ///< was assigned; may be empty
};

} // namespace hk
