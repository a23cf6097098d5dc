#include "base/log.hpp"
#include "host/api/api.hpp"
#include "host/api/openapi.hpp"
#include "host/api/reply.hpp"
#include "host/api/system.hpp"
#include "host/dashboard.hpp"
#include "host/records.hpp"
#include "host/run.hpp"
#include "proto/log_times.hpp"
#include "terminal/container_terminal.hpp"

#include <csignal>
#include <filesystem>
#include <string_view>

namespace hk::host {
namespace {

using namespace std::string_view_literals;

constexpr Duration stop_limit = std::chrono::seconds(3);
constexpr std::size_t most_terminals = 64;

sched::Settings settings_of(const config::HostConfig& config) {
    return {.strategy = config.strategy,
            .backfill = config.backfill,
            .silence = config.silence_limit,
            .kill_grace = config.shared.kill_grace};
}

std::vector<std::string> names_of(const config::HostConfig& config) {
    std::vector<std::string> names = config.allowed_hosts;
    names.push_back(config.common.host_address);
    return names;
}

Result<> make_folders(const config::HostConfig& config) {
    for (const std::string_view name : {"task_outputs"sv, "task_errors"sv, "shared_data"sv, proto::log_times_folder}) {
        std::error_code error;
        std::filesystem::create_directories(config.shared.shared_dir / name, error);
        if (error)
            return fail(Errc::io, "the shared folder " + config.shared.shared_dir.string() + " cannot be used (" +
                                      error.message() + "); set paths.shared_dir to a folder that every node has");
    }
    return {};
}

/// The whole Host, from the bottom to the top: storage, the brain, what it serves, the server. Everything is built
/// here and nowhere else.
class Host {
public:
    Host(const config::HostConfig& config, const std::string& version, std::unique_ptr<store::Writer> writer,
         store::Reader reader, sched::State state, net::Address engine_address)
        : config_(config)
        , writer_(std::move(writer))
        , journal_(loop_, *writer_)
        , engine_(journal_, std::move(state), hooks())
        , queries_(loop_, engine_, std::move(reader), LogPaths{config.shared.shared_dir})
        , live_(queries_, engine_, usage_)
        , health_(engine_, usage_)
        , logs_(loop_, engine_, queries_)
        , links_(loop_, engine_, usage_, config.shared.heartbeat_interval)
        , environments_(loop_, engine_, config, std::move(engine_address))
        , terminals_(loop_, most_terminals, "this Host")
        , task_terminals_(loop_, links_)
        , access_(names_of(config))
        , api_{config_,
               engine_,
               queries_,
               live_,
               health_,
               usage_,
               logs_,
               links_,
               environments_,
               terminals_,
               task_terminals_,
               loop_,
               [this] { return writer_->numbers(); },
               [this] { return server_.counters(); },
               version,
               openapi_document(version)}
        , router_(table(), &Host::unrouted)
        , server_(loop_, {}, handler(), router_.body_rules())
        , background_(loop_) {
        environments_.on_change = [this] { live_.send("environments", "{}"); };
        environments_.on_progress = [this](const proto::OperationProgress& progress) {
            live_.send("progress", proto::to_json(progress));
        };
        links_.on_environments = environments_.on_change;
        links_.on_usage = [this](const NodeName& node) { live_.note_node(node); };
    }

    Result<> listen() {
        HK_TRY(const net::Address address,
               server_.listen(net::Address::tcp(config_.bind_ip, config_.common.host_port)));
        log::info("the Host is ready", {{"address", "http://" + net::to_text(address)},
                                        {"tasks", engine_.state().tasks.size()},
                                        {"shared_dir", config_.shared.shared_dir.string()}});
        if (!net::is_loopback(address))
            log::warn("the Host answers on an address that others can reach, and asks nobody who they are");
        return {};
    }

    void run() {
        background_.spawn(every_second());
        background_.spawn(every_moment());
        background_.spawn(environments_.run());
        background_.spawn(hang_up_left_shells());
        loop_.on_signals({SIGTERM, SIGINT}, [this](int) {
            if (!stopping_) background_.spawn(stop());
        });
        loop_.run();
    }

private:
    Engine::Hooks hooks() {
        return {.order = [this](const NodeName& node, const sched::NodeOrders& orders) { links_.order(node, orders); },
                .drop = [this](sched::SessionId session) { links_.drop(session); },
                .changed = [this](const sched::Effects& effects) { live_.note(effects); }};
    }

