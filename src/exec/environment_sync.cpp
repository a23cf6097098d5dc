#include "exec/environment_sync.hpp"

#include "base/log.hpp"
#include "exec/archive_reader.hpp"
#include "json/json.hpp"

#include <algorithm>

namespace hk::exec {

namespace {

/// More images than this are not looked at when layers are compared.
constexpr std::size_t max_images = 500;
constexpr Duration progress_pace = std::chrono::milliseconds{200};

bool may_pass(Errc code) {
    return code == Errc::unavailable || code == Errc::timeout || code == Errc::io || code == Errc::no_capacity;
}

/// "created" of an image config; engines that name images otherwise than by their config keep it.
std::string created_of(const std::string& config) {
    const auto parsed = json::parse(config);
    const auto* object = parsed ? parsed->if_object() : nullptr;
    const auto* created = object == nullptr ? nullptr : object->if_contains("created");
    return created != nullptr && created->is_string() ? std::string(created->get_string()) : std::string();
}

bool same_layers(const docker::ImageInfo& info, const oci::Image& image) {
    return std::ranges::equal(info.diff_ids, image.layers, {}, {}, &oci::Layer::diff_id);
}

} // namespace

/// One transfer and those who wait for it.
struct EnvironmentSync::Flight {
    EnvironmentWish wish;
    std::string progress;
    std::optional<Image> result;
    net::Signal changed;
    Mono told{};

