#include "host/api/environments.hpp"

#include "host/api/reply.hpp"
#include "host/environments.hpp"
#include "proto/task_api.hpp"

namespace hk::host {
namespace {

Result<std::string> environment_of(const net::Request& request) { return parse_environment_name(request.param("env")); }

/// Passes what an operation says on, one JSON line for each step. An operation that is refused before it said anything
/// is answered with its error's own status. The operation does not end with the listener.
net::Task<void> stream(net::Exchange& exchange, std::shared_ptr<Operation> operation) {
    while (!operation->finished && operation->said.empty()) (void)co_await operation->wake.wait(net::no_limit);
    if (operation->failed && operation->said.empty()) co_return co_await refuse(exchange, *operation->failed);
    net::Headers headers{{"Content-Type", "application/x-ndjson"}, {"Cache-Control", "no-store"}};
    auto begun = co_await exchange.begin(200, std::move(headers));
    if (!begun) co_return;
    for (;;) {
        while (!operation->said.empty()) {
            const std::string line = proto::to_json(operation->said.front()) + "\n";
            operation->said.pop_front();
            auto written = co_await exchange.write(line);
            if (!written) co_return;
        }
        if (operation->finished) break;
        (void)co_await operation->wake.wait(net::no_limit);
    }
    if (operation->failed) {
        const proto::OperationProgress last{.finished = true, .error = operation->failed->message};
        const std::string line = proto::to_json(last) + "\n";
        auto written = co_await exchange.write(line);
        if (!written) co_return;
    }
    co_await exchange.finish();
}

net::Task<void> answer(net::Exchange& exchange, Result<> result, std::string message) {
    if (!result) co_return co_await refuse(exchange, result.error());
    const proto::MessageReply out{std::move(message)};
    co_await reply(exchange, proto::to_json(out));
}

/// The body of an import, piece by piece.
class BodySource final : public docker::ChunkSource {
public:
    explicit BodySource(net::Exchange& exchange)
        : exchange_(exchange) {}
    net::Task<Result<std::string>> next() override { return exchange_.read_body_chunk(); }

private:
    net::Exchange& exchange_;
};

} // namespace

net::Task<void> list_environments(net::Exchange& exchange, Api& api) {
    const auto list = co_await api.environments.list(api.usage);
    co_await reply(exchange, proto::to_json(list));
}

net::Task<void> create_environment(net::Exchange& exchange, Api& api) {
    const auto request = proto::parse_create_environment(exchange.request().body);
    if (!request) co_return co_await refuse(exchange, request.error());
    const auto name = parse_environment_name(request->name);
    if (!name) co_return co_await refuse(exchange, name.error());
    co_await stream(exchange, api.environments.create(request->image_name, *name));
}

net::Task<void> start_environment(net::Exchange& exchange, Api& api) {
    const auto name = environment_of(exchange.request());
    if (!name) co_return co_await refuse(exchange, name.error());
    auto started = co_await api.environments.operations().start(*name);
    api.live.send("environments", "{}");
    co_await answer(exchange, std::move(started), "container " + *name + " runs");
}

net::Task<void> stop_environment(net::Exchange& exchange, Api& api) {
    const auto name = environment_of(exchange.request());
    if (!name) co_return co_await refuse(exchange, name.error());
    auto stopped = co_await api.environments.operations().stop(*name);
    api.live.send("environments", "{}");
    co_await answer(exchange, std::move(stopped), "container " + *name + " is stopped");
}

net::Task<void> delete_environment(net::Exchange& exchange, Api& api) {
    const auto name = environment_of(exchange.request());
    if (!name) co_return co_await refuse(exchange, name.error());
    auto removed = co_await api.environments.operations().remove(*name);
    api.live.send("environments", "{}");
    co_await answer(exchange, std::move(removed), "container " + *name + " is deleted; its packaged versions stay");
}

net::Task<void> package_environment(net::Exchange& exchange, Api& api) {
    const auto name = environment_of(exchange.request());
    if (!name) co_return co_await refuse(exchange, name.error());
    co_await stream(exchange, api.environments.package(*name));
}

net::Task<void> delete_versions(net::Exchange& exchange, Api& api) {
    const auto name = environment_of(exchange.request());
    if (!name) co_return co_await refuse(exchange, name.error());
    const std::string version(exchange.request().query_value("version").value_or(""));
    auto removed = co_await api.environments.remove_versions(*name, version);
    const std::string what = version.empty() ? "all versions" : "version " + version;
    co_await answer(exchange, std::move(removed), what + " of " + *name + " are removed");
}

net::Task<void> import_environment(net::Exchange& exchange, Api& api) {
    const auto name = environment_of(exchange.request());
    if (!name) co_return co_await refuse(exchange, name.error());
    BodySource source(exchange);
    const auto imported = co_await api.environments.import_archive(*name, source);
    if (!imported) co_return co_await refuse(exchange, imported.error());
    const proto::OperationProgress last{
        .operation = "import", .environment = *name, .message = *imported, .finished = true};
    co_await reply(exchange, proto::to_json(last) + "\n");
}

} // namespace hk::host
