#include "host/environments.hpp"

#include "base/log.hpp"

namespace hk::host {
namespace {

constexpr unsigned threads = 2;
constexpr std::size_t most_waiting = 256;
constexpr Duration look_every = std::chrono::seconds(5);
constexpr int looks_between_collections = 60;

std::string summary(const docker::Packaged& packaged) {
    return packaged.version.environment + " is packaged as version " + packaged.version.name() + ": " +
           format_size(packaged.total_bytes) + ", of which " + format_size(packaged.new_bytes) + " are new" +
           (packaged.rebased ? "; the container stands on it now" : "");
}

proto::EnvironmentView view_of(const docker::EnvironmentEntry& entry, const std::string& default_environment) {
    proto::EnvironmentView view{
        .name = entry.name, .is_default = entry.name == default_environment, .operation = entry.operation};
    if (entry.container)
        view.container = proto::ContainerView{entry.container->id, entry.container->image,
                                              std::string(docker::to_string(entry.container->status)),
                                              entry.container->status_text};
    for (const oci::VersionInfo& info : entry.versions)
        view.versions.push_back({.version = info.version.name(),
                                 .tarball = info.version.file_name(),
                                 .created_at = from_micros(info.version.stamp * 1'000'000),
                                 .size_bytes = info.size});
    return view;
}

} // namespace

Environments::Environments(net::Loop& loop, Engine& engine, const config::HostConfig& config, net::Address address)
    : host_(engine), config_(config), client_(std::move(address)), store_(config.shared.container_dir),
      pool_(loop, threads, most_waiting),
      operations_(loop, pool_, client_, store_, {.default_environment = config.default_container}), group_(loop) {}

net::Task<void> Environments::run() {
    const auto repaired = co_await operations_.repair();
    if (!repaired) log::warn("container environments are not available yet", {{"why", repaired.error().message}});
    co_await refresh_versions();
    co_await make_default();
    for (int look = 1;; ++look) {
        co_await net::sleep_for(look_every);
        co_await refresh_versions();
        if (look % looks_between_collections == 0) (void)co_await operations_.collect();
    }
}

net::Task<void> Environments::make_default() {
    const std::string& name = config_.default_container;
    if (name.empty() || config_.initial_base_image.empty() || host_.state().environments.contains(name)) co_return;
    docker::StepSink silent = [](const docker::OperationStep&) {};
    const auto made = co_await operations_.make_default(name, config_.initial_base_image, silent);
    if (made) log::info("the default environment was made", {{"environment", name}});
    else
        log::warn("there is no default environment yet; tasks need --container NULL or an environment of yours",
                  {{"environment", name}, {"image", config_.initial_base_image}, {"why", made.error().message}});
    co_await refresh_versions();
}

net::Task<void> Environments::refresh_versions() {
    auto read = [store = store_] { return store.list(); };
    auto reading = pool_.run(std::move(read));
    const auto versions = co_await std::move(reading);
    if (!versions) co_return; // the shared folder does not answer: what was known stays
    std::map<std::string, std::string> newest;
    for (const oci::Version& version : *versions) newest.try_emplace(version.environment, version.name());
    if (newest == host_.state().environments) co_return;
    (void)host_.tell(sched::Environments{std::move(newest)});
    if (on_change) on_change();
}

/// The nodes that said at their last heartbeat that this version is ready there.
std::vector<std::string> Environments::holders_of(const std::string& environment, const std::string& version,
                                                  const Usage& usage) const {
    std::vector<std::string> holders;
    for (const auto& [name, node] : host_.state().nodes) {
        const NodeUsage* reading = usage.of(name);
        if (reading == nullptr) continue;
        const auto found = reading->environments.find(environment);
        if (found != reading->environments.end() && found->second == version) holders.push_back(name.value);
    }
    return holders;
}

net::Task<proto::EnvironmentList> Environments::list(const Usage& usage) {
    const auto overview = co_await operations_.overview();
    proto::EnvironmentList list{.engine = overview.engine, .problem = overview.problem};
    for (const auto& entry : overview.environments) {
        list.environments.push_back(view_of(entry, config_.default_container));
        for (proto::VersionView& version : list.environments.back().versions)
            version.nodes = holders_of(entry.name, version.version, usage);
    }
    co_return list;
}

std::shared_ptr<Operation> Environments::begin(std::string name, std::string environment, Work work) {
    auto operation = std::make_shared<Operation>();
    proto::OperationProgress about{.operation = std::move(name), .environment = std::move(environment)};
    group_.spawn(carry_out(operation, std::move(about), std::move(work)));
    return operation;
}

net::Task<void> Environments::carry_out(std::shared_ptr<Operation> operation, proto::OperationProgress about,
                                        Work work) {
    const auto say = [this, operation, about](const docker::OperationStep& step) {
        auto progress = about;
        progress.message = step.message;
        progress.done_bytes = step.done;
        progress.total_bytes = step.total;
        if (on_progress) on_progress(progress);
        operation->said.push_back(std::move(progress));
        operation->wake.notify_all();
    };
    docker::StepSink sink(say);
    const auto result = co_await work(std::move(sink));
    about.finished = true;
    if (result) about.message = *result;
    else about.error = result.error().message;
    if (on_progress) on_progress(about);
    if (result) operation->said.push_back(about);
    else operation->failed = result.error();
    operation->finished = true;
    operation->wake.notify_all();
    co_await refresh_versions();
    if (on_change) on_change();
}

net::Task<Result<std::string>> Environments::create_work(std::string image, std::string environment,
                                                         docker::StepSink sink) {
    const auto made = co_await operations_.create(image, environment, std::move(sink));
    if (!made) co_return fail(made.error());
    co_return "environment " + environment + " is made from " + image + "; set it up with hakuriver.docker-shell " +
        environment;
}

net::Task<Result<std::string>> Environments::package_work(std::string environment, docker::StepSink sink) {
    const auto packaged = co_await operations_.package(environment, std::move(sink));
    if (!packaged) co_return fail(packaged.error());
    co_return summary(*packaged);
}

std::shared_ptr<Operation> Environments::create(std::string image, std::string environment) {
    Work work = [this, image, environment](docker::StepSink sink) { return create_work(image, environment, std::move(sink)); };
    return begin("create", environment, std::move(work));
}

std::shared_ptr<Operation> Environments::package(std::string environment) {
    Work work = [this, environment](docker::StepSink sink) { return package_work(environment, std::move(sink)); };
    return begin("package", environment, std::move(work));
}

net::Task<Result<std::string>> Environments::import_archive(std::string environment, docker::ChunkSource& source) {
    docker::StepSink sink = [this, environment](const docker::OperationStep& step) {
        if (on_progress)
            on_progress({.operation = "import", .environment = environment, .message = step.message,
                         .done_bytes = step.done, .total_bytes = step.total});
    };
    const auto packaged = co_await operations_.import_archive(environment, source, std::move(sink));
    co_await refresh_versions();
    if (!packaged) co_return fail(packaged.error());
    co_return summary(*packaged);
}

net::Task<Result<>> Environments::remove_versions(std::string environment, std::string version) {
    auto removing = operations_.remove_versions(std::move(environment), std::move(version));
    auto removed = co_await std::move(removing);
    co_await refresh_versions();
    co_return removed;
}

} // namespace hk::host