    std::vector<net::Route> table() {
        std::vector<net::Route> routes;
        for (const ApiRoute& route : api_routes())
            routes.push_back(
                {route.method, route.pattern,
                 [this, handle = route.handler](net::Exchange& exchange) { return handle(exchange, api_); }, route.rule,
                 route.summary});
        return routes;
    }

    static net::Task<void> unrouted(net::Exchange& exchange, net::Response suggested) {
        if (exchange.request().path.starts_with("/api/")) co_await refuse_unrouted(exchange, std::move(suggested));
        else co_await serve_dashboard(exchange, std::move(suggested));
    }
    /// Every request passes the access check before it reaches a route.
    net::Handler handler() {
        return [this](net::Exchange& exchange) { return guarded(exchange); };
    }
    net::Task<void> guarded(net::Exchange& exchange) {
        auto refused = access_.refuse(exchange.request());
        if (refused) co_await exchange.respond(std::move(*refused));
        else co_await router_.dispatch(exchange);
    }

    /// Terminals in environments end with the Host; one that was killed could not see to it.
    net::Task<void> hang_up_left_shells() {
        const auto overview = co_await environments_.operations().overview();
        for (const docker::EnvironmentEntry& each : overview.environments)
            if (each.container) co_await terminal::hang_up_left_shells(environments_.engine(), each.container->id);
    }

    net::Task<void> every_second() {
        for (;;) {
            co_await net::sleep_for(std::chrono::seconds(1));
            (void)engine_.tell(sched::Tick{});
            journal_.retry();
            health_.sample(read_clocks().wall);
            if (live_.watchers() == 0) continue;
            live_.send("health", proto::to_json(health_.aggregate()));
            if (!std::exchange(counting_, true)) background_.spawn(tell_cluster());
        }
    }
    /// On its own: it counts in the database, behind what others ask there, and the clock must not wait for that.
    net::Task<void> tell_cluster() {
        const auto cluster = co_await cluster_json(api_);
        counting_ = false;
        if (cluster) live_.send("cluster", *cluster);
    }
    net::Task<void> every_moment() {
        for (;;) {
            co_await net::sleep_for(Live::merge_time);
            live_.flush();
        }
    }
    net::Task<void> stop() {
        stopping_ = true;
        log::info("the Host stops; tasks go on running");
        co_await terminals_.stop("the Host stops, and its terminals with it; tasks go on", stop_limit);
        co_await server_.stop(stop_limit);
        loop_.stop();
    }

    net::Loop loop_;
    const config::HostConfig& config_;
    std::unique_ptr<store::Writer> writer_;
    Journal journal_;
    Usage usage_;
    Engine engine_;
    Queries queries_;
    Live live_;
    Health health_;
    LogReader logs_;
    Links links_;
    Environments environments_;
    terminal::Terminals terminals_;
    TaskTerminals task_terminals_;
    Access access_;
    Api api_;
    net::Router router_;
    net::HttpServer server_;
    net::TaskGroup background_;
    bool stopping_ = false;
    bool counting_ = false; ///< the cluster's numbers are on their way to those who watch
};

/// The scheduler's state as it was saved; what was read to make it is freed at once.
Result<sched::State> load_state(store::Reader& reader, const config::HostConfig& config) {
    HK_TRY(auto active, reader.load_active());
    return sched::restore(settings_of(config), restored_from(std::move(active)), read_clocks());
}

Result<> start_and_run(const config::HostConfig& config, const std::string& version) {
    HK_CHECK(make_folders(config));
    HK_TRY(auto writer, store::Writer::open(config.db_file));
    HK_TRY(auto reader, store::Reader::open(config.db_file));
    HK_TRY(auto state, load_state(reader, config));
    HK_TRY(auto engine_address, docker::find_engine(config.shared.docker_socket.string()));
    Host host(config, version, std::move(writer), std::move(reader), std::move(state), std::move(engine_address));
    HK_CHECK(host.listen());
    host.run();
    return {};
}

} // namespace

int run(const config::HostConfig& config, const std::string& version) {
    for (const std::string& warning : config.common.warnings) log::warn(warning);
    const auto result = start_and_run(config, version);
    if (result) return 0;
    log::error("the Host cannot start", {{"why", result.error().message}});
    return 1;
}

} // namespace hk::host