    explicit Flight(EnvironmentWish wanted)
        : wish(std::move(wanted)) {}
    void say(std::string text) {
        progress = std::move(text);
        changed.notify_all();
    }
};

EnvironmentSync::EnvironmentSync(net::Loop& loop, net::Pool& pool, docker::Engine& engine, oci::EnvironmentStore store,
                                 SyncSettings settings)
    : pool_(pool)
    , engine_(engine)
    , store_(std::move(store))
    , settings_(std::move(settings))
    , brought_(settings_.record)
    , group_(loop) {}

EnvironmentSync::~EnvironmentSync() { group_.cancel(); }

void EnvironmentSync::keep_looking() { group_.spawn(look_often()); }

net::Task<void> EnvironmentSync::look_often() {
    for (;;) {
        co_await look();
        ++looks_;
        co_await net::sleep_for(settings_.look_pace);
    }
}

net::Task<void> EnvironmentSync::look() {
    // A shared folder that is not mounted looks like one without versions.
    auto list = [store = store_]() -> Result<std::vector<oci::Version>> {
        std::error_code error;
        if (!std::filesystem::is_directory(store.layers().root(), error))
            return fail(Errc::not_found, "there is no folder of environments");
        return store.list();
    };
    const auto versions = co_await pool_.run(std::move(list));
    if (!versions) co_return; // the shared folder does not answer: what was known stays
    std::map<std::string, std::string> found;
    BroughtImages::Wanted wanted;
    for (const oci::Version& version : *versions) { // the newest of an environment comes first
        if (!wanted.environments.insert(version.environment).second) continue;
        auto open = [store = store_, version] { return store.open(version); };
        const auto stored = co_await pool_.run(std::move(open));
        if (!stored) {
            wanted.unclear.insert(version.environment);
            continue;
        }
        wanted.images.insert(stored->image.id.text());
        const auto image = co_await find_image(stored->image);
        if (!image) continue;
        wanted.images.insert(*image);
        found.emplace(version.environment, version.name());
    }
    present_ = std::move(found);
    std::erase_if(chosen_, [this](const auto& each) { return !is_kept(each.first); });
    for (const auto& [id, asked] : chosen_) wanted.images.insert(id);
    if (flights_.empty()) co_await brought_.sweep(engine_, std::move(wanted), BootClock::now(), settings_.grace);
}

/// While it is wanted no look removes it, though it is not of the newest version.
bool EnvironmentSync::is_kept(const std::string& id) const {
    const auto found = chosen_.find(id);
    return found != chosen_.end() && BootClock::now() - found->second < settings_.grace;
}

net::Task<Result<std::string>> EnvironmentSync::prepare(EnvironmentWish wish, Progress progress) {
    const std::string key = wish.key();
    if (const auto known = ready_.find(key);
        known != ready_.end() && !wish.version.empty() && known->second.first == wish.version) {
        // The usual case touches no shared storage: the engine alone says whether the image is still there.
        const std::string id = known->second.second;
        if (wish.exactly) chosen_[id] = BootClock::now();
        const auto image = co_await engine_.inspect_image(id);
        if (image) co_return id;
        ready_.erase(key);
    }
    for (;;) {
        auto& slot = flights_[key];
        if (!slot) {
            slot = std::make_shared<Flight>(wish);
            group_.spawn(fly(slot));
        }
        const auto flight = slot; // it may leave the table while we wait
        std::string told;
        while (!flight->result) {
            if (progress && flight->progress != told) progress(told = flight->progress);
            (void)co_await flight->changed.wait(net::no_limit);
        }
        // Those who joined a transfer of another version ask again.
        const std::string& version = wish.version;
        if (flight->wish.version == version || version.empty() || !*flight->result) co_return *flight->result;
        const auto now_ready = ready_.find(key);
        if (now_ready != ready_.end() && now_ready->second.first == version) co_return *flight->result;
        if (now_ready != ready_.end() && now_ready->second.first > version) co_return *flight->result;
    }
}

net::Task<void> EnvironmentSync::fly(std::shared_ptr<Flight> flight) {
    if (busy_) flight->say("waiting for another environment to be synced");
    while (busy_) (void)co_await idle_.wait(net::no_limit);
    struct Turn {
        EnvironmentSync& sync;
        explicit Turn(EnvironmentSync& s)
            : sync(s) {
            sync.busy_ = true;
        }
        ~Turn() {
            sync.busy_ = false;
            sync.idle_.notify_all();
        }
    } turn(*this);
    auto result = co_await try_often(*flight);
    flights_.erase(flight->wish.key());
    flight->result = std::move(result);
    flight->changed.notify_all();
}

net::Task<Result<std::string>> EnvironmentSync::try_often(Flight& flight) {
    Duration pause = settings_.first_pause;
    for (int attempt = 1;; ++attempt) {
        auto image = co_await sync(flight);
        if (image || !may_pass(image.error().code) || attempt >= settings_.tries) co_return image;
        log::warn("an environment could not be synced; trying again",
                  {{"environment", flight.wish.environment}, {"error", image.error().message}, {"attempt", attempt}});
        flight.say("syncing failed, trying again in " + format_duration(pause) + ": " + image.error().message);
        co_await net::sleep_for(pause);
        pause *= 2;
    }
}

net::Task<Result<std::string>> EnvironmentSync::sync(Flight& flight) {
    // The lease comes before the look at the versions: what we see from now on stays until it is given back.
    auto take_lease = [store = store_, node = settings_.node]() -> Result<std::shared_ptr<const oci::Lease>> {
        HK_TRY(auto lease, store.lease(node));
        return std::make_shared<const oci::Lease>(std::move(lease));
    };
    auto lease = co_await pool_.run(std::move(take_lease));
    if (lease) group_.spawn(keep_young(*lease));
    auto image = co_await sync_leased(flight, lease ? std::string() : lease.error().message);
    if (!lease) co_return image;
    auto give_back = [held = std::move(*lease)] { return Result<>{}; }; // its file lies on shared storage
    (void)co_await pool_.run(std::move(give_back));
    co_return image;
}

/// An engine may take longer over an archive than a lease lasts.
net::Task<void> EnvironmentSync::keep_young(std::weak_ptr<const oci::Lease> lease) {
    for (;;) {
        co_await net::sleep_for(settings_.lease_pace);
        auto held = lease.lock();
        if (!held) co_return;
        auto refresh = [held = std::move(held)] { return held->refresh(); };
        const auto done = co_await pool_.run(std::move(refresh));
        if (!done) log::warn("a lease could not be refreshed", {{"error", done.error().message}});
    }
}

net::Task<Result<std::string>> EnvironmentSync::sync_leased(Flight& flight, std::string why_no_lease) {
    auto version = co_await find_version(flight);
    if (!version) co_return fail(version.error());
    if (!*version && flight.wish.exactly)
        co_return fail(Errc::not_found,
                       "the version " + flight.wish.version + " of the environment " + flight.wish.environment +
                           " is not in " + store_.root().string() +
                           " any more; submit the task with one that hakuriver.docker list-tars shows");
    if (!*version) {
        auto local = co_await use_local(flight, "there is no version of it in " + store_.root().string());
        co_return local;
    }
    auto open = [store = store_, wanted = **version] { return store.open(wanted); };
    auto stored = co_await pool_.run(std::move(open));
    if (!stored) co_return fail(stored.error());
    if (!why_no_lease.empty()) log::warn("layers are read without a lease", {{"error", why_no_lease}});
    auto image = co_await bring(flight, **version, *stored);
    if (!image) co_return image;
    ready_[flight.wish.key()] = {(*version)->name(), *image};
    if (!flight.wish.exactly) present_[flight.wish.environment] = (*version)->name();
    co_return image;
}

net::Task<Result<std::optional<oci::Version>>> EnvironmentSync::find_version(const Flight& flight) {
    auto list = [store = store_] { return store.list(); };
    auto versions = co_await pool_.run(std::move(list));
    if (!versions) co_return fail(versions.error());
    std::optional<oci::Version> found;
    for (const oci::Version& version : *versions) {
        if (version.environment != flight.wish.environment) continue;
        const bool is_it = version.name() == flight.wish.version;
        if (is_it || (!found && !flight.wish.exactly)) found = version; // the newest comes first
    }
    co_return found;
}

/// An environment that was never packaged, but of which the node has an image all the same.
net::Task<Result<std::string>> EnvironmentSync::use_local(const Flight& flight, std::string why_none) {
    const std::string& name = flight.wish.environment;
    const auto image = co_await engine_.inspect_image(docker::environment_image(name));
    if (image) co_return image->id;
    if (image.error().code != Errc::not_found) co_return fail(image.error());
    co_return fail(Errc::not_found,
                   "the environment " + name + " cannot be used here: " + why_none +
                       " and the node has no image of it; package it with hakuriver.docker create-tar " + name);
}

net::Task<Result<std::string>> EnvironmentSync::find_image(const oci::Image& image) {
    auto by_id = co_await engine_.inspect_image(image.id.text());
    if (by_id) co_return by_id->id;
    if (by_id.error().code != Errc::not_found) co_return fail(by_id.error());
    // Engines with a containerd store name images by their manifest, not by their config.
    const auto engine = co_await engine_.info();
    if (!engine) co_return fail(engine.error());
    if (!engine->containerd_store) co_return fail(Errc::not_found, "the engine does not have the image");
    const auto images = co_await engine_.list_images("");
    if (!images) co_return fail(images.error());
    const std::string created = created_of(image.config);
    for (std::size_t i = 0; i < std::min(images->size(), max_images); ++i) {
        const auto info = co_await engine_.inspect_image((*images)[i].id);
        if (info && same_layers(*info, image) && info->created == created) co_return info->id;
    }
    co_return fail(Errc::not_found, "the engine does not have the image");
}

/// How many of the lowest layers the engine has, in this order, in any of its images.
net::Task<std::size_t> EnvironmentSync::layers_present(const oci::Image& image) {
    const auto images = co_await engine_.list_images("");
    std::size_t best = 0;
    if (!images) co_return best;
    for (std::size_t i = 0; i < std::min(images->size(), max_images); ++i) {
        const auto info = co_await engine_.inspect_image((*images)[i].id);
        if (!info) continue;
        const auto [theirs, ours] = std::ranges::mismatch(info->diff_ids, image.layers, {}, {}, &oci::Layer::diff_id);
        best = std::max(best, static_cast<std::size_t>(ours - image.layers.begin()));
    }
    co_return best;
}

net::Task<Result<>> EnvironmentSync::load(Flight& flight, const oci::StoredImage& stored, std::size_t present) {
    ArchiveReader reader(group_, pool_, oci::LoadStream(stored, present));
    reader.on_chunk = [this, &flight, done = Bytes{}, total = reader.total()](Bytes size) mutable {
        done += size;
        bytes_read_ += size;
        const Mono now = BootClock::now();
        if (now - flight.told < progress_pace) return;
        flight.told = now;
        flight.say("syncing " + format_size(done) + " of " + format_size(total));
    };
    const auto loaded = co_await engine_.load_image(reader);
    if (reader.failure()) co_return fail(*reader.failure());
    if (!loaded) co_return fail(loaded.error());
    co_return Result<>{};
}

net::Task<Result<std::string>> EnvironmentSync::bring(Flight& flight, const oci::Version& version,
                                                      const oci::StoredImage& stored) {
    const std::string& environment = flight.wish.environment;
    auto found = co_await find_image(stored.image);
    if (!found && found.error().code != Errc::not_found) co_return found;
    if (!found) {
        brought_.add(stored.image.id.text(), environment);
        std::size_t present = 0;
        if (thin_works_) present = co_await layers_present(stored.image);
        flight.say("syncing " + version.file_name());
        auto loaded = co_await load(flight, stored, present);
        const bool refused = !loaded && (loaded.error().code == Errc::unavailable || loaded.error().code == Errc::io);
        if (refused && present > 0) {
            // Perhaps this engine wants the layers that it has all the same.
            loaded = co_await load(flight, stored, 0);
            if (loaded) thin_works_ = false;
        }
        if (!loaded) co_return fail(loaded.error());
        found = co_await find_image(stored.image);
        if (!found)
            co_return fail(Errc::unavailable,
                           version.file_name() + " was loaded, but the engine does not show its image");
        brought_.add(*found, environment); // under the name that this engine gives it
    }
    if (flight.wish.exactly) {
        chosen_[*found] = BootClock::now();
        co_return found;
    }
    auto image = co_await make_current(environment, std::move(*found));
    co_return image;
}

/// The tag comes last: until here everybody saw the old image under it.
net::Task<Result<std::string>> EnvironmentSync::make_current(const std::string& environment, std::string id) {
    const auto before = co_await engine_.inspect_image(docker::environment_image(environment));
    if (before && before->id == id) co_return id;
    const auto tagged =
        co_await engine_.tag(id, docker::environment_repository(environment), std::string(docker::environment_tag));
    if (!tagged) co_return fail(tagged.error());
    // While a task runs in the old image it stays, and goes when we look again.
    if (before && !is_kept(before->id)) (void)co_await remove_unless_used(engine_, before->id, environment);
    co_return id;
}

} // namespace hk::exec
