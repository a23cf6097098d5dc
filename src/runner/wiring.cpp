#include "base/log.hpp"
#include "exec/programs.hpp"
#include "probe/prober.hpp"
#include "runner/executors.hpp"
#include "runner/host_link.hpp"
#include "runner/log_marker.hpp"
#include "runner/run.hpp"
#include "runner/shared_folder.hpp"
#include "runner/terminals.hpp"
#include "runner/worker.hpp"

#include <algorithm>
#include <csignal>
#include <fcntl.h>
#include <filesystem>
#include <sys/file.h>
#include <thread>

namespace hk::runner {
namespace {

/// Shells are hung up within it; tasks are not waited for.
constexpr Duration stop_limit = std::chrono::seconds(3);

/// Several runners may share a machine, each with its own name and records.
std::filesystem::path state_dir_of(const config::RunnerConfig& config) { return config.state_dir / config.name.value; }

Result<> make_folder(const std::filesystem::path& folder, std::string_view key) {
    std::error_code error;
    std::filesystem::create_directories(folder, error);
    if (!error) return {};
    return fail(Errc::io, "the folder " + folder.string() + " cannot be used (" + error.message() + "); set " +
                              std::string(key) + " to one that this user may write");
}

/// Two runners with the same records would start tasks twice.
Result<Fd> lock(const std::filesystem::path& state_dir) {
    const auto path = state_dir / "runner.lock";
    Fd file(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
    if (!file) return fail(system_error(path.string(), errno));
    if (::flock(file.get(), LOCK_EX | LOCK_NB) == 0) return file;
    return fail(Errc::conflict,
                "another runner uses " + state_dir.string() + " already; give this one a name of its own with --name");
}

net::Address host_of(const config::RunnerConfig& config) {
    return net::Address::tcp(config.common.host_address, config.common.host_port);
}

probe::ProbeSettings probe_settings(const config::RunnerConfig& config) {
    probe::ProbeSettings settings;
    if (config.cores > 0) settings.cores = config.cores;
    settings.memory = config.memory;
    return settings;
}

/// Whether every number still means the same GPU: drivers wake up late, and GPUs are divided anew.
bool same_gpus(const std::vector<Gpu>& a, const std::vector<Gpu>& b) {
    return std::ranges::equal(a, b, [](const Gpu& one, const Gpu& other) {
        return one.id == other.id && one.uuid == other.uuid && one.pci_bus_id == other.pci_bus_id;
    });
}

/// The whole runner. Everything is built here and nowhere else.
class Runner {
public:
    Runner(const config::RunnerConfig& config, std::string version, exec::Spool spool)
        : config_(config)
        , version_(std::move(version))
        , spool_(std::move(spool))
        , prober_(probe_settings(config))
        , inventory_(prober_.inventory())
        , shared_(loop_, config.shared.shared_dir)
        , marker_(loop_, config.shared.shared_dir)
        , worker_(loop_, spool_)
        , terminals_(loop_, host_of(config), worker_, config.name)
        , link_(loop_, host_of(config), hooks())
        , background_(loop_) {
        worker_.can_tell = [this] { return link_.connected(); };
        worker_.on_news = [this](std::vector<AttemptReport> news) { return link_.send({std::move(news)}); };
    }

    Result<> start() {
        net::run_task(loop_, shared_.look());
        worker_.withhold(shared_.problem());
        exec::ExecSettings settings = exec_settings(config_, inventory_);
        HK_TRY(settings.hakurun, exec::install_hakurun(spool_.state_dir()));
        HK_TRY(auto executors, open_executors({loop_, spool_, worker_}, config_, settings));
        worker_.use(std::move(executors));
        say_what_is_offered();
        worker_.recover();
        terminals_.clean_up();
        return {};
    }

    void run() {
        background_.spawn(link_.run());
        background_.spawn(every_second());
        background_.spawn(shared_.keep_looking([this] { worker_.withhold(shared_.problem()); }));
        background_.spawn(marker_.keep_looking([this] { return worker_.active(); }));
        loop_.on_signals({SIGTERM, SIGINT}, [this](int) {
            if (!std::exchange(stopping_, true)) background_.spawn(stop());
        });
        loop_.run();
    }

private:
    HostLink::Hooks hooks() {
        return {.hello = [this] { return hello(); },
                .heartbeat = [this] { return proto::Heartbeat{.usage = usage()}; },
                .orders = [this](const proto::Orders& orders) { worker_.take(orders); },
                .open_terminal = [this](const proto::OpenTerminal& order) { terminals_.open(order); },
                .connected = [this] { worker_.announce(); }};
    }

    proto::Hello hello() {
        NodeInventory inventory = inventory_;
        inventory.executors = worker_.offers();
        inventory.version = version_;
        inventory.state_id = spool_.state_id();
        if (!config_.shown_address.empty())
            inventory.address = "http://" + config_.shown_address + ":" + std::to_string(config_.shown_port);
        return {.name = config_.name, .inventory = std::move(inventory), .attempts = worker_.all_reports()};
    }

    NodeUsage usage() {
        NodeUsage usage = prober_.usage();
        usage.environments = worker_.environments();
        const bool others = !same_gpus(usage.gpus, inventory_.gpus);
        inventory_.gpus = usage.gpus; // the next hello says how they are now
        if (others) {
            worker_.use_gpus(usage.gpus);
            loop_.defer([this] { link_.say_hello_again(); });
        }
        worker_.see_gpus(usage.gpus);
        return usage;
    }

    net::Task<void> stop() {
        log::info("the runner stops; its tasks go on", {{"tasks", worker_.attempts()}});
        co_await terminals_.stop("the runner of the task's node stops, and the terminal with it; the task goes on",
                                 stop_limit);
        loop_.stop();
    }

    void say_what_is_offered() const {
        std::string withheld; // for one reason, so in one sentence
        for (const ExecutorOffer& offer : worker_.offers()) {
            const std::string kind(to_string(offer.kind));
            if (!offer.available && offer.problem == shared_.problem())
                withheld += (withheld.empty() ? "" : ", ") + kind;
            else if (offer.available) log::info("executor offered", {{"executor", kind}});
            else log::warn("executor not offered", {{"executor", kind}, {"why", offer.problem}});
            for (const std::string& warning : offer.warnings) log::warn(warning, {{"executor", kind}});
        }
        if (!withheld.empty()) log::warn("no task can run here: " + shared_.problem(), {{"not_offered", withheld}});
    }

    net::Task<void> every_second() {
        for (;;) {
            co_await net::sleep_for(std::chrono::seconds(1));
            worker_.sync_results();
            if (!worker_.refresh_offers()) continue; // an engine came, went or changed
            say_what_is_offered();
            link_.say_hello_again();
        }
    }

    net::Loop loop_;
    const config::RunnerConfig& config_;
    std::string version_;
    exec::Spool spool_;
    probe::Prober prober_;
    NodeInventory inventory_;
    SharedFolder shared_;
    LogMarker marker_;
    Worker worker_;
    TaskTerminals terminals_;
    HostLink link_;
    net::TaskGroup background_;
    bool stopping_ = false;
};

/// The scheduler may count on more cores than there are, which is allowed and worth knowing.
void warn_of_more_cores(const config::RunnerConfig& config) {
    const unsigned have = std::thread::hardware_concurrency();
    if (config.cores <= 0 || have == 0 || static_cast<unsigned>(config.cores) <= have) return;
    log::warn("runner.cores is " + std::to_string(config.cores) + ", but this machine has " + std::to_string(have) +
              " CPUs; tasks will share them");
}

Result<> start_and_run(const config::RunnerConfig& config, std::string version) {
    warn_of_more_cores(config);
    const auto state_dir = state_dir_of(config);
    HK_CHECK(make_folder(state_dir, "runner.state_dir"));
    HK_CHECK(make_folder(config.local_temp_dir, "paths.local_temp_dir"));
    HK_TRY(const Fd held, lock(state_dir));
    HK_TRY(auto spool, exec::Spool::open(state_dir));
    Runner runner(config, std::move(version), std::move(spool));
    HK_CHECK(runner.start());
    runner.run();
    return {};
}

} // namespace

int run(const config::RunnerConfig& config, std::string version) {
    for (const std::string& warning : config.common.warnings) log::warn(warning);
    const auto result = start_and_run(config, std::move(version));
    if (result) return 0;
    log::error("the runner cannot start", {{"why", result.error().message}});
    return 1;
}

} // namespace hk::runner
