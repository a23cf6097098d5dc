#include "support/fake_engine_parts.hpp"

#include <algorithm>
#include <csignal>

namespace hk::test {

namespace {

bool runs(ContainerStatus status) { return status == ContainerStatus::running || status == ContainerStatus::paused; }

} // namespace

FakeEngine::FakeEngine(net::Loop& loop)
    : loop_(loop)
    , group_(loop) {}
FakeEngine::~FakeEngine() = default;

std::string FakeEngine::fresh_id() { return oci::sha256("fake" + std::to_string(++counter_)).hex(); }

Result<> FakeEngine::reachable() const {
    if (down) return fail(Errc::unavailable, "the container engine does not answer");
    return {};
}

Result<FakeEngine::Container*> FakeEngine::find(const std::string& name) {
    HK_CHECK(reachable());
    for (auto& [id, container] : containers_)
        if (id == name || container->info.name == name) return container.get();
    return fail(Errc::not_found, "No such container: " + name);
}

Result<FakeEngine::Image*> FakeEngine::find_image(const std::string& reference) {
    HK_CHECK(reachable());
    const auto name = parse_image_name(reference);
    for (auto& [id, image] : images_)
        if (id == reference || id == "sha256:" + reference || (name && image.tags.contains(name->text())))
            return &image;
    return fail(Errc::not_found, "No such image: " + reference);
}

std::string FakeEngine::put_image(const std::string& config, std::vector<std::string> layers,
                                  std::map<std::string, std::string> labels) {
    const std::string id = oci::sha256(containerd_store ? "manifest of " + config : config).text();
    images_.try_emplace(id, Image{id, config, std::move(layers), {}, std::move(labels)});
    return id;
}

void FakeEngine::add_image(const std::string& reference, const std::vector<std::string>& layers) {
    const auto id = put_image(image_config(layers, {}), layers, {});
    images_.at(id).tags.insert(parse_image_name(reference)->text());
}

void FakeEngine::add_remote_image(const std::string& reference, std::vector<std::string> layers) {
    remote_[parse_image_name(reference)->text()] = std::move(layers);
}

void FakeEngine::write_layer(const std::string& container, std::string layer) {
    (*find(container))->layer = std::move(layer);
}

const ContainerSpec* FakeEngine::spec_of(const std::string& container) const {
    for (const auto& [id, found] : containers_)
        if (id == container || found->info.name == container) return &found->spec;
    return nullptr;
}

void FakeEngine::tell(const std::string& action, const Container& container) {
    EngineEvent event{"container", action, container.info.id, container.spec.labels};
    event.attributes["name"] = container.info.name;
    if (action == "die") event.attributes["exitCode"] = std::to_string(container.info.exit_code);
    for (Watcher* watcher : watchers_)
        if (has_label(container.spec.labels, watcher->label)) watcher->on_event(event);
}

void FakeEngine::ended(Container& container, int exit_code) {
    container.info.status = ContainerStatus::exited;
    container.info.exit_code = exit_code;
    container.info.finished_at = read_clocks().wall;
    container.info.pid = 0;
    tell("die", container);
    container.changed.notify_all();
}

void FakeEngine::end_container(const std::string& container, int exit_code, bool oom) {
    Container& found = **find(container);
    found.info.oom_killed = oom;
    if (oom) tell("oom", found);
    ended(found, exit_code);
}

Task<Result<EngineInfo>> FakeEngine::info() {
    if (auto up = reachable(); !up) co_return fail(up.error());
    EngineInfo info;
    info.name = "Fake";
    info.version = "1.0";
    info.api_version = "1.41";
    info.storage_driver = "memory";
    info.cgroup_version = 2;
    info.live_restore = true;
    info.containerd_store = containerd_store;
    co_return info;
}

Task<Result<Created>> FakeEngine::create(ContainerSpec spec) {
    const auto image = find_image(spec.image);
    if (!image) co_return fail(image.error());
    if (find(spec.name)) co_return fail(Errc::conflict, "The container name \"/" + spec.name + "\" is already in use");
    for (const BindMount& mount : spec.mounts)
        if (!mount.source.starts_with("/") || !mount.target.starts_with("/"))
            co_return fail(Errc::invalid, "invalid mount path: must be absolute");
    auto container = std::make_shared<Container>();
    container->info.id = fresh_id();
    container->info.name = spec.name;
    container->info.image = spec.image;
    container->info.image_id = (*image)->id;
    container->info.status = ContainerStatus::created;
    container->info.command = spec.command;
    spec.labels.insert((*image)->labels.begin(), (*image)->labels.end()); // those of its own count
    container->info.labels = spec.labels;
    container->spec = std::move(spec);
    tell("create", *container);
    containers_[container->info.id] = container;
    Created created;
    created.id = container->info.id;
    co_return created;
}

Task<Result<>> FakeEngine::start(std::string name) {
    const auto found = find(name);
    if (!found) co_return fail(found.error());
    Container& container = **found;
    if (runs(container.info.status)) co_return Result<>{};
    std::vector<std::string> argv = container.spec.entrypoint;
    argv.insert(argv.end(), container.spec.command.begin(), container.spec.command.end());
    const std::string program = argv.empty() ? "" : argv[0];
    std::optional<int> code;
    if (program == "true") code = 0;
    else if (program == "false") code = 1;
    else if (program == "sh" && argv.size() == 3 && argv[2].starts_with("exit ")) code = std::stoi(argv[2].substr(5));
    else if (programs.contains(program)) code = programs.at(program);
    else if (program != "sleep")
        co_return fail(Errc::invalid, "exec: \"" + program + "\": executable file not found in $PATH");
    container.info.status = ContainerStatus::running;
    container.info.started_at = read_clocks().wall;
    container.info.finished_at.reset();
    container.info.exit_code = 0;
    container.info.pid = 1000 + ++counter_;
    tell("start", container);
    if (code) ended(container, *code);
    co_return Result<>{};
}

Task<Result<int>> FakeEngine::wait(std::string name) {
    const auto found = find(name);
    if (!found) co_return fail(found.error());
    const auto container = containers_.at((*found)->info.id);
    while (runs(container->info.status)) {
        (void)co_await container->changed.wait(std::chrono::milliseconds{100});
        if (down) co_return fail(Errc::unavailable, "the container engine has gone away");
    }
    co_return container->info.exit_code;
}

Task<Result<ContainerInfo>> FakeEngine::inspect(std::string name) {
    const auto found = find(name);
    if (!found) co_return fail(found.error());
    ContainerInfo info = (*found)->info;
    for (int i = 0; i < (*found)->sessions; ++i) info.exec_ids.push_back("session" + std::to_string(i));
    co_return info;
}

Task<Result<std::vector<ContainerInfo>>> FakeEngine::list(std::string label) {
    if (auto up = reachable(); !up) co_return fail(up.error());
    std::vector<ContainerInfo> list;
    for (const auto& [id, container] : containers_)
        if (has_label(container->spec.labels, label)) list.push_back(container->info);
    co_return list;
}

Task<Result<>> FakeEngine::kill(std::string name, int signal) {
    const auto found = find(name);
    if (!found) co_return fail(found.error());
    if (!runs((*found)->info.status)) co_return fail(Errc::conflict, "Container " + name + " is not running");
    const bool has_handler = (*found)->spec.init; // a bare PID 1 ignores what it does not handle
    if (signal == SIGKILL || has_handler) ended(**found, 128 + signal);
    co_return Result<>{};
}

Task<Result<>> FakeEngine::stop(std::string name, Duration grace) {
    const auto found = find(name);
    if (!found) co_return fail(found.error());
    (void)grace;
    if (runs((*found)->info.status)) ended(**found, (*found)->spec.init ? 143 : 137);
    co_return Result<>{};
}

Task<Result<>> FakeEngine::pause(std::string name) {
    const auto found = find(name);
    if (!found) co_return fail(found.error());
    if ((*found)->info.status != ContainerStatus::running)
        co_return fail(Errc::conflict, "Container " + name + " is not running or paused already");
    (*found)->info.status = ContainerStatus::paused;
    co_return Result<>{};
}

Task<Result<>> FakeEngine::unpause(std::string name) {
    const auto found = find(name);
    if (!found) co_return fail(found.error());
    if ((*found)->info.status != ContainerStatus::paused)
        co_return fail(Errc::conflict, "Container " + name + " is not paused");
    (*found)->info.status = ContainerStatus::running;
    co_return Result<>{};
}

Task<Result<>> FakeEngine::rename(std::string container, std::string name) {
    const auto found = find(container);
    if (!found) co_return fail(found.error());
    if (find(name)) co_return fail(Errc::conflict, "The container name \"/" + name + "\" is already in use");
    (*found)->info.name = name;
    co_return Result<>{};
}

Task<Result<>> FakeEngine::remove(std::string name, bool force) {
    const auto found = find(name);
    if (!found) co_return fail(found.error());
    if (runs((*found)->info.status)) {
        if (!force) co_return fail(Errc::conflict, "You cannot remove a running container " + name);
        ended(**found, 137);
    }
    const auto kept = containers_.at((*found)->info.id);
    containers_.erase(kept->info.id);
    tell("destroy", *kept);
    co_return Result<>{};
}

Task<Result<int>> FakeEngine::count_processes(std::string name) {
    const auto found = find(name);
    if (!found) co_return fail(found.error());
    if (!runs((*found)->info.status)) co_return fail(Errc::conflict, "Container " + name + " is not running");
    co_return 1 + ((*found)->spec.init ? 1 : 0) + (*found)->sessions;
}

Task<Result<std::string>> FakeEngine::create_exec(std::string name, ExecSpec spec) {
    const auto found = find(name);
    if (!found) co_return fail(found.error());
    if ((*found)->info.status != ContainerStatus::running)
        co_return fail(Errc::conflict, "Container " + name + " is not running");
    const std::string id = fresh_id();
    execs_[id] = std::make_shared<Exec>((*found)->info.id, std::move(spec));
    co_return id;
}

/// A script that signals shells by the mark in their environment: sh -c SCRIPT sh MARK SIGNAL SPARED.
bool FakeEngine::run_script(const Exec& script) {
    const auto& words = script.spec.argv;
    if (words.size() != 7 || !words[2].contains("HAKURIVER_TERMINAL=")) return false;
    const auto marked = [&](const Exec& exec, const std::string& mark) {
        const auto begins = [&](const std::string& each) { return each.starts_with("HAKURIVER_TERMINAL=" + mark); };
        return std::ranges::any_of(exec.spec.env, begins);
    };
    for (auto& [id, exec] : execs_) {
        if (exec->container != script.container || !exec->started || exec->exit_code) continue;
        if (!marked(*exec, words[4]) || marked(*exec, words[6])) continue;
        if (deaf && words[5] == "HUP") continue;
        exec->exit_code = words[5] == "HUP" ? 129 : 137;
        exec->signalled.notify_all();
    }
    return true;
}

Task<void> FakeEngine::run_shell(std::shared_ptr<Exec> exec, net::StreamPtr stream) {
    std::string line;
    char buffer[256];
    while (!exec->exit_code) {
        const auto got = co_await stream->read_some(buffer, net::no_limit);
        if (!got || *got == 0) { // nobody holds its terminal any more: it goes on
            while (!exec->exit_code) (void)co_await exec->signalled.wait(net::no_limit);
            break;
        }
        line.append(buffer, *got);
        const std::string_view echo(buffer, *got);
        (void)co_await stream->write_all(echo, net::no_limit);
        if (line.ends_with('\n') && line.starts_with("exit ")) exec->exit_code = std::stoi(line.substr(5));
        if (line.ends_with('\n')) line.clear();
    }
    if (const auto container = containers_.find(exec->container); container != containers_.end())
        --container->second->sessions;
    stream->close();
}

Task<Result<net::StreamPtr>> FakeEngine::start_exec(std::string id, bool terminal) {
    (void)terminal;
    const auto exec = execs_.find(id);
    if (exec == execs_.end()) co_return fail(Errc::not_found, "No such exec instance: " + id);
    if (starts_no_exec) co_return fail(Errc::io, "it cannot be started");
    if (exec->second->started) co_return fail(Errc::conflict, "exec " + id + " is already running");
    exec->second->started = true;
    auto [ours, theirs] = net::memory_pair();
    if (run_script(*exec->second)) {
        exec->second->exit_code = 0;
        ours->close();
        co_return std::move(theirs);
    }
    ++containers_.at(exec->second->container)->sessions;
    group_.spawn(run_shell(exec->second, std::move(ours)));
    co_return std::move(theirs);
}

Task<Result<>> FakeEngine::resize_exec(std::string id, int rows, int columns) {
    if (!execs_.contains(id)) co_return fail(Errc::not_found, "No such exec instance: " + id);
    sizes.emplace_back(rows, columns);
    co_return Result<>{};
}

Task<Result<ExecInfo>> FakeEngine::inspect_exec(std::string id) {
    const auto exec = execs_.find(id);
    if (exec == execs_.end()) co_return fail(Errc::not_found, "No such exec instance: " + id);
    co_return ExecInfo{exec->second->started && !exec->second->exit_code, exec->second->exit_code};
}

Task<Result<>> FakeEngine::watch(std::string label, std::function<void(const EngineEvent&)> on_event) {
    if (auto up = reachable(); !up) co_return up;
    Watcher watcher{std::move(label), std::move(on_event)};
    struct Enlisted {
        std::set<Watcher*>& set;
        Watcher* me;
        Enlisted(std::set<Watcher*>& where, Watcher* who)
            : set(where)
            , me(who) {
            set.insert(me);
        }
        ~Enlisted() { set.erase(me); }
    } enlisted(watchers_, &watcher);
    while (!down) co_await net::sleep_for(std::chrono::milliseconds{20});
    co_return fail(Errc::unavailable, "the container engine has gone away");
}

} // namespace hk::test
