#include "cli/host_api.hpp"

#include "proto/error_map.hpp"

#include <algorithm>

namespace hk::cli {
namespace {

constexpr std::size_t page_size = 1000; ///< the most that the Host gives, and takes, at once
constexpr Duration action_limit = std::chrono::seconds(30);

std::string task_path(TaskId id) { return "/api/tasks/" + to_string(id); }

net::Request make_request(net::Method method, const std::string& target) {
    net::Request request;
    request.method = method;
    request.target = target;
    return request;
}

Result<std::string> body_of(Result<net::Response> response) {
    if (!response) return fail(std::move(response).error());
    return std::move(response->body);
}

} // namespace

HostApi::HostApi(std::unique_ptr<HostLink> link, std::string where, std::string origin)
    : link_(std::move(link))
    , where_(std::move(where))
    , origin_(std::move(origin)) {}

Error HostApi::unreachable(const Error& cause) const {
    return {Errc::unavailable,
            "the Host at " + where_ + " does not answer (" + cause.message + "); check that hakuriver.host runs there" +
                " and that the address is right: it comes from " + origin_,
            {}};
}

Result<net::Response> HostApi::judge(Result<net::Response> response) {
    reached_ = response.has_value();
    if (!response) return fail(unreachable(response.error()));
    if (response->status < 300) return response;
    Error error = proto::parse_error_body(response->status, response->body);
    const bool route_is_missing = (response->status == 404 || response->status == 405 || response->status == 501) &&
                                  !response->body.contains("\"error\"");
    if (route_is_missing)
        error = {Errc::unsupported,
                 "the Host at " + where_ + " does not offer this (it answered " + std::to_string(response->status) +
                     ")",
                 {}};
    return fail(std::move(error));
}

Result<net::Response> HostApi::respond(net::Request request, Duration limit) {
    return judge(link_->call(std::move(request), limit));
}

Result<std::string> HostApi::get(const std::string& target, Duration limit) {
    return body_of(respond(make_request(net::Method::get, target), limit));
}

Result<std::string> HostApi::post(const std::string& target, std::string body, Duration limit) {
    net::Request request = make_request(net::Method::post, target);
    if (!body.empty()) request.headers.set("Content-Type", "application/json");
    request.body = std::move(body);
    return body_of(respond(std::move(request), limit));
}

Result<std::string> HostApi::remove(const std::string& target) {
    return body_of(respond(make_request(net::Method::delete_, target)));
}

Result<> HostApi::stream(net::Request request, Duration silence, const OnChunk& on_chunk) {
    HK_CHECK(judge(link_->stream(std::move(request), silence, on_chunk)));
    return {};
}

Result<> HostApi::upload(net::Request request, const std::string& file, const OnChunk& on_chunk,
                         const std::function<void(std::int64_t)>& sent) {
    HK_CHECK(judge(link_->upload(std::move(request), file, on_chunk, sent)));
    return {};
}

Result<proto::TaskView> HostApi::task(TaskId id) {
    HK_TRY(const std::string body, get(task_path(id)));
    return proto::parse_task_view(body);
}

Result<proto::TaskList> HostApi::page(const std::string& query, std::size_t limit, const std::string& after) {
    const std::string target = "/api/tasks" + query_of({{"limit", std::to_string(limit)}, {"after", after}}) +
                               (query.empty() ? "" : "&" + query);
    HK_TRY(const std::string body, get(target));
    return proto::parse_task_list(body);
}

Result<proto::TaskList> HostApi::tasks(const std::string& query, std::size_t limit) {
    proto::TaskList all;
    do {
        const std::size_t wanted = std::min(page_size, limit - all.tasks.size());
        HK_TRY(proto::TaskList got, page(query, wanted, all.next.value_or("")));
        std::ranges::move(got.tasks, std::back_inserter(all.tasks));
        all.total = got.total;
        all.next = got.next;
        if (got.tasks.empty()) break;
    } while (all.next && all.tasks.size() < limit);
    return all;
}

Result<std::vector<TaskId>> HostApi::task_ids(const std::string& query) {
    std::vector<TaskId> ids;
    std::optional<std::string> after;
    do {
        HK_TRY(const proto::TaskList got, page(query, page_size, after.value_or("")));
        for (const auto& task : got.tasks) ids.push_back(task.task_id);
        after = got.next;
    } while (after);
    return ids;
}

Result<std::vector<proto::TaskView>> HostApi::neighbours(TaskId first, TaskId last) {
    const std::int64_t count = last.value - first.value + 1;
    HK_TRY(const std::string body,
           get("/api/tasks?limit=" + std::to_string(count) + "&after=" + std::to_string(last.value + 1)));
    HK_TRY(proto::TaskList list, proto::parse_task_list(body));
    std::erase_if(list.tasks, [&](const auto& task) { return task.task_id < first; });
    std::ranges::reverse(list.tasks);
    return std::move(list.tasks);
}

Result<proto::Explanation> HostApi::explain(TaskId id) {
    HK_TRY(const std::string body, get(task_path(id) + "/explain"));
    return proto::parse_explanation(body);
}

Result<proto::BatchView> HostApi::batch(BatchId id) {
    HK_TRY(const std::string body, get("/api/batches/" + to_string(id)));
    return proto::parse_batch_view(body);
}

Result<proto::SelectionReply> HostApi::act(const std::string& word, const std::vector<TaskId>& ids) {
    proto::SelectionReply all;
    for (std::size_t at = 0; at < ids.size(); at += page_size) {
        const auto first = ids.begin() + static_cast<std::ptrdiff_t>(at);
        const auto last = first + static_cast<std::ptrdiff_t>(std::min(page_size, ids.size() - at));
        const proto::TaskSelection selection{.task_ids = {first, last}};
        HK_TRY(const std::string body, post("/api/tasks/" + word, proto::to_json(selection), action_limit));
        HK_TRY(const proto::SelectionReply reply, proto::parse_selection_reply(body));
        std::ranges::copy(reply.done, std::back_inserter(all.done));
        std::ranges::copy(reply.refused, std::back_inserter(all.refused));
    }
    return all;
}

Result<proto::NodeList> HostApi::nodes() {
    HK_TRY(const std::string body, get("/api/nodes"));
    return proto::parse_node_list(body);
}

Result<proto::EnvironmentList> HostApi::environments() {
    HK_TRY(const std::string body, get("/api/environments"));
    return proto::parse_environment_list(body);
}

std::string query_of(const std::vector<std::pair<std::string, std::string>>& pairs) {
    std::string query;
    for (const auto& [name, value] : pairs) {
        if (value.empty()) continue;
        query += query.empty() ? '?' : '&';
        query += name + "=" + net::percent_encode(value);
    }
    return query;
}

} // namespace hk::cli
