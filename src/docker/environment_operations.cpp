#include "docker/environment_operations.hpp"

#include "base/log.hpp"
#include "model/ids.hpp"

#include <algorithm>

namespace hk::docker {

using namespace std::chrono_literals;

namespace {

/// "sleep infinity": one word in an engine's lists, two where it is inspected.
bool sleeps_for_ever(const std::vector<std::string>& command) {
    std::string words;
    for (const std::string& word : command) words += (words.empty() ? "" : " ") + word;
    return words == "sleep infinity";
}

/// A container inherits the labels of its image, so that of a task has an environment's label too; but an environment's
/// own container is called as the label says. Those made before there was a label sleep for ever.
bool looks_like_environment(const ContainerInfo& container) {
    const auto label = container.labels.find(environment_label);
    if (label != container.labels.end()) return label->second == container.name;
    return sleeps_for_ever(container.command) && parse_environment_name(container.name);
}

Error not_ours(const std::string& name) {
    return {Errc::conflict,
            "the container " + name +
                " on the Host was not made by HakuRiver, which leaves it alone; for an environment of what "
                "is in it: docker commit " +
                name + " IMAGE, then hakuriver.docker create-container IMAGE ENV with another name",
            {}};
}

} // namespace

/// Keeps others away from an environment while something is being done to it.
class EnvironmentOperations::Hold {
public:
    Hold(EnvironmentOperations& owner, std::string environment)
        : owner_(owner)
        , environment_(std::move(environment)) {}
    Hold(const Hold&) = delete;
    Hold& operator=(const Hold&) = delete;
    ~Hold() { owner_.operations_.erase(environment_); }

private:
    EnvironmentOperations& owner_;
    std::string environment_;
};

EnvironmentOperations::EnvironmentOperations(net::Loop& loop, net::Pool& pool, Engine& engine,
                                             oci::EnvironmentStore store, EnvironmentSettings settings)
    : loop_(loop)
    , pool_(pool)
    , engine_(engine)
    , store_(std::move(store))
    , settings_(std::move(settings))
    , group_(loop) {}

std::string EnvironmentOperations::operation(const std::string& environment) const {
    const auto found = operations_.find(environment);
    return found == operations_.end() ? std::string() : found->second;
}

Result<std::shared_ptr<EnvironmentOperations::Hold>> EnvironmentOperations::hold(const std::string& environment,
                                                                                 std::string doing) {
    HK_TRY(const auto name, parse_environment_name(environment));
    const auto [at, inserted] = operations_.emplace(name, std::move(doing));
    if (!inserted)
        return fail(Errc::conflict,
                    "the environment " + name + " is busy (" + at->second + "); try again when that is done");
    return std::make_shared<Hold>(*this, name);
}

/// Engines find a container also by the beginning of its id, which an environment's name may well be.
net::Task<Result<ContainerInfo>> EnvironmentOperations::by_name(std::string name) {
    auto container = co_await engine_.inspect(name);
    if (container && container->name != name) co_return fail(Errc::not_found, "there is no container " + name);
    co_return container;
}

net::Task<Result<ContainerInfo>> EnvironmentOperations::find(std::string environment) {
    auto container = co_await by_name(environment);
    if (container && !looks_like_environment(*container)) co_return fail(not_ours(environment));
    if (!container && container.error().code == Errc::not_found)
        co_return fail(Errc::not_found, "there is no container " + environment +
                                            " on the Host; make one with hakuriver.docker create-container IMAGE " +
                                            environment);
    co_return container;
}

ContainerSpec EnvironmentOperations::container_spec(const std::string& environment, const std::string& image) const {
    ContainerSpec spec;
    spec.name = environment;
    spec.image = image;
    spec.entrypoint = {"sleep"};
    spec.command = {"infinity"};
    spec.labels = {{environment_label, environment}};
    spec.network = settings_.network;
    spec.init = true; // ends at once when it is stopped, and reaps what shells leave
    return spec;
}

net::Task<Result<>> EnvironmentOperations::repair() {
    auto prepare = [store = store_] { return store.prepare(); };
    const auto prepared = co_await pool_.run(std::move(prepare));
    if (!prepared) co_return prepared;
    const auto labelled = co_await engine_.list(environment_label);
    if (!labelled) co_return fail(labelled.error());
    for (const ContainerInfo& container : *labelled) {
        const std::string environment = container.labels.at(environment_label);
        if (container.name == next_name(environment)) co_await finish_rebase(environment, container);
        else if (container.name == environment && container.status == ContainerStatus::paused)
            (void)co_await engine_.unpause(container.id); // the Host ended while it was committed
    }
    co_return Result<>{};
}

net::Task<void> EnvironmentOperations::finish_rebase(std::string environment, ContainerInfo next) {
    const auto old = co_await by_name(environment);
    if (old) {
        (void)co_await engine_.remove(next.id, true);
    } else if (old.error().code == Errc::not_found) {
        log::warn("a re-base that was interrupted is finished", {{"environment", environment}});
        (void)co_await engine_.rename(next.id, environment);
    }
}

net::Task<EnvironmentOverview> EnvironmentOperations::overview() {
    EnvironmentOverview overview;
    std::map<std::string, EnvironmentEntry> entries;
    auto read = [store = store_]() -> Result<std::vector<oci::VersionInfo>> {
        HK_TRY(const auto versions, store.list());
        std::vector<oci::VersionInfo> infos;
        for (const auto& version : versions) infos.push_back(store.inspect(version));
        return infos;
    };
    const auto versions = co_await pool_.run(std::move(read));
    if (!versions) overview.problem = versions.error().message;
    else
        for (const auto& info : *versions) entries[info.version.environment].versions.push_back(info);
    const auto info = co_await engine_.info();
    if (info) overview.engine = info->text();
    else overview.problem = info.error().message;
    const auto containers = co_await engine_.list("");
    if (containers)
        for (const auto& container : *containers)
            if (looks_like_environment(container)) entries[container.name].container = container;
    for (const auto& [name, doing] : operations_) entries[name].operation = doing;
    for (auto& [name, entry] : entries) {
        entry.name = name;
        overview.environments.push_back(std::move(entry));
    }
    co_return overview;
}

net::Task<Result<>> EnvironmentOperations::need_image(ImageName image, StepSink progress) {
    const std::string name = image.text();
    const auto here = co_await engine_.inspect_image(name);
    if (here) co_return Result<>{};
    if (here.error().code != Errc::not_found) co_return fail(here.error());
    if (const std::string own = environment_repository(""); image.repository.starts_with(own)) {
        auto loaded = co_await load_own(image.repository.substr(own.size()), progress);
        co_return loaded;
    }
    progress({"pulling " + name, {}, {}});
    std::map<std::string, TransferStep> layers;
    auto on_step = [&layers, &progress, &name](const TransferStep& step) {
        if (!step.total || step.status != "Downloading") return;
        layers[step.layer] = step;
        OperationStep sum{"pulling " + name, Bytes{}, Bytes{}};
        for (const auto& [id, layer] : layers) {
            *sum.done += layer.done.value_or(Bytes{});
            *sum.total += *layer.total;
        }
        progress(sum);
    };
    const auto pulled = co_await engine_.pull(image, std::move(on_step));
    if (pulled) co_return Result<>{};
    co_return fail(pulled.error().code, "the image " + name +
                                            " is not on the Host and could not be pulled; check its name, or "
                                            "bring it with docker load (" +
                                            pulled.error().message + ")");
}

net::Task<Result<>> EnvironmentOperations::create(std::string image, std::string environment, StepSink progress) {
    const auto held = hold(environment, "being created");
    if (!held) co_return fail(held.error());
    const auto name = parse_image_name(image);
    if (!name) co_return fail(name.error());
    const auto existing = co_await by_name(environment);
    if (existing && !looks_like_environment(*existing)) co_return fail(not_ours(environment));
    if (existing)
        co_return fail(Errc::conflict, "the container " + environment +
                                           " exists already; open it with hakuriver.docker-shell " + environment +
                                           " or delete it first");
    if (existing.error().code != Errc::not_found) co_return fail(existing.error());
    auto there = co_await need_image(*name, progress);
    if (!there) co_return there;
    progress({"starting the container " + environment, {}, {}});
    ContainerSpec spec = container_spec(environment, name->text());
    const auto created = co_await engine_.create(std::move(spec));
    if (!created) co_return fail(created.error());
    auto started = co_await engine_.start(created->id);
    if (!started) (void)co_await engine_.remove(created->id, true);
    co_return started;
}

net::Task<Result<>> EnvironmentOperations::start(std::string environment) {
    const auto held = hold(environment, "being started");
    if (!held) co_return fail(held.error());
    const auto container = co_await find(environment);
    if (!container) co_return fail(container.error());
    if (container->status == ContainerStatus::paused) {
        auto resumed = co_await engine_.unpause(container->id);
        co_return resumed;
    }
    auto started = co_await engine_.start(container->id);
    co_return started;
}

net::Task<Result<>> EnvironmentOperations::stop(std::string environment) {
    const auto held = hold(environment, "being stopped");
    if (!held) co_return fail(held.error());
    const auto container = co_await find(environment);
    if (!container) co_return fail(container.error());
    auto stopped = co_await engine_.stop(container->id, 3s);
    co_return stopped;
}

net::Task<Result<ContainerInfo>> EnvironmentOperations::running(std::string environment) {
    auto container = co_await find(environment);
    if (container && container->status != ContainerStatus::running)
        co_return fail(Errc::conflict, "the container " + environment +
                                           " is not running; start it with hakuriver.docker start-container " +
                                           environment);
    co_return container;
}

net::Task<Result<>> EnvironmentOperations::remove(std::string environment) {
    const auto held = hold(environment, "being deleted");
    if (!held) co_return fail(held.error());
    const auto container = co_await find(environment);
    if (!container) co_return fail(container.error());
    if (!container->exec_ids.empty())
        co_return fail(Errc::conflict,
                       "somebody has a shell in " + environment + "; close it before you delete the container");
    auto removed = co_await engine_.remove(container->id, true);
    if (removed) co_await drop_image(environment);
    co_return removed;
}

/// The image goes with the last of what it was for; an engine whose tasks still run in it keeps it until it is asked
/// again.
net::Task<void> EnvironmentOperations::drop_image(std::string environment) {
    auto look = [store = store_, environment] { return store.newest(environment); };
    const auto newest = co_await pool_.run(std::move(look));
    if (!newest || *newest) co_return; // not known, or there is a version that runners use
    const auto container = co_await by_name(environment);
    if (container || container.error().code != Errc::not_found) co_return;
    (void)co_await engine_.remove_image(environment_image(environment));
    (void)co_await engine_.prune_images(environment_label);
}

net::Task<Result<>> EnvironmentOperations::remove_versions(std::string environment, std::string version) {
    const auto held = hold(environment, "a version is being deleted");
    if (!held) co_return fail(held.error());
    auto work = [store = store_, environment, version]() -> Result<> {
        HK_TRY(const auto all, store.list());
        int removed = 0;
        for (const auto& each : all) {
            if (each.environment != environment || (!version.empty() && each.name() != version)) continue;
            HK_CHECK(store.remove(each));
            ++removed;
        }
        if (removed > 0) return {};
        return fail(Errc::not_found,
                    "the environment " + environment + " has no version" + (version.empty() ? "" : " " + version));
    };
    auto done = co_await pool_.run(std::move(work));
    if (!done) co_return done;
    co_await drop_image(environment);
    (void)co_await collect();
    co_return done;
}

net::Task<Result<oci::Collected>> EnvironmentOperations::collect() {
    auto work = [store = store_] { return store.collect(); };
    auto collected = co_await pool_.run(std::move(work));
    co_return collected;
}

net::Task<Result<>> EnvironmentOperations::make_default(std::string environment, std::string image, StepSink progress) {
    auto look = [store = store_, environment] { return store.newest(environment); };
    const auto newest = co_await pool_.run(std::move(look));
    if (!newest) co_return fail(newest.error());
    if (*newest) co_return Result<>{};
    const auto container = co_await by_name(environment);
    if (!container) {
        auto created = co_await create(image, environment, progress);
        if (!created) co_return created;
    }
    auto packaged = co_await package(environment, progress);
    if (!packaged) co_return fail(packaged.error());
    co_return Result<>{};
}

} // namespace hk::docker
