#include "host/api/api.hpp"
#include "host/api/environments.hpp"
#include "host/api/nodes.hpp"
#include "host/api/system.hpp"
#include "host/api/task_actions.hpp"
#include "host/api/tasks.hpp"
#include "host/api/terminal.hpp"

namespace hk::host {

using enum net::Method;

namespace {

constexpr std::size_t most_import_bytes = std::size_t{1} << 40;

} // namespace

/// Every route of the API, once. Those marked as the original's are the names that its clients know.
const std::vector<ApiRoute>& api_routes() {
    static const std::vector<ApiRoute> routes{
        {post, "/api/tasks", submit_task, "Submit a task to each target", "SubmitRequest", "SubmitReply", 202},
        {get, "/api/tasks", list_tasks, "List tasks, newest first, page by page", "", "TaskList"},
        {get, "/api/tasks/{id}", get_task, "One task", "", "Task"},
        {get, "/api/tasks/{id}/explain", explain_task, "Why a task waits, node by node", "", "Explanation"},
        {get, "/api/tasks/{id}/history", task_history, "Attempts and events of a task", "", "TaskHistory"},
        {get, "/api/tasks/{id}/stdout", task_stdout, "Output: whole, a byte range, tail=N lines or follow=1"},
        {get, "/api/tasks/{id}/stderr", task_stderr, "Error output, like stdout"},
        {get, "/api/tasks/{id}/stdout/times", task_stdout_times,
         "When the bytes from=A to=B of the output were written", "", "LogTimes"},
        {get, "/api/tasks/{id}/stderr/times", task_stderr_times, "The same of the error output", "", "LogTimes"},
        {post, "/api/tasks/{id}/kill", kill_task, "Kill a task", "", "Message"},
        {post, "/api/tasks/{id}/pause", pause_task, "Pause a task", "", "Message"},
        {post, "/api/tasks/{id}/resume", resume_task, "Resume a task", "", "Message"},
        {post, "/api/tasks/{id}/retry", retry_task, "Submit a task that is over once more", "", "SubmitReply", 202},
        {post, "/api/tasks/kill", kill_tasks, "Kill several tasks", "TaskSelection", "SelectionReply"},
        {post, "/api/tasks/pause", pause_tasks, "Pause several tasks", "TaskSelection", "SelectionReply"},
        {post, "/api/tasks/resume", resume_tasks, "Resume several tasks", "TaskSelection", "SelectionReply"},
        {post, "/api/tasks/retry", retry_tasks, "Submit several tasks once more", "TaskSelection", "SelectionReply",
         202},
        {get, "/api/batches/{id}", get_batch, "Progress of a submission", "", "Batch"},
        {get, "/api/nodes", list_nodes, "All nodes", "", "NodeList"},
        {get, "/api/nodes/{name}", get_node, "One node", "", "Node"},
        {post, "/api/nodes/{name}/drain", drain_node, "Finish what the node has and give it nothing new", "",
         "Message"},
        {post, "/api/nodes/{name}/undrain", undrain_node, "Give the node tasks again", "", "Message"},
        {delete_, "/api/nodes/{name}", remove_node, "Remove a node that is gone", "", "Message"},
        {get, "/api/health", get_health, "The last 60 seconds; with range=hour the last hour of the cluster", "",
         "Health"},
        {get, "/api/cluster", get_cluster, "The cluster in numbers", "", "Cluster"},
        {get, "/api/environments", list_environments, "Container environments", "", "EnvironmentList"},
        {post, "/api/environments", create_environment, "Make a container; steps as JSON lines", "CreateEnvironment"},
        {delete_, "/api/environments/{env}", delete_environment, "Delete a container", "", "Message"},
        {post, "/api/environments/{env}/start", start_environment, "Start a container", "", "Message"},
        {post, "/api/environments/{env}/stop", stop_environment, "Stop a container", "", "Message"},
        {post, "/api/environments/{env}/package", package_environment, "Package a container; steps as JSON lines"},
        {delete_, "/api/environments/{env}/versions", delete_versions, "Remove one version, or all", "", "Message"},
        {post,
         "/api/environments/{env}/import",
         import_environment,
         "Publish an archive of docker save",
         "",
         "",
         200,
         {.limit = most_import_bytes, .streaming = true}},
        {get, "/api/terminal/environments/{env}", environment_terminal, "WebSocket of a terminal in a container"},
        {get, "/api/terminal/tasks/{id}", task_terminal, "WebSocket of a terminal in a running container task"},
        {get, "/api/events", get_events, "Live state as server-sent events"},
        {get, "/api/openapi.json", get_openapi, "This document"},
        {get, "/api/runners/link", runner_link, "WebSocket of a runner"},
        {get, "/api/runners/terminals/{session}", runner_terminal, "WebSocket of a runner for one terminal"},
        {get, "/metrics", get_metrics, "Numbers in Prometheus text"},
        {get, "/healthz", get_healthz, "Whether the Host can take work"},
        // The original's.
        {post, "/api/submit", submit_task, "Submit (as the original names it)", "SubmitRequest", "SubmitReply", 202},
        {get, "/api/status/{id}", get_task, "One task (as the original names it)", "", "Task"},
        {post, "/api/kill/{id}", kill_task, "Kill (as the original names it)", "", "Message"},
        {post, "/api/command/{id}/{command}", command_task, "Pause or resume (as the original names it)", "",
         "Message"},
        {get, "/api/task/{id}/stdout", task_stdout, "Output (as the original names it)"},
        {get, "/api/task/{id}/stderr", task_stderr, "Error output (as the original names it)"},
    };
    return routes;
}

} // namespace hk::host
