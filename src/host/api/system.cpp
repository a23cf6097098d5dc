#include "host/api/system.hpp"

#include "host/api/reply.hpp"
#include "host/metrics.hpp"
#include "host/node_view.hpp"

namespace hk::host {

net::Task<Result<std::string>> cluster_json(Api& api) {
    const auto counts = co_await api.queries.counts();
    if (!counts) co_return fail(counts.error());
    const ClusterDefaults defaults{api.version, api.config.default_container, api.config.strategy};
    co_return proto::to_json(cluster_of(api.engine.state(), *counts, defaults, read_clocks().wall));
}

net::Task<void> get_cluster(net::Exchange& exchange, Api& api) {
    auto cluster = co_await cluster_json(api);
    if (!cluster) co_return co_await refuse(exchange, cluster.error());
    co_await reply(exchange, std::move(*cluster));
}

net::Task<void> get_openapi(net::Exchange& exchange, Api& api) { return reply(exchange, api.openapi); }

net::Task<void> get_metrics(net::Exchange& exchange, Api& api) {
    const auto counts = co_await api.queries.counts();
    if (!counts) co_return co_await refuse(exchange, counts.error());
    net::Response response = net::text_response(200, metrics_text(api, *counts));
    response.headers.set("Content-Type", "text/plain; version=0.0.4; charset=utf-8");
    co_await exchange.respond(std::move(response));
}

net::Task<void> get_healthz(net::Exchange& exchange, Api& api) {
    const std::string& problem = api.engine.journal().problem();
    auto response = problem.empty() ? net::text_response(200, "ok\n") : net::text_response(503, problem + "\n");
    co_await exchange.respond(std::move(response));
}

net::Task<void> get_events(net::Exchange& exchange, Api& api) {
    std::string hello = "{\"version\":\"" + api.version + "\",\"now\":\"" + format_time(read_clocks().wall) + "\"}";
    return api.live.serve(exchange, std::move(hello));
}

net::Task<void> runner_link(net::Exchange& exchange, Api& api) {
    if (auto refused = only_for_runners(exchange.request())) co_return co_await refuse(exchange, std::move(*refused));
    co_await api.links.serve(exchange);
}

} // namespace hk::host
