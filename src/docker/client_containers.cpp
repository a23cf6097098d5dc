#include "docker/engine_client.hpp"
#include "docker/engine_json.hpp"

namespace hk::docker {

namespace {

std::string container_path(const std::string& container, std::string_view rest) {
    return "/containers/" + net::percent_encode(container) + std::string(rest);
}

} // namespace

net::Task<Result<Created>> EngineClient::create(ContainerSpec spec) {
    Call call;
    call.method = net::Method::post;
    call.path = "/containers/create?name=" + net::percent_encode(spec.name);
    call.doing = "create the container " + spec.name;
    call.body = create_body(spec);
    call.limit = std::chrono::minutes{2};
    auto body = co_await ask(std::move(call));
    if (!body) co_return fail(body.error());
    co_return read_created(*body);
}

net::Task<Result<>> EngineClient::start(std::string container) {
    Call call;
    call.method = net::Method::post;
    call.path = container_path(container, "/start");
    call.doing = "start the container " + container;
    call.limit = std::chrono::minutes{2};
    co_return co_await tell(std::move(call));
}

net::Task<Result<int>> EngineClient::wait(std::string container) {
    Call call;
    call.method = net::Method::post;
    call.path = container_path(container, "/wait?condition=not-running");
    call.doing = "wait for the container " + container;
    call.limit = net::no_limit;
    auto body = co_await ask(std::move(call));
    if (!body) co_return fail(body.error());
    co_return read_wait(*body);
}

net::Task<Result<ContainerInfo>> EngineClient::inspect(std::string container) {
    Call call;
    call.path = container_path(container, "/json");
    call.doing = "inspect the container " + container;
    auto body = co_await ask(std::move(call));
    if (!body) co_return fail(body.error());
    co_return read_container(*body);
}

net::Task<Result<std::vector<ContainerInfo>>> EngineClient::list(std::string label) {
    Call call;
    call.path = "/containers/json?all=1&filters=" + net::percent_encode(filters({{"label", label}}));
    call.doing = "list containers";
    auto body = co_await ask(std::move(call));
    if (!body) co_return fail(body.error());
    co_return read_container_list(*body);
}

net::Task<Result<>> EngineClient::kill(std::string container, int signal) {
    Call call;
    call.method = net::Method::post;
    call.path = container_path(container, "/kill?signal=" + std::to_string(signal));
    call.doing = "signal the container " + container;
    co_return co_await tell(std::move(call));
}

net::Task<Result<>> EngineClient::stop(std::string container, Duration grace) {
    const auto seconds = std::chrono::ceil<std::chrono::seconds>(grace);
    Call call;
    call.method = net::Method::post;
    call.path = container_path(container, "/stop?t=" + std::to_string(seconds.count()));
    call.doing = "stop the container " + container;
    call.limit = seconds + std::chrono::minutes{1};
    co_return co_await tell(std::move(call));
}

net::Task<Result<>> EngineClient::pause(std::string container) {
    Call call;
    call.method = net::Method::post;
    call.path = container_path(container, "/pause");
    call.doing = "pause the container " + container;
    co_return co_await tell(std::move(call));
}

net::Task<Result<>> EngineClient::unpause(std::string container) {
    Call call;
    call.method = net::Method::post;
    call.path = container_path(container, "/unpause");
    call.doing = "resume the container " + container;
    co_return co_await tell(std::move(call));
}

net::Task<Result<>> EngineClient::rename(std::string container, std::string name) {
    Call call;
    call.method = net::Method::post;
    call.path = container_path(container, "/rename?name=" + net::percent_encode(name));
    call.doing = "rename the container " + container;
    co_return co_await tell(std::move(call));
}

net::Task<Result<>> EngineClient::remove(std::string container, bool force) {
    Call call;
    call.method = net::Method::delete_;
    call.path = container_path(container, force ? "?v=1&force=1" : "?v=1");
    call.doing = "remove the container " + container;
    call.limit = std::chrono::minutes{2};
    co_return co_await tell(std::move(call));
}

net::Task<Result<int>> EngineClient::count_processes(std::string container) {
    Call call;
    call.path = container_path(container, "/top");
    call.doing = "list the processes of the container " + container;
    auto body = co_await ask(std::move(call));
    if (!body) co_return fail(body.error());
    co_return read_process_count(*body);
}

net::Task<Result<std::string>> EngineClient::create_exec(std::string container, ExecSpec spec) {
    Call call;
    call.method = net::Method::post;
    call.path = container_path(container, "/exec");
    call.doing = "run a program in the container " + container;
    call.body = exec_body(spec);
    auto body = co_await ask(std::move(call));
    if (!body) co_return fail(body.error());
    co_return read_string(*body, "Id");
}

net::Task<Result<net::StreamPtr>> EngineClient::start_exec(std::string exec, bool terminal) {
    auto prefix = co_await version_prefix();
    if (!prefix) co_return fail(prefix.error());
    auto connection = co_await connect(std::chrono::seconds{30});
    if (!connection) co_return fail(connection.error());
    net::Request request;
    request.method = net::Method::post;
    request.target = "/" + *prefix + "/exec/" + net::percent_encode(exec) + "/start";
    request.headers.set("Content-Type", "application/json");
    request.headers.set("Connection", "Upgrade");
    request.headers.set("Upgrade", "tcp");
    request.body = std::string(R"({"Detach":false,"Tty":)") + (terminal ? "true}" : "false}");
    auto head = co_await connection->start(std::move(request));
    if (!head) co_return fail(lost(head.error()));
    if (head->status == 101 || head->status == 200) co_return connection->hijack();
    auto body = co_await connection->read_chunk(std::chrono::seconds{10});
    co_return fail(read_error(head->status, body.value_or(""), "start the program"));
}

net::Task<Result<>> EngineClient::resize_exec(std::string exec, int rows, int columns) {
    Call call;
    call.method = net::Method::post;
    call.path =
        "/exec/" + net::percent_encode(exec) + "/resize?h=" + std::to_string(rows) + "&w=" + std::to_string(columns);
    call.doing = "resize the terminal";
    co_return co_await tell(std::move(call));
}

net::Task<Result<ExecInfo>> EngineClient::inspect_exec(std::string exec) {
    Call call;
    call.path = "/exec/" + net::percent_encode(exec) + "/json";
    call.doing = "inspect the program";
    auto body = co_await ask(std::move(call));
    if (!body) co_return fail(body.error());
    co_return read_exec(*body);
}

} // namespace hk::docker
