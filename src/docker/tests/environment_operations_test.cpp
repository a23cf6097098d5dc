#include "docker/environment_operations.hpp"

#include "support/fake_engine.hpp"
#include "support/image_archive.hpp"

#include <algorithm>
#include <doctest/doctest.h>

using namespace hk;
using namespace hk::docker;
using namespace hk::test;

namespace {

const std::string base = make_layer("base", 2'000'000, 'a');
const std::string change = make_layer("change", 50'000, 'c');
const std::string another = make_layer("another", 60'000, 'd');

struct Kept : ChunkSink {
    std::string all;
    net::Task<Result<>> write(std::string chunk) override {
        all += chunk;
        co_return Result<>{};
    }
};
struct Given : ChunkSource {
    std::string all;
    std::size_t at = 0;
    net::Task<Result<std::string>> next() override {
        std::string chunk = all.substr(at, 30'000);
        at += chunk.size();
        co_return chunk;
    }
};

struct Fixture {
    Folder folder;
    net::Loop loop;
    net::Pool pool{loop, 2, 100};
    FakeEngine engine{loop};
    oci::EnvironmentStore store{folder / "containers"};
    EnvironmentOperations operations{loop, pool, engine, store};
    std::vector<std::string> said;

    Fixture() {
        engine.add_image("python:3", {base});
        REQUIRE(run(operations.repair()));
    }
    template <class T>
    T run(net::Task<T> task) {
        return net::run_task(loop, std::move(task));
    }
    StepSink sink() {
        return [this](const OperationStep& step) { said.push_back(step.message); };
    }
    Result<> create(const std::string& image = "python:3", const std::string& name = "env") {
        return run(operations.create(image, name, sink()));
    }
    Result<Packaged> package() { return run(operations.package("env", sink())); }
    EnvironmentEntry entry() {
        const auto overview = run(operations.overview());
        REQUIRE(overview.environments.size() == 1);
        return overview.environments[0];
    }
};

} // namespace

TEST_CASE("an environment is made, changed, packaged and listed") {
    Fixture f;
    REQUIRE(f.create());
    CHECK(f.entry().container->status == ContainerStatus::running);
    f.engine.write_layer("env", change);
    const auto packaged = f.package();
    REQUIRE_MESSAGE(packaged, packaged.error().message);
    CHECK(packaged->new_bytes == packaged->total_bytes);
    const auto entry = f.entry();
    REQUIRE(entry.versions.size() == 1);
    CHECK(entry.versions[0].complete);
    CHECK(entry.versions[0].size.value == static_cast<std::int64_t>(base.size() + change.size()));
    const auto stored = f.store.open(packaged->version);
    REQUIRE(stored);
    CHECK(stored->image.layers[1].diff_id == oci::sha256(change));
    CHECK(f.engine.container_count() == 1);
}

TEST_CASE("packaging again writes only the change and replaces the version") {
    Fixture f;
    REQUIRE(f.create());
    f.engine.write_layer("env", change);
    const auto first = f.package();
    REQUIRE(first);
    CHECK(first->rebased);
    CHECK(f.entry().container->status == ContainerStatus::running);
    f.engine.write_layer("env", another);
    const auto second = f.package();
    REQUIRE(second);
    CHECK(second->new_bytes.value == static_cast<std::int64_t>(another.size()));
    CHECK(second->version.stamp > first->version.stamp);
    CHECK(f.entry().versions.size() == 1);
    CHECK(f.store.open(second->version)->image.layers.size() == 3);
}

TEST_CASE("a container that somebody uses is not replaced, and goes on") {
    Fixture f;
    REQUIRE(f.create());
    ExecSpec shell;
    shell.argv = {"sh"};
    const auto exec = f.run(f.engine.create_exec("env", shell));
    auto stream = f.run(f.engine.start_exec(*exec, true));
    REQUIRE(stream);
    const std::string before = f.entry().container->id;
    f.engine.write_layer("env", change);
    const auto packaged = f.package();
    REQUIRE(packaged);
    CHECK_FALSE(packaged->rebased);
    CHECK(f.entry().container->id == before);
    CHECK(f.entry().container->status == ContainerStatus::running);
    const auto removed = f.run(f.operations.remove("env"));
    REQUIRE_FALSE(removed);
    CHECK(removed.error().code == Errc::conflict);
    CHECK(removed.error().message.find("shell") != std::string::npos);
    REQUIRE(f.run((*stream)->write_all("exit 0\n", std::chrono::seconds{5})));
    f.loop.run_until([&] { return f.run(f.engine.inspect_exec(*exec))->exit_code.has_value(); });
    CHECK(f.run(f.operations.remove("env")));
}

TEST_CASE("a stopped container is packaged and stays stopped") {
    Fixture f;
    REQUIRE(f.create());
    REQUIRE(f.run(f.operations.stop("env")));
    f.engine.write_layer("env", change);
    REQUIRE(f.package());
    CHECK(f.entry().container->status != ContainerStatus::running);
    REQUIRE(f.run(f.operations.start("env")));
    CHECK(f.entry().container->status == ContainerStatus::running);
}

TEST_CASE("names that an engine or a file system would misread are refused, and nothing changes") {
    Fixture f;
    for (const std::string& name :
         {std::string("-v"), std::string("a/b"), std::string(".."), std::string("Capital"), std::string(300, 'a'),
          std::string("\xf0\x9f\x90\x8d"), std::string(""), std::string("a b")}) {
        CAPTURE(name);
        const auto created = f.create("python:3", name);
        REQUIRE_FALSE(created);
        CHECK(created.error().code == Errc::invalid);
        CHECK_FALSE(f.run(f.operations.start(name)));
        CHECK_FALSE(f.run(f.operations.remove(name)));
        CHECK_FALSE(f.run(f.operations.package(name, f.sink())));
        CHECK_FALSE(f.run(f.operations.remove_versions(name, "")));
        Given given;
        CHECK_FALSE(f.run(f.operations.import_archive(name, given, f.sink())));
    }
    for (const char* image : {"-v", "--privileged", "a b", "Python", ""})
        CHECK(f.create(image).error().code == Errc::invalid);
    CHECK(f.engine.container_count() == 0);
    CHECK(f.store.list()->empty());
}

TEST_CASE("missing things are named with what to do") {
    Fixture f;
    const auto offline = f.create("no/such:1");
    REQUIRE_FALSE(offline);
    CHECK(offline.error().message.find("could not be pulled") != std::string::npos);
    CHECK(f.engine.container_count() == 0);
    CHECK(f.package().error().message.find("create-container") != std::string::npos);
    CHECK(f.run(f.operations.start("env")).error().code == Errc::not_found);
    CHECK(f.run(f.operations.remove_versions("env", "5")).error().message.find("no version 5") != std::string::npos);
    REQUIRE(f.create());
    const auto again = f.create();
    CHECK(again.error().code == Errc::conflict);
    CHECK(again.error().message.find("docker-shell env") != std::string::npos);
}

TEST_CASE("an image that is not there is pulled, with progress") {
    Fixture f;
    f.engine.add_remote_image("cuda:12", {base, another});
    REQUIRE(f.create("cuda:12"));
    CHECK(std::ranges::count(f.said, "pulling cuda:12") == 2);
    const auto count = f.said.size();
    REQUIRE(f.create("cuda:12", "second"));
    CHECK(std::ranges::count(f.said, "pulling cuda:12") == 2);
    CHECK(f.said.size() > count);
}

TEST_CASE("two operations at once on one environment: the second is told to wait") {
    Fixture f;
    REQUIRE(f.create());
    net::TaskGroup group(f.loop);
    std::optional<Result<Packaged>> first, second;
    std::optional<Result<>> removed;
    const auto pack = [](Fixture& fixture, std::optional<Result<Packaged>>& out) -> net::Task<void> {
        out = co_await fixture.operations.package("env", fixture.sink());
    };
    const auto drop = [](Fixture& fixture, std::optional<Result<>>& out) -> net::Task<void> {
        out = co_await fixture.operations.remove("env");
    };
    group.spawn(pack(f, first));
    group.spawn(pack(f, second));
    group.spawn(drop(f, removed));
    f.run(group.join());
    CHECK(first->has_value());
    REQUIRE_FALSE(second->has_value());
    CHECK(second->error().code == Errc::conflict);
    CHECK(second->error().message.find("being packaged") != std::string::npos);
    CHECK(removed->error().code == Errc::conflict);
    CHECK(f.entry().container);
    CHECK(f.operations.operation("env").empty());
}

TEST_CASE("an engine that dies in the middle leaves the old version and a container") {
    Fixture f;
    REQUIRE(f.create());
    REQUIRE(f.package());
    const auto before = *f.store.list();
    f.engine.write_layer("env", change);
    auto watch = [&](const OperationStep& step) {
        if (step.message == "reading the image") f.engine.down = true;
    };
    const auto failed = f.run(f.operations.package("env", watch));
    REQUIRE_FALSE(failed);
    CHECK(failed.error().code == Errc::unavailable);
    CHECK(*f.store.list() == before);
    const auto overview = f.run(f.operations.overview());
    CHECK_FALSE(overview.problem.empty());
    CHECK(overview.environments[0].versions.size() == 1);
    f.engine.down = false;
    REQUIRE(f.package());
    CHECK(*f.store.list() != before);
}

TEST_CASE("a re-base that was cut off between two steps is finished") {
    Fixture f;
    REQUIRE(f.create());
    ContainerSpec next;
    next.name = "hakuriver-next-env";
    next.image = "python:3";
    next.command = {"sleep", "infinity"};
    next.labels = {{environment_label, "env"}};
    REQUIRE(f.run(f.engine.create(next)));
    REQUIRE(f.run(f.operations.repair()));
    CHECK(f.engine.container_count() == 1); // the old one was still there: it counts
    REQUIRE(f.run(f.engine.create(next)));
    REQUIRE(f.run(f.engine.remove("env", true)));
    REQUIRE(f.run(f.operations.repair()));
    CHECK(f.entry().container->name == "env");
    REQUIRE(f.run(f.operations.repair())); // its label stays, and does no harm
    CHECK(f.entry().container->name == "env");
}

TEST_CASE("a Host that starts leaves other containers alone that stand on an image of an environment") {
    Fixture f;
    REQUIRE(f.create());
    for (int i = 0; i < 2; ++i) { // the second image is of a container that took another's place
        f.engine.write_layer("env", change);
        REQUIRE(f.package());
    }
    REQUIRE(f.run(f.operations.create(environment_image("env"), "other", [](const OperationStep&) {})));
    ContainerSpec task;
    task.name = "hakuriver-task-7.1";
    task.image = environment_image("env");
    task.command = {"sleep", "infinity"};
    REQUIRE(f.run(f.engine.create(task)));
    REQUIRE(f.run(f.operations.repair()));
    CHECK(f.engine.container_count() == 3);
    REQUIRE(f.run(f.operations.remove("env")));
    REQUIRE(f.run(f.operations.repair())); // and none of them becomes the environment
    CHECK(f.run(f.engine.inspect("other")));
    CHECK(f.run(f.engine.inspect("hakuriver-task-7.1")));
}

TEST_CASE("a container that the Host left paused when it ended is let go on by the next") {
    Fixture f;
    REQUIRE(f.create());
    REQUIRE(f.run(f.engine.pause("env")));
    REQUIRE(f.run(f.operations.repair()));
    CHECK(f.entry().container->status == ContainerStatus::running);
}

TEST_CASE("the container of a task is no environment, though its image hands it an environment's label") {
    Fixture f;
    REQUIRE(f.create());
    ContainerSpec task;
    task.name = "hakuriver-task-7.1";
    task.image = "python:3";
    task.command = {"sleep", "infinity"};
    task.labels = {{environment_label, "env"}};
    REQUIRE(f.run(f.engine.create(task)));
    CHECK(f.entry().name == "env"); // and the only one
}

TEST_CASE("containers that HakuRiver did not make are left alone, and ids are no names") {
    Fixture f;
    ContainerSpec other;
    other.name = "postgres";
    other.image = "python:3";
    other.command = {"sleep", "1000"};
    const auto made = f.run(f.engine.create(other));
    REQUIRE(made);
    REQUIRE(f.run(f.engine.start("postgres")));
    for (const std::string& name : {std::string("postgres"), made->id}) {
        CAPTURE(name);
        CHECK_FALSE(f.run(f.operations.running(name)));
        CHECK_FALSE(f.run(f.operations.stop(name)));
        CHECK_FALSE(f.run(f.operations.package(name, f.sink())));
        CHECK_FALSE(f.run(f.operations.remove(name)));
    }
    const auto refused = f.run(f.operations.remove("postgres"));
    CHECK(refused.error().code == Errc::conflict);
    CHECK(refused.error().message.contains("docker commit postgres"));
    CHECK(f.create("python:3", "postgres").error().message.contains("was not made by HakuRiver"));
    CHECK(f.run(f.engine.inspect("postgres"))->status == ContainerStatus::running);
    CHECK(f.run(f.operations.overview()).environments.empty());
}

TEST_CASE("a shell goes only into a container that runs") {
    Fixture f;
    REQUIRE(f.create());
    CHECK(f.run(f.operations.running("env"))->name == "env");
    REQUIRE(f.run(f.operations.stop("env")));
    const auto stopped = f.run(f.operations.running("env"));
    REQUIRE_FALSE(stopped);
    CHECK(stopped.error().code == Errc::conflict);
    CHECK(stopped.error().message.ends_with("start it with hakuriver.docker start-container env"));
    CHECK(f.run(f.operations.running("none")).error().code == Errc::not_found);
}

TEST_CASE("the image goes with the last container and version") {
    Fixture f;
    REQUIRE(f.create());
    REQUIRE(f.package());
    REQUIRE(f.run(f.operations.remove("env")));
    CHECK(f.run(f.engine.inspect_image("hakuriver/env:base"))); // there is a version
    REQUIRE(f.run(f.operations.remove_versions("env", "")));
    CHECK_FALSE(f.run(f.engine.inspect_image("hakuriver/env:base")));
    CHECK(f.run(f.engine.inspect_image("python:3"))); // not ours to remove
}

TEST_CASE("archives are imported and exported") {
    Fixture f;
    Given given;
    given.all = docker_archive({base, change});
    const auto imported = f.run(f.operations.import_archive("env", given, f.sink()));
    REQUIRE_MESSAGE(imported, imported.error().message);
    Kept kept;
    REQUIRE(f.run(f.operations.export_archive("env", "", kept)));
    Given again;
    again.all = kept.all;
    const auto loaded = f.run(f.engine.load_image(again));
    REQUIRE(loaded);
    CHECK(f.run(f.engine.inspect_image(make_image({base, change}).id.text())));
    Given cut;
    cut.all = given.all.substr(0, given.all.size() / 2);
    CHECK_FALSE(f.run(f.operations.import_archive("env", cut, f.sink())));
    CHECK(f.store.list()->size() == 1);
    Given nonsense;
    nonsense.all = "this is no archive";
    CHECK_FALSE(f.run(f.operations.import_archive("env", nonsense, f.sink())));
    Given zipped;
    zipped.all = "\x1f\x8b" + std::string(1000, 'z');
    CHECK(f.run(f.operations.import_archive("env", zipped, f.sink())).error().message.contains("gunzip"));
    REQUIRE(f.create("hakuriver/env:base", "env")); // on what was imported
    CHECK(f.entry().container);
    CHECK(f.run(f.operations.export_archive("env", "7", kept)).error().code == Errc::not_found);
    REQUIRE(f.run(f.operations.remove_versions("env", imported->version.name())));
    CHECK(f.store.list()->empty());
}

TEST_CASE("the default environment is made once, and a Host without its image says what to do") {
    Fixture f;
    const auto failed = f.run(f.operations.make_default("hakuriver-base", "python:9", f.sink()));
    REQUIRE_FALSE(failed);
    CHECK(failed.error().message.find("docker load") != std::string::npos);
    REQUIRE(f.run(f.operations.make_default("hakuriver-base", "python:3", f.sink())));
    const auto versions = *f.store.list();
    REQUIRE(versions.size() == 1);
    REQUIRE(f.run(f.operations.make_default("hakuriver-base", "python:3", f.sink())));
    CHECK(*f.store.list() == versions);
}
