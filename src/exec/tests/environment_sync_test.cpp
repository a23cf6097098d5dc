#include "exec/environment_sync.hpp"

#include "oci/intake.hpp"
#include "support/fake_engine.hpp"
#include "support/image_archive.hpp"

#include <doctest/doctest.h>

using namespace hk;
using namespace hk::test;
using namespace std::chrono_literals;

namespace {

const std::string base = make_layer("base", 3'000'000, 'a');
const std::string more = make_layer("more", 500'000, 'b');
const std::string change = make_layer("change", 100'000, 'c');

struct Fixture {
    Folder folder;
    net::Loop loop;
    net::Pool pool{loop, 2, 100};
    FakeEngine engine{loop};
    oci::EnvironmentStore store{folder / "containers"};
    exec::EnvironmentSync sync{loop, pool, engine, store, {"node1", 3, 10ms}};
    std::vector<std::string> said;

    Fixture() { REQUIRE(store.prepare()); }

    oci::Version package(const std::vector<std::string>& layers, std::int64_t stamp) {
        oci::Intake intake(store.layers(), {});
        REQUIRE(intake.feed(docker_archive(layers)));
        const auto written = intake.finish();
        REQUIRE(written);
        const auto version = store.publish("env", written->image, from_micros(stamp * 1'000'000));
        REQUIRE(version);
        return *version;
    }
    Result<std::string> prepare(const std::string& version = "") {
        return net::run_task(loop,
                             sync.prepare({"env", version}, [this](const std::string& text) { said.push_back(text); }));
    }
    bool has_tagged(const std::vector<std::string>& layers) {
        const auto image = net::run_task(loop, engine.inspect_image("hakuriver/env:base"));
        return image && image->id == make_image(layers).id.text();
    }
};

} // namespace

TEST_CASE("an environment is brought to a node that has nothing") {
    Fixture f;
    const auto version = f.package({base, more}, 100);
    const auto image = f.prepare(version.name());
    REQUIRE_MESSAGE(image, image.error().message);
    CHECK(*image == make_image({base, more}).id.text());
    CHECK(f.has_tagged({base, more}));
    CHECK_FALSE(f.said.empty());
    CHECK(std::filesystem::is_empty(f.store.root() / "leases"));
}

TEST_CASE("a new version brings only its new layers, and a third look brings nothing") {
    Fixture f;
    f.package({base, more}, 100);
    REQUIRE(f.prepare());
    const auto before = f.sync.bytes_read();
    const auto second = f.package({base, more, change}, 200);
    REQUIRE(f.prepare(second.name()));
    CHECK(f.has_tagged({base, more, change}));
    CHECK((f.sync.bytes_read() - before).value < static_cast<std::int64_t>(change.size()) + 10'000);
    CHECK(f.engine.image_count() == 1); // the old image is gone, its layers are in the new one
    const int loads = f.engine.loads;
    std::filesystem::rename(f.store.root(), f.folder / "away"); // the shared folder is not needed any more
    CHECK(f.prepare(second.name()));
    CHECK(f.engine.loads == loads);
}

TEST_CASE("what the engine has already is known without a task that needs it, and so is what is brought later") {
    Fixture f;
    const auto first = f.package({base}, 100);
    REQUIRE(f.prepare());
    exec::EnvironmentSync restarted{f.loop, f.pool, f.engine, f.store, {"node1", 3, 10ms}};
    CHECK(restarted.present().empty());
    restarted.keep_looking();
    const auto seen = [](exec::EnvironmentSync& sync) -> net::Task<void> {
        while (sync.present().empty()) co_await net::sleep_for(1ms);
    };
    net::run_task(f.loop, seen(restarted));
    CHECK(restarted.present().at("env") == first.name());
    const auto second = f.package({base, change}, 200);
    REQUIRE(f.prepare());
    CHECK(f.sync.present().at("env") == second.name());
}

namespace {

/// A sync that looks all the time, and what it brings.
struct Keeper {
    Fixture f;
    Duration grace;
    std::unique_ptr<exec::EnvironmentSync> sync;
    explicit Keeper(Duration wait = Duration::zero())
        : grace(wait) {
        restart();
    }
    void restart() {
        sync.reset();
        sync = std::make_unique<exec::EnvironmentSync>(
            f.loop, f.pool, f.engine, f.store,
            exec::SyncSettings{.record = f.folder / "images", .grace = grace, .look_pace = 1ms});
    }
    void bring(const std::string& version) {
        exec::EnvironmentSource::Progress nobody;
        REQUIRE(net::run_task(f.loop, sync->prepare({"env", version}, nobody)));
    }
    Result<std::string> insist_on(const std::string& version) {
        exec::EnvironmentSource::Progress nobody;
        return net::run_task(f.loop, sync->prepare({"env", version, true}, nobody));
    }
    /// Two looks from begin to end.
    void let_it_look() {
        const auto before = sync->looks();
        f.loop.run_until([&] { return sync->looks() >= before + 2; });
    }
    void until_gone(const std::vector<std::string>& layers) {
        f.loop.run_until([&] { return !has(layers); });
    }
    bool has(const std::vector<std::string>& layers) { return f.engine.has_image(make_image(layers).id.text()); }
};

} // namespace

TEST_CASE("the image of a deleted environment leaves the node, also after the runner has started anew") {
    Keeper k;
    const auto version = k.f.package({base}, 100);
    k.bring(version.name());
    k.restart();
    k.sync->keep_looking();
    k.let_it_look();
    CHECK(k.has({base}));
    REQUIRE(k.f.store.remove(version));
    k.until_gone({base});
    CHECK(k.f.engine.image_count() == 0);
}

TEST_CASE("a deleted environment has a grace, and a folder that is not mounted deletes nothing") {
    Keeper k(1h);
    const auto version = k.f.package({base}, 100);
    k.bring(version.name());
    k.sync->keep_looking();
    REQUIRE(k.f.store.remove(version));
    k.let_it_look();
    CHECK(k.has({base}));
    k.grace = Duration::zero();
    std::filesystem::rename(k.f.store.root(), k.f.folder / "away");
    std::filesystem::create_directory(k.f.store.root());
    k.restart();
    k.sync->keep_looking();
    k.let_it_look();
    CHECK(k.has({base}));
}

TEST_CASE("a replaced image stays while a container uses it, and goes then") {
    Keeper k;
    k.bring(k.f.package({base}, 100).name());
    docker::ContainerSpec spec;
    spec.name = "task";
    spec.image = make_image({base}).id.text();
    spec.command = {"true"};
    const auto container = net::run_task(k.f.loop, k.f.engine.create(spec));
    REQUIRE(container);
    k.bring(k.f.package({base, more}, 200).name());
    k.sync->keep_looking();
    k.let_it_look();
    CHECK(k.has({base}));
    REQUIRE(net::run_task(k.f.loop, k.f.engine.remove(container->id, true)));
    k.until_gone({base});
    CHECK(k.has({base, more}));
}

TEST_CASE("images that this runner did not bring, or that have another name as well, are left alone") {
    Keeper k;
    k.f.engine.add_image("hakuriver/env:base", {base}); // the Host's, say
    const auto first = k.f.package({base}, 100);
    k.bring(first.name());
    const auto second = k.f.package({base, more}, 200);
    k.bring(second.name());
    REQUIRE(net::run_task(k.f.loop, k.f.engine.tag(make_image({base, more}).id.text(), "mine", "kept")));
    k.bring(k.f.package({base, change}, 300).name());
    k.sync->keep_looking();
    k.let_it_look();
    CHECK(k.has({base, more}));
    CHECK(k.has({base, change}));
}

TEST_CASE("a task gets the version that it insists on, beside the newest one") {
    Keeper k(1h);
    k.f.package({base}, 100);
    const auto second = k.f.package({base, more}, 200);
    k.bring(second.name());
    for (int round = 0; round < 2; ++round) {
        CHECK(k.insist_on("100") == make_image({base}).id.text());
        CHECK(k.f.has_tagged({base, more}));
        CHECK(k.sync->present().at("env") == second.name());
    }
    CHECK(k.f.engine.loads == 2); // the second time both are there
    const auto none = k.insist_on("150");
    REQUIRE_FALSE(none);
    CHECK(none.error().code == Errc::not_found);
    CHECK(none.error().message.find("the version 150 of the environment env is not in") == 0);
}

TEST_CASE("the image of a version that a task insisted on stays for the grace, and goes then") {
    for (const auto grace : {Duration(1h), Duration::zero()}) {
        Keeper k(grace);
        k.f.package({base}, 100);
        REQUIRE(k.insist_on("100"));
        k.bring(k.f.package({base, more}, 200).name());
        k.sync->keep_looking();
        k.let_it_look();
        if (grace == Duration::zero()) k.until_gone({base});
        CHECK(k.has({base}) == (grace != Duration::zero()));
        CHECK(k.has({base, more}));
    }
}

TEST_CASE("an engine that names images by their manifests is asked what they are made of") {
    Fixture f;
    f.engine.containerd_store = true;
    const auto version = f.package({base, more}, 100);
    const auto image = f.prepare(version.name());
    REQUIRE_MESSAGE(image, image.error().message);
    CHECK(*image != make_image({base, more}).id.text());
    exec::EnvironmentSync restarted{f.loop, f.pool, f.engine, f.store, {"node1", 3, 10ms}};
    exec::EnvironmentSource::Progress nobody;
    CHECK(net::run_task(f.loop, restarted.prepare({"env", version.name(), true}, nobody)) == *image);
    CHECK(f.engine.loads == 1);
}

TEST_CASE("a version that was replaced means the newest one") {
    Fixture f;
    f.package({base}, 100);
    f.package({base, change}, 200);
    REQUIRE(f.prepare("150"));
    CHECK(f.has_tagged({base, change}));
    REQUIRE(f.prepare("100"));
    CHECK(f.has_tagged({base}));
}

TEST_CASE("callers at the same time share one transfer, and one that leaves does not stop it") {
    Fixture f;
    const auto version = f.package({base, more}, 100);
    int done = 0;
    net::TaskGroup group(f.loop), leaving(f.loop);
    const auto ask = [](exec::EnvironmentSync& sync, std::string wanted, int& count) -> net::Task<void> {
        exec::EnvironmentSource::Progress nobody;
        exec::EnvironmentWish wish("env", std::move(wanted));
        const auto image = co_await sync.prepare(std::move(wish), std::move(nobody));
        if (image) ++count;
    };
    for (int i = 0; i < 8; ++i) group.spawn(ask(f.sync, version.name(), done));
    leaving.spawn(ask(f.sync, version.name(), done));
    f.loop.run_until([&] { return f.engine.loads > 0; });
    leaving.cancel();
    net::run_task(f.loop, group.join());
    CHECK(done == 8);
    CHECK(f.engine.loads == 1);
    CHECK(f.has_tagged({base, more}));
}

TEST_CASE("a transfer keeps its lease young, however long the engine takes") {
    Fixture f;
    f.package({base}, 100);
    exec::EnvironmentSync patient{f.loop, f.pool, f.engine, f.store, {.lease_pace = 1ms}};
    const auto bring = [](exec::EnvironmentSync& sync) -> net::Task<void> {
        exec::EnvironmentSource::Progress nobody;
        exec::EnvironmentWish wish("env", "100");
        const auto image = co_await sync.prepare(std::move(wish), std::move(nobody));
        CHECK(image);
    };
    f.engine.holds_loads = true;
    net::TaskGroup group(f.loop);
    group.spawn(bring(patient));
    f.loop.run_until([&] { return f.engine.loads > 0; });
    const std::filesystem::path lease = std::filesystem::directory_iterator(f.store.root() / "leases")->path();
    const auto long_ago = std::filesystem::file_time_type::clock::now() - std::chrono::hours(1);
    std::filesystem::last_write_time(lease, long_ago);
    f.loop.run_until([&] { return std::filesystem::last_write_time(lease) > long_ago + 30min; });
    CHECK(f.store.collect()->postponed);
    f.engine.holds_loads = false;
    net::run_task(f.loop, group.join());
    CHECK(std::filesystem::is_empty(f.store.root() / "leases"));
}

TEST_CASE("an engine that refuses thin archives gets full ones from then on") {
    Fixture f;
    f.package({base}, 100);
    REQUIRE(f.prepare());
    f.engine.refuses_thin = true;
    f.package({base, more}, 200);
    REQUIRE(f.prepare());
    CHECK(f.engine.loads == 3);
    f.package({base, more, change}, 300);
    REQUIRE(f.prepare());
    CHECK(f.engine.loads == 4);
    CHECK(f.has_tagged({base, more, change}));
}

TEST_CASE("a damaged layer file is refused at once, and the old image stays") {
    Fixture f;
    f.package({base}, 100);
    REQUIRE(f.prepare());
    f.package({base, more}, 200);
    std::string damaged = more;
    damaged[5000] ^= 1;
    write_text(f.store.layers().path_of(oci::sha256(more)), damaged);
    const int loads = f.engine.loads;
    const auto image = f.prepare();
    REQUIRE_FALSE(image);
    CHECK(image.error().code == Errc::corrupt);
    CHECK(f.engine.loads == loads + 1); // damage does not pass by waiting
    CHECK(f.has_tagged({base}));
    CHECK(f.engine.image_count() == 1);
}

TEST_CASE("an engine that comes back in time is waited for, one that does not is named") {
    Fixture f;
    f.package({base}, 100);
    f.engine.down = true;
    const auto failed = f.prepare();
    REQUIRE_FALSE(failed);
    CHECK(failed.error().code == Errc::unavailable);
    net::TaskGroup group(f.loop);
    const auto return_later = [](FakeEngine& engine) -> net::Task<void> {
        co_await net::sleep_for(5ms);
        engine.down = false;
    };
    group.spawn(return_later(f.engine));
    CHECK(f.prepare());
    net::run_task(f.loop, group.join());
}

TEST_CASE("without any version the node's own image is used, and without one the user is told what to do") {
    Fixture f;
    const auto none = f.prepare();
    REQUIRE_FALSE(none);
    CHECK(none.error().code == Errc::not_found);
    CHECK(none.error().message.find("create-tar env") != std::string::npos);
    f.engine.add_image("hakuriver/env:base", {base});
    CHECK(f.prepare());
}

TEST_CASE("a classic tarball is synced as well") {
    Fixture f;
    write_text(f.store.root() / "env-50.tar", docker_archive({base, more}));
    REQUIRE(f.prepare("50"));
    CHECK(f.has_tagged({base, more}));
    write_text(f.store.root() / "env-60.tar", docker_archive({base, more, change}).substr(0, 3'200'000));
    const auto cut = f.prepare("60");
    REQUIRE_FALSE(cut);
    CHECK(cut.error().message.find("truncated") != std::string::npos);
    CHECK(f.has_tagged({base, more}));
}
