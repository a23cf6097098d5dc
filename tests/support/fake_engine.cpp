#include "support/fake_engine.hpp"

#include "oci/image.hpp"
#include "oci/tar.hpp"
#include "support/image_archive.hpp"

#include <algorithm>
#include <csignal>

namespace hk::test {

using namespace hk::docker;
using hk::net::Task;

struct FakeEngine::Container {
    ContainerInfo info;
    ContainerSpec spec;
    std::string layer;
    net::Signal changed;
    int sessions = 0;
};

struct FakeEngine::Image {
    std::string id;
    std::string config;
    std::vector<std::string> layers;
    std::set<std::string> tags;
    std::map<std::string, std::string> labels;
};

struct FakeEngine::Exec {
    std::string container;
    ExecSpec spec;
    std::optional<int> exit_code;
    bool started = false;
};

struct FakeEngine::Watcher {
    std::string label;
    std::function<void(const EngineEvent&)> on_event;
};

namespace {

std::string image_config(const std::vector<std::string>& layers, const std::map<std::string, std::string>& labels) {
    std::string comment;
    for (const auto& [key, value] : labels) comment += key + "=" + value + ";";
    return make_config(layers, oci::sha256(comment).hex()); // labels may hold what JSON must escape
}

struct Archive : oci::TarSink {
    std::map<std::string, std::string> members;
    std::string current;
    Result<> on_begin(const oci::TarEntry& entry) override {
        current = entry.path;
        if (entry.type == oci::TarType::file) members[current].clear();
        return {};
    }
    Result<> on_data(std::string_view bytes) override {
        members[current] += bytes;
        return {};
    }
    Result<> on_end() override { return {}; }
};

/// "NAME" or "NAME=VALUE".
bool has_label(const std::map<std::string, std::string>& labels, const std::string& wanted) {
    if (wanted.empty()) return true;
    const auto equals = wanted.find('=');
    const auto found = labels.find(wanted.substr(0, equals));
    return found != labels.end() && (equals == std::string::npos || found->second == wanted.substr(equals + 1));
}

bool runs(ContainerStatus status) { return status == ContainerStatus::running || status == ContainerStatus::paused; }

} // namespace

FakeEngine::FakeEngine(net::Loop& loop) : loop_(loop), group_(loop) {}
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
        if (id == reference || id == "sha256:" + reference || (name && image.tags.contains(name->text()))) return &image;
    return fail(Errc::not_found, "No such image: " + reference);
}

std::string FakeEngine::put_image(const std::string& config, std::vector<std::string> layers,
                                  std::map<std::string, std::string> labels) {
    const std::string id = oci::sha256(config).text();
    images_.try_emplace(id, Image{id, config, std::move(layers), {}, std::move(labels)});
    return id;
}

void FakeEngine::add_image(const std::string& reference, std::vector<std::string> layers) {
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
    else if (program != "sleep") co_return fail(Errc::invalid, "exec: \"" + program + "\": executable file not found in $PATH");
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
    execs_[id] = std::make_shared<Exec>(Exec{(*found)->info.id, std::move(spec), {}, false});
    co_return id;
}

