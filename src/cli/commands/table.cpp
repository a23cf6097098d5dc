#include "cli/commands/client.hpp"
#include "cli/commands/commands.hpp"

#include <array>

/// The commands after `hakuriver`, in the order in which help shows them.
namespace hk::cli {

std::unique_ptr<Verb> make_submit();
std::unique_ptr<Verb> make_status();
std::unique_ptr<Verb> make_tasks();
std::unique_ptr<Verb> make_logs();
std::unique_ptr<Verb> make_wait();
std::unique_ptr<Verb> make_kill();
std::unique_ptr<Verb> make_pause();
std::unique_ptr<Verb> make_resume();
std::unique_ptr<Verb> make_retry();
std::unique_ptr<Verb> make_explain();
std::unique_ptr<Verb> make_batch();
std::unique_ptr<Verb> make_nodes();
std::unique_ptr<Verb> make_gpus();
std::unique_ptr<Verb> make_health();
std::unique_ptr<Verb> make_drain();
std::unique_ptr<Verb> make_undrain();
std::unique_ptr<Verb> make_forget();
std::unique_ptr<Verb> make_config();
std::unique_ptr<Verb> make_version();
std::unique_ptr<Verb> make_completion();
std::unique_ptr<Verb> make_complete();

std::span<const Command> client_commands() {
    static constexpr std::array<Command, 22> commands{{
        {"submit", "run a command on the cluster", &make_submit},
        {"status", "everything about a task", &make_status},
        {"tasks", "list tasks", &make_tasks},
        {"logs", "what a task has written", &make_logs},
        {"wait", "wait for tasks to end", &make_wait},
        {"kill", "end tasks", &make_kill},
        {"pause", "stop tasks where they are", &make_pause},
        {"resume", "let paused tasks go on", &make_resume},
        {"retry", "submit tasks again", &make_retry},
        {"explain", "why a task waits", &make_explain},
        {"batch", "how far a submission is", &make_batch},
        {"nodes", "list nodes", &make_nodes},
        {"gpus", "list GPUs and who uses them", &make_gpus},
        {"health", "load, memory, temperatures", &make_health},
        {"drain", "give a node no new tasks", &make_drain},
        {"undrain", "give it tasks again", &make_undrain},
        {"forget", "remove a node that is gone", &make_forget},
        {"shell", "a terminal in an environment or a task", &make_shell},
        {"config", "which config file is used", &make_config},
        {"version", "versions of this program and the Host", &make_version},
        {"completion", "completion for bash, zsh and fish", &make_completion},
        {"__complete", "", &make_complete},
    }};
    return commands;
}

} // namespace hk::cli
