#include "base/log.hpp"
#include "docker/environment_operations.hpp"
#include "docker/layer_receiver.hpp"
#include "oci/load_stream.hpp"

#include <algorithm>

namespace hk::docker {

using namespace std::chrono_literals;

namespace {

/// Engines refuse images of more than about 125 layers.
constexpr std::size_t most_layers = 120;
/// PID 1 of the engine and our sleep: more than these means that somebody is at work.
constexpr int idle_processes = 2;
constexpr std::size_t chunk_size = 1 << 20;

/// Reads an archive on the pool, piece by piece.
class StoredArchive final : public ChunkSource {
public:
    StoredArchive(net::Pool& pool, oci::StoredImage image, StepSink progress, std::string message)
        : pool_(pool)
        , stream_(std::make_shared<oci::LoadStream>(std::move(image), 0))
        , progress_(std::move(progress))
        , message_(std::move(message)) {}
    net::Task<Result<std::string>> next() override {
        auto job = [stream = stream_]() -> Result<std::string> {
            std::string chunk(chunk_size, '\0');
            HK_TRY(const auto got, stream->read(chunk));
            chunk.resize(got);
            return chunk;
        };
        auto chunk = co_await pool_.run(std::move(job));
        if (chunk) done_ += Bytes{static_cast<std::int64_t>(chunk->size())};
        if (progress_) progress_({message_, done_, stream_->total()});
        co_return chunk;
    }

private:
    net::Pool& pool_;
    std::shared_ptr<oci::LoadStream> stream_;
    StepSink progress_;
    std::string message_;
    Bytes done_;
};

/// Moves a source into a sink.
net::Task<Result<>> copy(ChunkSource& source, ChunkSink& sink) {
    for (;;) {
        auto chunk = co_await source.next();
        if (!chunk) co_return fail(chunk.error());
        if (chunk->empty()) co_return Result<>{};
        auto written = co_await sink.write(std::move(*chunk));
        if (!written) co_return written;
    }
}

} // namespace

struct EnvironmentOperations::Commit {
    std::string image;
    bool rebased = false;
};

/// Lives as long as a job of the pool works on it, whatever becomes of the caller.
struct EnvironmentOperations::IntakeState {
    oci::EnvironmentStore store;
    oci::Intake intake;
    IntakeState(oci::EnvironmentStore s, const std::vector<oci::Digest>& expected)
        : store(std::move(s))
        , intake(store.layers(), expected) {}
};

class EnvironmentOperations::IntakeSink final : public ChunkSink {
public:
    IntakeSink(net::Pool& pool, std::shared_ptr<IntakeState> state, StepSink progress, Bytes total)
        : pool_(pool)
        , state_(std::move(state))
        , progress_(std::move(progress))
        , total_(total) {}
    net::Task<Result<>> write(std::string chunk) override {
        done_ += Bytes{static_cast<std::int64_t>(chunk.size())};
        pending_ += chunk;
        if (pending_.size() < chunk_size) co_return Result<>{}; // a trip to the pool for each little piece costs more
        auto flushed = co_await flush();
        co_return flushed;
    }
    net::Task<Result<>> flush() {
        auto job = [state = state_, bytes = std::exchange(pending_, {})]() -> Result<> {
            return state->intake.feed(bytes);
        };
        auto fed = co_await pool_.run(std::move(job));
        std::optional<Bytes> total;
        if (total_.value > 0) total = std::max(total_, done_);
        if (progress_) progress_({"reading the image", done_, total});
        co_return fed;
    }

private:
    net::Pool& pool_;
    std::shared_ptr<IntakeState> state_;
    StepSink progress_;
    Bytes done_, total_;
    std::string pending_;
};

net::Task<bool> EnvironmentOperations::nobody_uses(const ContainerInfo& container) {
    if (container.mount_count > 0) co_return false; // a volume's content is in no layer
    if (container.status == ContainerStatus::exited || container.status == ContainerStatus::created) co_return true;
    if (container.status != ContainerStatus::running || !container.exec_ids.empty()) co_return false;
    const auto processes = co_await engine_.count_processes(container.id);
    co_return processes && *processes <= idle_processes;
}

net::Task<Result<std::string>> EnvironmentOperations::commit_image(std::string environment, std::string container,
                                                                   bool pause) {
    CommitSpec spec;
    spec.container = container;
    spec.repository = environment_repository(environment);
    spec.tag = environment_tag;
    spec.pause = pause;
    spec.labels = {{environment_label, environment}};
    auto image = co_await engine_.commit(std::move(spec));
    co_return image;
}

/// Commits the container; when nobody uses it, it stands still from before the commit until it stands on the new image,
/// so that nothing written in between is lost.
net::Task<Result<EnvironmentOperations::Commit>> EnvironmentOperations::commit(std::string environment,
                                                                               ContainerInfo container) {
    const bool running = container.status == ContainerStatus::running;
    bool idle = co_await nobody_uses(container);
    if (idle && running) {
        const auto paused = co_await engine_.pause(container.id);
        idle = paused.has_value();
    }
    const bool frozen = idle && running;
    auto image = co_await commit_image(environment, container.id, running && !frozen);
    Commit result;
    if (image && idle) result.rebased = co_await rebase(environment, container);
    if (frozen && !result.rebased) (void)co_await engine_.unpause(container.id);
    if (!image) co_return fail(image.error());
    result.image = *image;
    co_return result;
}

/// Replaces the container by one on its own committed image: its changes are a layer now, and the next commit holds
/// only what comes after. The old one goes last, so a failure before changes nothing.
net::Task<bool> EnvironmentOperations::rebase(std::string environment, ContainerInfo old) {
    ContainerSpec spec = container_spec(environment, environment_image(environment));
    spec.name = next_name(environment);
    (void)co_await engine_.remove(spec.name, true); // of an earlier try
    const auto next = co_await engine_.create(std::move(spec));
    if (!next) {
        log::warn("a container could not be put on its image",
                  {{"environment", environment}, {"error", next.error().message}});
        co_return false;
    }
    const auto removed = co_await engine_.remove(old.id, true);
    if (!removed) {
        (void)co_await engine_.remove(next->id, true);
        co_return false;
    }
    const auto renamed = co_await engine_.rename(next->id, environment);
    if (!renamed)
        log::error("a container has a wrong name", {{"environment", environment}, {"error", renamed.error().message}});
    if (old.status == ContainerStatus::running) (void)co_await engine_.start(next->id);
    co_return true;
}

net::Task<Result<oci::Intake::Written>> EnvironmentOperations::take_in(std::string image, StepSink progress) {
    const auto info = co_await engine_.inspect_image(image);
    if (!info) co_return fail(info.error());
    if (info->diff_ids.size() > most_layers)
        co_return fail(Errc::too_large,
                       "the environment has " + std::to_string(info->diff_ids.size()) +
                           " layers and engines take about 125; flatten it (docker export and docker import)");
    if (pushes_) {
        auto pushed = co_await take_pushed(image, *info, progress);
        if (pushed) co_return pushed;
        // A remote or a rootless engine does not reach our loopback: then everything is read.
        log::warn("the engine could not push an image to us; it is saved instead", {{"error", pushed.error().message}});
        pushes_ = false;
    }
    auto saved = co_await take_saved(image, *info, progress);
    co_return saved;
}

/// A receiver that is closed in order also when the caller is cancelled.
struct EnvironmentOperations::Receiving {
    EnvironmentOperations& owner;
    std::shared_ptr<LayerReceiver> receiver;
    explicit Receiving(EnvironmentOperations& o)
        : owner(o)
        , receiver(std::make_shared<LayerReceiver>(o.loop_, o.pool_, o.store_)) {}
    Receiving(const Receiving&) = delete;
    Receiving& operator=(const Receiving&) = delete;
    ~Receiving() { owner.group_.spawn(close(std::move(receiver))); }
    static net::Task<void> close(std::shared_ptr<LayerReceiver> last) { co_await last->close(); }
};

net::Task<Result<oci::Intake::Written>> EnvironmentOperations::take_pushed(std::string image, const ImageInfo& info,
                                                                           StepSink progress) {
    const Receiving receiving(*this);
    LayerReceiver& receiver = *receiving.receiver;
    const auto repository = receiver.listen();
    if (!repository) co_return fail(repository.error());
    auto tagged = co_await engine_.tag(image, *repository, "push");
    if (!tagged) co_return fail(tagged.error());
    const auto total = info.size;
    auto on_step = [&receiver, &progress, total, some_known = false](const TransferStep& step) mutable {
        some_known = some_known || step.status == "Layer already exists"; // then the whole size is no measure
        progress(
            {"reading the layers that are new", receiver.received(), some_known ? std::nullopt : std::optional(total)});
    };
    const auto pushed = co_await engine_.push(*repository, "push", std::move(on_step));
    (void)co_await engine_.remove_image(*repository + ":push");
    if (!pushed) co_return fail(pushed.error());
    auto received = co_await receiver.finish();
    if (!received) co_return fail(received.error());
    oci::Intake::Written written{std::move(*received), receiver.new_bytes(), {}};
    for (const auto& layer : written.image.layers) written.total_bytes += layer.size;
    co_return written;
}

net::Task<Result<oci::Intake::Written>> EnvironmentOperations::take_saved(std::string image, const ImageInfo& info,
                                                                          StepSink progress) {
    std::vector<oci::Digest> expected = info.diff_ids;
    for (int attempt = 0;; ++attempt) {
        auto state = std::make_shared<IntakeState>(store_, expected);
        IntakeSink sink(pool_, state, progress, info.size);
        auto saved = co_await engine_.save_image(image, sink);
        if (saved) saved = co_await sink.flush();
        auto finish = [state] { return state->intake.finish(); };
        Result<oci::Intake::Written> written = fail(Errc::internal, "");
        if (saved) written = co_await pool_.run(std::move(finish));
        else written = fail(saved.error());
        if (written || written.error().code != Errc::conflict || attempt > 0) co_return written;
        expected.clear(); // two layers of one size: take everything in
    }
}

net::Task<Result<Packaged>> EnvironmentOperations::publish(std::string environment, oci::Intake::Written written) {
    const Bytes new_bytes = written.new_bytes;
    const Bytes total = written.total_bytes;
    const auto needed = settings_.needed ? settings_.needed(environment) : std::set<std::string>();
    auto work = [store = store_, environment, needed, kept = settings_.versions_kept,
                 image = std::move(written.image)]() -> Result<oci::Version> {
        HK_TRY(const auto before, store.list()); // newest first
        HK_TRY(auto version, store.publish(environment, image, read_clocks().wall));
        int count = 1;
        for (const auto& old : before)
            if (old.environment == environment && ++count > kept && !needed.contains(old.name()))
                HK_CHECK(store.remove(old));
        return version;
    };
    const auto version = co_await pool_.run(std::move(work));
    if (!version) co_return fail(version.error());
    (void)co_await collect();
    Packaged packaged;
    packaged.version = *version;
    packaged.new_bytes = new_bytes;
    packaged.total_bytes = total;
    co_return packaged;
}

net::Task<Result<Packaged>> EnvironmentOperations::package(std::string environment, StepSink progress) {
    const auto held = hold(environment, "being packaged");
    if (!held) co_return fail(held.error());
    const auto container = co_await find(environment);
    if (!container) co_return fail(container.error());
    progress({"committing the container " + environment, {}, {}});
    auto committed = co_await commit(environment, *container);
    if (!committed) co_return fail(committed.error());
    progress({"reading the image", {}, {}});
    auto written = co_await take_in(committed->image, progress);
    if (!written) co_return fail(written.error());
    progress({"publishing the new version", {}, {}});
    auto packaged = co_await publish(environment, std::move(*written));
    if (packaged) packaged->rebased = committed->rebased;
    (void)co_await engine_.prune_images(environment_label);
    co_return packaged;
}

net::Task<Result<Packaged>> EnvironmentOperations::import_archive(std::string environment, ChunkSource& source,
                                                                  StepSink progress) {
    const auto held = hold(environment, "being imported");
    if (!held) co_return fail(held.error());
    auto state = std::make_shared<IntakeState>(store_, std::vector<oci::Digest>{});
    IntakeSink sink(pool_, state, progress, Bytes{});
    auto copied = co_await copy(source, sink);
    if (copied) copied = co_await sink.flush();
    if (!copied) co_return fail(copied.error());
    auto finish = [state] { return state->intake.finish(); };
    auto written = co_await pool_.run(std::move(finish));
    if (!written) co_return fail(written.error());
    auto packaged = co_await publish(environment, std::move(*written));
    co_return packaged;
}

namespace {

Result<oci::StoredImage> open_version(const oci::EnvironmentStore& store, const std::string& environment,
                                      const std::string& version) {
    HK_TRY(const auto all, store.list());
    for (const auto& each : all)
        if (each.environment == environment && (version.empty() || each.name() == version)) return store.open(each);
    return fail(Errc::not_found,
                "the environment " + environment + " has no version" + (version.empty() ? "" : " " + version));
}

} // namespace

net::Task<Result<>> EnvironmentOperations::export_archive(std::string environment, std::string version,
                                                          ChunkSink& sink) {
    auto open = [store = store_, environment, version] { return open_version(store, environment, version); };
    auto stored = co_await pool_.run(std::move(open));
    if (!stored) co_return fail(stored.error());
    StoredArchive source(pool_, std::move(*stored), {}, "");
    auto copied = co_await copy(source, sink);
    co_return copied;
}

/// An environment that was imported, or packaged by another Host: its image comes out of the shared folder.
net::Task<Result<>> EnvironmentOperations::load_own(std::string environment, StepSink progress) {
    auto open = [store = store_, environment] { return open_version(store, environment, ""); };
    auto stored = co_await pool_.run(std::move(open));
    if (!stored) co_return fail(stored.error());
    const std::string id = stored->image.id.text();
    StoredArchive source(pool_, std::move(*stored), progress, "loading the environment " + environment);
    const auto loaded = co_await engine_.load_image(source);
    if (!loaded) co_return fail(loaded.error());
    auto tagged = co_await engine_.tag(id, environment_repository(environment), std::string(environment_tag));
    co_return tagged;
}

} // namespace hk::docker
