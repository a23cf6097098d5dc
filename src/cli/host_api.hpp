#pragma once
#include "cli/host_link.hpp"
#include "proto/env_api.hpp"
#include "proto/node_api.hpp"
#include "proto/task_api.hpp"

namespace hk::cli {

/// The Host's API as functions. Statuses of 400 and above become the Error that the body carries; a
/// Host that does not answer becomes Errc::unavailable with a sentence that says where it was
/// looked for, and `reached` stays false.
class HostApi {
public:
    /// `where`: "127.0.0.1:8000"; `origin`: what says so ("--host",
    /// "/root/.hakuriver/config.toml").
    HostApi(std::unique_ptr<HostLink> link, std::string where, std::string origin);

    /// Bodies as the Host sent them. `limit`: for the whole call.
    Result<std::string> get(const std::string& target, Duration limit = usual_limit);
    Result<std::string> post(const std::string& target, std::string body = {}, Duration limit = usual_limit);
    Result<std::string> remove(const std::string& target);
    Result<> stream(net::Request request, Duration silence, const OnChunk& on_chunk);
    /// The whole response: for those who need its headers.
    Result<net::Response> respond(net::Request request, Duration limit = usual_limit);
    Result<> upload(net::Request request, const std::string& file, const OnChunk& on_chunk,
                    const std::function<void(std::int64_t)>& sent);

    Result<proto::TaskView> task(TaskId id);
    /// All pages of the query ("status=failed&user=alice"), newest first, up to `limit` tasks.
    Result<proto::TaskList> tasks(const std::string& query, std::size_t limit);
    /// The ids of all tasks of the query, newest first.
    Result<std::vector<TaskId>> task_ids(const std::string& query);
    /// Those of the tasks `first` to `last` that exist, in order; at most a page (1,000).
    Result<std::vector<proto::TaskView>> neighbours(TaskId first, TaskId last);
    Result<proto::Explanation> explain(TaskId id);
    Result<proto::BatchView> batch(BatchId id);
    /// POST /api/tasks/{word} in groups that the Host takes; the answers put together.
    Result<proto::SelectionReply> act(const std::string& word, const std::vector<TaskId>& ids);
    Result<proto::NodeList> nodes();
    Result<proto::EnvironmentList> environments();

    /// Whether the last call was answered at all.
    bool reached() const { return reached_; }
    const std::string& where() const { return where_; }

    static constexpr Duration usual_limit = std::chrono::seconds(20);

private:
    Result<net::Response> judge(Result<net::Response> response);
    Result<proto::TaskList> page(const std::string& query, std::size_t limit, const std::string& after);
    Error unreachable(const Error& cause) const;

    std::unique_ptr<HostLink> link_;
    std::string where_;
    std::string origin_;
    bool reached_ = false;
};

/// "?a=1&b=x%20y" from names and values; empty values are left out.
std::string query_of(const std::vector<std::pair<std::string, std::string>>& pairs);

} // namespace hk::cli
