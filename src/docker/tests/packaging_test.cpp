#include "docker/engine_client.hpp"
#include "docker/environment_operations.hpp"
#include "support/image_archive.hpp"
#include "support/private_engine.hpp"

#include <doctest/doctest.h>

using namespace hk;
using namespace hk::docker;
using namespace hk::test;

namespace {

/// The Host's operations on a real engine.
struct Host {
    PrivateEngine engine;
    Folder folder;
    net::Loop loop;
    net::Pool pool{loop, 2, 100};
    EngineClient client{engine.address()};
    oci::EnvironmentStore store{folder / "containers"};
    EnvironmentOperations operations{loop, pool, client, store, {.network = "none", .default_environment = ""}};

    Host() {
        REQUIRE(engine.import_base(loop, client, "base:1"));
        REQUIRE(run(operations.repair()));
        const auto created = run(operations.create("base:1", "env", [](const OperationStep&) {}));
        REQUIRE_MESSAGE(created, created.error().message);
    }
    template <class T>
    T run(net::Task<T> task) {
        return net::run_task(loop, std::move(task));
    }
    /// Runs a script in the container and waits for its end.
    void change(const std::string& script) {
        ExecSpec spec;
        spec.argv = {"sh", "-c", script};
        const auto exec = run(client.create_exec("env", spec));
        REQUIRE(exec);
        auto stream = run(client.start_exec(*exec, true));
        REQUIRE(stream);
        char buffer[256];
        for (auto got = run((*stream)->read_some(buffer, std::chrono::minutes{1})); got && *got > 0;)
            got = run((*stream)->read_some(buffer, std::chrono::minutes{1}));
    }
    Packaged package() {
        const auto packaged = run(operations.package("env", [](const OperationStep&) {}));
        REQUIRE_MESSAGE(packaged, packaged.error().message);
        return *packaged;
    }
    std::size_t count_tags() { return run(client.list_images(""))->size(); }
};

} // namespace

TEST_CASE("on a real engine a second packaging moves only the change" * doctest::skip(!PrivateEngine::possible())) {
    Host host;
    host.change("dd if=/dev/urandom of=/big bs=1024 count=20000");
    const Packaged first = host.package();
    CHECK(first.rebased);
    CHECK(first.new_bytes == first.total_bytes);
    CHECK(first.new_bytes.value > 20'000'000);
    host.change("dd if=/dev/urandom of=/small bs=1024 count=300; rm /etc/passwd");
    const Packaged second = host.package();
    CHECK(second.rebased);
    CHECK(second.new_bytes.value > 300'000);
    CHECK(second.new_bytes.value < 400'000);
    const auto stored = host.store.open(second.version);
    REQUIRE(stored);
    CHECK(stored->image.layers.size() == 3);
    const auto image = host.run(host.client.inspect_image("hakuriver/env:base"));
    REQUIRE(image);
    CHECK(image->id == stored->image.id.text());
    for (const auto& summary : *host.run(host.client.list_images("")))
        for (const auto& tag : summary.tags) CHECK_FALSE(tag.starts_with("127.0.0.1")); // of the push
    const auto overview = host.run(host.operations.overview());
    REQUIRE(overview.environments.size() == 1);
    CHECK(overview.environments[0].container->status == ContainerStatus::running);
    CHECK(overview.engine.starts_with("Docker "));
}

TEST_CASE("what was packaged on one engine loads on another" * doctest::skip(!PrivateEngine::possible())) {
    Host host;
    host.change("echo hello > /greeting");
    host.package();
    PrivateEngine other;
    EngineClient there(other.address());
    struct Archive : ChunkSource, ChunkSink {
        std::string all;
        std::size_t at = 0;
        net::Task<Result<>> write(std::string chunk) override {
            all += chunk;
            co_return Result<>{};
        }
        net::Task<Result<std::string>> next() override {
            std::string chunk = all.substr(at, 100'000);
            at += chunk.size();
            co_return chunk;
        }
    } archive;
    REQUIRE(host.run(host.operations.export_archive("env", "", archive)));
    const auto loaded = host.run(there.load_image(archive));
    REQUIRE_MESSAGE(loaded, loaded.error().message);
    const auto version = host.run(host.operations.overview()).environments[0].versions[0].version;
    CHECK(host.run(there.inspect_image(host.store.open(version)->image.id.text())));
}
