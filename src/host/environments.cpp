#include "host/environments.hpp"

#include "base/log.hpp"

namespace hk::host {
namespace {

constexpr unsigned threads = 2;
constexpr std::size_t most_waiting = 256;
constexpr Duration look_every = std::chrono::seconds(5);
constexpr int looks_between_collections = 60;
constexpr int looks_between_tries = 2; ///< to make the default environment

std::string summary(const docker::Packaged& packaged) {
    return packaged.version.environment + " is packaged as version " + packaged.version.name() + ": " +
           format_size(packaged.total_bytes) + ", of which " + format_size(packaged.new_bytes) + " are new" +
           (packaged.rebased ? "; the container stands on it now" : "");
}

proto::EnvironmentView view_of(const docker::EnvironmentEntry& entry, const std::string& default_environment) {
    proto::EnvironmentView view{
        .name = entry.name, .is_default = entry.name == default_environment, .operation = entry.operation};
    if (entry.container)
        view.container =
            proto::ContainerView{entry.container->id, entry.container->image,
                                 std::string(docker::to_string(entry.container->status)), entry.container->status_text};
    for (const oci::VersionInfo& info : entry.versions)
        view.versions.push_back({.version = info.version.name(),
                                 .tarball = info.version.file_name(),
                                 .created_at = from_micros(info.version.stamp * 1'000'000),
                                 .size_bytes = info.size});
    return view;
}

bool waits_for_environment(const sched::Task& task) {
    const sched::Placed* at = sched::placed(task);
    const bool on_its_way = at != nullptr && at->stage == sched::Stage::assigning;
    return on_its_way || std::holds_alternative<sched::Waiting>(task.phase);
}

} // namespace

Environments::Environments(net::Loop& loop, Engine& engine, const config::HostConfig& config, net::Address address)
    : host_(engine)
    , config_(config)
    , client_(std::move(address))
    , store_(config.shared.container_dir)
    , pool_(loop, threads, most_waiting)
    , operations_(loop, pool_, client_, store_,
                  {.default_environment = config.default_container,
                   .versions_kept = config.versions_kept,
                   .needed = [this](const std::string& environment) { return needed_versions(environment); }})
    , group_(loop) {}

net::Task<void> Environments::run() {
    const auto repaired = co_await operations_.repair();
    if (!repaired) log::warn("container environments are not available yet", {{"why", repaired.error().message}});
    co_await refresh_versions();
    bool settled = co_await make_default();
    for (int look = 1;; ++look) {
        co_await net::sleep_for(look_every);
        co_await refresh_versions();
        if (!settled && look % looks_between_tries == 0) settled = co_await make_default_now();
        if (look % looks_between_collections == 0) (void)co_await operations_.collect();
    }
}

/// True when nothing is left to do. An engine that is away and an image that is not there may come later.
net::Task<bool> Environments::make_default() {
    const std::string& name = config_.default_container;
    if (name.empty() || config_.initial_base_image.empty() || host_.state().environments.contains(name)) co_return true;
    const bool answers = co_await engine_answers();
    engine_was_away_ = !answers;
    Work work = [this, name](docker::StepSink sink) { return default_work(name, std::move(sink)); };
    const auto operation = begin("create", name, std::move(work));
    while (!operation->finished) (void)co_await operation->wake.wait(net::no_limit);
    if (!operation->failed) {
        log::info("the default environment was made", {{"environment", name}});
        co_return true;
    }
    if (operation->failed->message != default_problem_)
        log::warn("there is no default environment yet; tasks need --container NULL or an environment of yours",
                  {{"environment", name}, {"image", config_.initial_base_image}, {"why", operation->failed->message}});
    default_problem_ = operation->failed->message;
    co_return false;
}

/// The registry is asked once; after that somebody brings the image, or packages the environment himself.
net::Task<bool> Environments::make_default_now() {
    if (host_.state().environments.contains(config_.default_container)) co_return true;
    const bool answers = co_await engine_answers();
    if (!answers) co_return false;
    const auto image = co_await client_.inspect_image(config_.initial_base_image);
    if (!image && !engine_was_away_) co_return false;
    const bool made = co_await make_default();
    co_return made;
}

net::Task<bool> Environments::engine_answers() {
    const auto info = co_await client_.info();
    co_return info.has_value();
}

net::Task<Result<std::string>> Environments::default_work(std::string name, docker::StepSink sink) {
    const auto made = co_await operations_.make_default(name, config_.initial_base_image, std::move(sink));
    if (!made) co_return fail(made.error());
    co_return "the default environment " + name + " is made from " + config_.initial_base_image;
}

net::Task<void> Environments::refresh_versions() {
    auto read = [store = store_] { return store.list(); };
    auto reading = pool_.run(std::move(read));
    const auto versions = co_await std::move(reading);
    if (!versions) co_return; // the shared folder does not answer: what was known stays
    Versions found;
    for (const oci::Version& version : *versions) found[version.environment].push_back(version.name());
    const bool changed = found != versions_;
    versions_ = std::move(found);
    std::map<std::string, std::string> newest;
    for (const auto& [environment, names] : versions_) newest.emplace(environment, names.front());
    if (newest != host_.state().environments) (void)host_.tell(sched::Environments{std::move(newest)});
    if (changed && on_change) on_change();
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
        // Numbers that grow take the place of those that nobody has read yet, so that the queue stays short.
        if (!operation->said.empty() && operation->said.back().message == progress.message) operation->said.pop_back();
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

std::shared_ptr<Operation> Environments::create(const std::string& image, const std::string& environment) {
    Work work = [this, image, environment](docker::StepSink sink) {
        return create_work(image, environment, std::move(sink));
    };
    return begin("create", environment, std::move(work));
}

std::shared_ptr<Operation> Environments::package(const std::string& environment) {
    Work work = [this, environment](docker::StepSink sink) { return package_work(environment, std::move(sink)); };
    return begin("package", environment, std::move(work));
}

net::Task<Result<std::string>> Environments::import_archive(std::string environment, docker::ChunkSource& source) {
    docker::StepSink sink = [this, environment](const docker::OperationStep& step) {
        if (on_progress)
            on_progress({.operation = "import",
                         .environment = environment,
                         .message = step.message,
                         .done_bytes = step.done,
                         .total_bytes = step.total});
    };
    const auto packaged = co_await operations_.import_archive(environment, source, std::move(sink));
    co_await refresh_versions();
    if (!packaged) co_return fail(packaged.error());
    co_return summary(*packaged);
}

/// Those that tasks insist on and still need to begin.
std::set<std::string> Environments::needed_versions(const std::string& environment) const {
    std::set<std::string> needed;
    for (const auto& [id, task] : host_.state().tasks) {
        const TaskSpec& spec = task.spec();
        if (spec.container_version.empty() || spec.container != environment) continue;
        if (waits_for_environment(task)) needed.insert(spec.container_version);
    }
    return needed;
}

/// Tasks that need this version to begin (or any one of the environment, when it is empty); empty when none does.
std::string Environments::users_of(const std::string& environment, const std::string& version) const {
    const auto newest = host_.state().environments.find(environment);
    const bool is_newest = newest != host_.state().environments.end() && version == newest->second;
    const auto needs_it = [&](const TaskSpec& spec) {
        if (spec.container != environment) return false;
        return version.empty() || (spec.container_version.empty() ? is_newest : spec.container_version == version);
    };
    std::size_t count = 0;
    for (const auto& [id, task] : host_.state().tasks) {
        if (waits_for_environment(task) && needs_it(task.spec())) ++count;
    }
    if (count == 0) return {};
    const bool one = count == 1;
    return (one ? "a task waits" : std::to_string(count) + " tasks wait") + std::string(" to run in ") + environment +
           (one ? "; kill it or let it begin" : "; kill them or let them begin") + ", then delete the version";
}

net::Task<Result<>> Environments::remove_versions(std::string environment, std::string version) {
    if (const std::string users = users_of(environment, version); !users.empty()) co_return fail(Errc::conflict, users);
    auto removing = operations_.remove_versions(std::move(environment), std::move(version));
    auto removed = co_await std::move(removing);
    co_await refresh_versions();
    co_return removed;
}

} // namespace hk::host