Task<void> FakeEngine::run_shell(std::shared_ptr<Exec> exec, net::StreamPtr stream) {
    std::string line;
    char buffer[256];
    while (!exec->exit_code) {
        const auto got = co_await stream->read_some(buffer, net::no_limit);
        if (!got || *got == 0) {
            exec->exit_code = 129;
            break;
        }
        line.append(buffer, *got);
        (void)co_await stream->write_all({buffer, *got}, net::no_limit);
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
    if (exec->second->started) co_return fail(Errc::conflict, "exec " + id + " is already running");
    exec->second->started = true;
    ++containers_.at(exec->second->container)->sessions;
    auto [ours, theirs] = net::memory_pair();
    group_.spawn(run_shell(exec->second, std::move(ours)));
    co_return std::move(theirs);
}

Task<Result<>> FakeEngine::resize_exec(std::string id, int, int) {
    if (!execs_.contains(id)) co_return fail(Errc::not_found, "No such exec instance: " + id);
    co_return Result<>{};
}

Task<Result<ExecInfo>> FakeEngine::inspect_exec(std::string id) {
    const auto exec = execs_.find(id);
    if (exec == execs_.end()) co_return fail(Errc::not_found, "No such exec instance: " + id);
    co_return ExecInfo{exec->second->started && !exec->second->exit_code, exec->second->exit_code};
}

Task<Result<std::string>> FakeEngine::commit(CommitSpec spec) {
    const auto found = find(spec.container);
    if (!found) co_return fail(found.error());
    const Image& base = images_.at((*found)->info.image_id);
    auto layers = base.layers;
    if (!(*found)->layer.empty()) layers.push_back((*found)->layer); // nothing changed: no layer
    auto labels = base.labels;
    for (const auto& [key, value] : spec.labels) labels[key] = value;
    const std::string id = put_image(image_config(layers, labels) + " ", layers, labels);
    if (!spec.repository.empty()) {
        const std::string name = spec.repository + ":" + spec.tag;
        for (auto& [other, image] : images_) image.tags.erase(name);
        images_.at(id).tags.insert(name);
    }
    co_return id;
}

Task<Result<ImageInfo>> FakeEngine::inspect_image(std::string reference) {
    const auto image = find_image(reference);
    if (!image) co_return fail(image.error());
    ImageInfo info;
    info.id = (*image)->id;
    info.tags = {(*image)->tags.begin(), (*image)->tags.end()};
    for (const auto& layer : (*image)->layers) {
        info.diff_ids.push_back(oci::sha256(layer));
        info.size += Bytes{static_cast<std::int64_t>(layer.size())};
    }
    info.command = {"sh"};
    info.labels = (*image)->labels;
    co_return info;
}

Task<Result<std::vector<ImageSummary>>> FakeEngine::list_images(std::string label) {
    if (auto up = reachable(); !up) co_return fail(up.error());
    std::vector<ImageSummary> list;
    for (const auto& [id, image] : images_)
        if (has_label(image.labels, label))
            list.push_back({id, {image.tags.begin(), image.tags.end()}, image.labels, {}});
    co_return list;
}

Task<Result<>> FakeEngine::save_image(std::string reference, ChunkSink& sink) {
    const auto image = find_image(reference);
    if (!image) co_return fail(image.error());
    std::string archive, list;
    for (const auto& layer : (*image)->layers) {
        const std::string name = oci::sha256(layer).hex() + "/layer.tar";
        archive += tar_member(name, layer);
        list += (list.empty() ? "\"" : ",\"") + name + "\"";
    }
    const std::string config_name = (*image)->id.substr(7) + ".json";
    archive += tar_member(config_name, (*image)->config);
    archive += tar_member("manifest.json", R"([{"Config":")" + config_name + R"(","Layers":[)" + list + "]}]") + oci::tar_end();
    for (std::size_t at = 0; at < archive.size(); at += 60'000) {
        std::string chunk = archive.substr(at, 60'000);
        saved += Bytes{static_cast<std::int64_t>(chunk.size())};
        auto written = co_await sink.write(std::move(chunk));
        if (!written) co_return written;
        if (auto up = reachable(); !up) co_return up;
    }
    co_return Result<>{};
}

Task<Result<std::string>> FakeEngine::load_image(ChunkSource& source) {
    if (auto up = reachable(); !up) co_return fail(up.error());
    ++loads;
    Archive archive;
    oci::TarParser parser(archive);
    for (;;) {
        auto chunk = co_await source.next();
        if (!chunk) co_return fail(chunk.error());
        if (auto up = reachable(); !up) co_return fail(up.error());
        if (chunk->empty()) break;
        loaded += Bytes{static_cast<std::int64_t>(chunk->size())};
        if (auto fed = parser.feed(*chunk); !fed) co_return fail(Errc::unavailable, "unexpected EOF");
    }
    if (!archive.members.contains("manifest.json")) co_return fail(Errc::unavailable, "no manifest.json");
    const auto manifest = oci::parse_manifest(archive.members["manifest.json"]);
    if (!manifest) co_return fail(Errc::unavailable, manifest.error().message);
    const std::string config = archive.members[manifest->config_path];
    const auto diff_ids = oci::diff_ids_of(config);
    if (!diff_ids) co_return fail(Errc::unavailable, diff_ids.error().message);
    std::vector<std::string> layers;
    for (std::size_t i = 0; i < diff_ids->size(); ++i) {
        std::string layer;
        // A layer counts as present when some image has the same chain of layers up to it.
        for (const auto& [id, image] : images_)
            if (!refuses_thin && image.layers.size() > i && std::equal(layers.begin(), layers.end(), image.layers.begin()) &&
                oci::sha256(image.layers[i]) == (*diff_ids)[i])
                layer = image.layers[i];
        if (layer.empty()) {
            if (!archive.members.contains(manifest->layer_paths[i]))
                co_return fail(Errc::unavailable, "open " + manifest->layer_paths[i] + ": no such file or directory");
            layer = archive.members[manifest->layer_paths[i]];
        }
        if (oci::sha256(layer) != (*diff_ids)[i]) co_return fail(Errc::unavailable, "invalid diffID for layer");
        layers.push_back(std::move(layer));
    }
    co_return "Loaded image ID: " + put_image(config, std::move(layers), {});
}

Task<Result<>> FakeEngine::tag(std::string reference, std::string repository, std::string tag) {
    const auto image = find_image(reference);
    if (!image) co_return fail(image.error());
    const auto name = parse_image_name(repository + ":" + tag);
    if (!name) co_return fail(name.error());
    for (auto& [id, other] : images_) other.tags.erase(name->text());
    (*image)->tags.insert(name->text());
    co_return Result<>{};
}

Task<Result<>> FakeEngine::remove_image(std::string reference) {
    const auto image = find_image(reference);
    if (!image) co_return fail(image.error());
    const auto name = parse_image_name(reference);
    if (name && (*image)->tags.erase(name->text()) > 0 && !(*image)->tags.empty()) co_return Result<>{};
    if (!(*image)->tags.empty()) co_return fail(Errc::conflict, "image is referenced in multiple repositories");
    for (const auto& [id, container] : containers_)
        if (container->info.image_id == (*image)->id) {
            if (name && !reference.starts_with("sha256:")) co_return Result<>{}; // untagged only
            co_return fail(Errc::conflict, "image is being used by container " + id);
        }
    images_.erase((*image)->id);
    co_return Result<>{};
}

Task<Result<>> FakeEngine::prune_images(std::string label) {
    if (auto up = reachable(); !up) co_return up;
    std::erase_if(images_, [&](const auto& item) {
        const Image& image = item.second;
        const bool used = std::ranges::any_of(
            containers_, [&](const auto& entry) { return entry.second->info.image_id == image.id; });
        return image.tags.empty() && has_label(image.labels, label) && !used;
    });
    co_return Result<>{};
}

Task<Result<>> FakeEngine::pull(ImageName name, TransferProgress progress) {
    if (auto up = reachable(); !up) co_return up;
    const auto found = remote_.find(name.text());
    if (found == remote_.end()) co_return fail(Errc::not_found, "manifest for " + name.text() + " not found");
    if (progress) progress({"layer", "Downloading", Bytes{1}, Bytes{2}});
    add_image(name.text(), found->second);
    co_return Result<>{};
}

Task<Result<>> FakeEngine::push(std::string repository, std::string, TransferProgress) {
    co_return fail(Errc::unavailable, "no route to the registry of " + repository);
}

Task<Result<>> FakeEngine::watch(std::string label, std::function<void(const EngineEvent&)> on_event) {
    if (auto up = reachable(); !up) co_return up;
    Watcher watcher{std::move(label), std::move(on_event)};
    struct Enlisted {
        std::set<Watcher*>& set;
        Watcher* me;
        Enlisted(std::set<Watcher*>& where, Watcher* who) : set(where), me(who) { set.insert(me); }
        ~Enlisted() { set.erase(me); }
    } enlisted(watchers_, &watcher);
    while (!down) co_await net::sleep_for(std::chrono::milliseconds{20});
    co_return fail(Errc::unavailable, "the container engine has gone away");
}

} // namespace hk::test
