#include "support/engine_contract.hpp"

#include "net/task.hpp"
#include "support/image_archive.hpp"

#include <algorithm>
#include <csignal>
#include <doctest/doctest.h>

namespace hk::test {

using namespace hk::docker;
using hk::net::Task;

namespace {

constexpr const char* label = "hk.contract";

ContainerSpec spec_of(const std::string& image, const std::string& name, std::vector<std::string> command) {
    ContainerSpec spec;
    spec.name = name;
    spec.image = image;
    spec.command = std::move(command);
    spec.labels = {{label, "yes"}};
    spec.network = "none";
    return spec;
}

#define NEED(result) REQUIRE_MESSAGE((result), (result).error().message)

/// Awaits the task inside the test: failures of doctest stay on the test's own stack.
template <class T>
T now(net::Loop& loop, Task<T> task) {
    return net::run_task(loop, std::move(task));
}

std::string make(net::Loop& loop, Engine& engine, ContainerSpec spec) {
    const auto id = now(loop, engine.create(std::move(spec)));
    NEED(id);
    return id->id;
}

void check_life(net::Loop& loop, Engine& engine, const std::string& image) {
    const auto id = make(loop, engine, spec_of(image, "hk-contract-1", {"sh", "-c", "exit 42"}));
    CHECK(now(loop, engine.create(spec_of(image, "hk-contract-1", {"true"}))).error().code == Errc::conflict);
    CHECK(now(loop, engine.inspect("hk-contract-1"))->status == ContainerStatus::created);
    NEED(now(loop, engine.start(id)));
    CHECK(now(loop, engine.wait(id)) == 42);
    const auto info = now(loop, engine.inspect(id));
    NEED(info);
    CHECK(info->status == ContainerStatus::exited);
    CHECK(info->exit_code == 42);
    CHECK(info->name == "hk-contract-1");
    CHECK(info->labels.at(label) == "yes");
    CHECK(info->started_at);
    CHECK(info->finished_at);
    CHECK_FALSE(info->oom_killed);
    CHECK(now(loop, engine.kill(id, SIGKILL)).error().code == Errc::conflict);
    CHECK(now(loop, engine.stop(id, std::chrono::seconds{1})));
    NEED(now(loop, engine.rename(id, "hk-contract-2")));
    CHECK(now(loop, engine.list(label))->size() == 1);
    CHECK(now(loop, engine.list(std::string(label) + "=yes"))->size() == 1);
    CHECK(now(loop, engine.list(std::string(label) + "=no"))->empty());
    CHECK(now(loop, engine.list("hk.other"))->empty());
    NEED(now(loop, engine.remove("hk-contract-2", false)));
    CHECK(now(loop, engine.inspect(id)).error().code == Errc::not_found);
    CHECK(now(loop, engine.list(label))->empty());
}

void check_control(net::Loop& loop, Engine& engine, const std::string& image) {
    auto spec = spec_of(image, "hk-contract-3", {"sleep", "1000"});
    spec.init = true;
    const auto id = make(loop, engine, std::move(spec));
    CHECK(now(loop, engine.pause(id)).error().code == Errc::conflict);
    NEED(now(loop, engine.start(id)));
    CHECK(now(loop, engine.start(id))); // again is no error
    NEED(now(loop, engine.pause(id)));
    CHECK(now(loop, engine.inspect(id))->status == ContainerStatus::paused);
    CHECK(now(loop, engine.pause(id)).error().code == Errc::conflict);
    NEED(now(loop, engine.unpause(id)));
    CHECK(now(loop, engine.inspect(id))->status == ContainerStatus::running);
    CHECK(now(loop, engine.count_processes(id)) == 2);
    CHECK(now(loop, engine.remove(id, false)).error().code == Errc::conflict);
    NEED(now(loop, engine.kill(id, SIGTERM)));
    CHECK(now(loop, engine.wait(id)) == 143);
    NEED(now(loop, engine.start(id)));
    NEED(now(loop, engine.kill(id, SIGKILL)));
    CHECK(now(loop, engine.wait(id)) == 137);
    NEED(now(loop, engine.remove(id, false)));
}

void check_refusals(net::Loop& loop, Engine& engine, const std::string& image) {
    CHECK(now(loop, engine.create(spec_of("hk-contract/none:1", "hk-contract-4", {"true"}))).error().code ==
          Errc::not_found);
    for (const char* name : {"hk-none", "-v", "a/b", "..", "\xf0\x9f\x90\x8d", "a?b=c"}) {
        CAPTURE(name);
        CHECK_FALSE(now(loop, engine.start(name)));
        CHECK_FALSE(now(loop, engine.inspect(name)));
        CHECK_FALSE(now(loop, engine.remove(name, true)));
    }
    const auto id = make(loop, engine, spec_of(image, "hk-contract-4", {"/no/such/program"}));
    const auto started = now(loop, engine.start(id));
    REQUIRE_FALSE(started);
    CHECK(started.error().message.find("/no/such/program") != std::string::npos);
    CHECK(now(loop, engine.inspect(id))->status != ContainerStatus::running);
    ExecSpec shell;
    shell.argv = {"sh"};
    CHECK(now(loop, engine.create_exec(id, shell)).error().code == Errc::conflict);
    NEED(now(loop, engine.remove(id, true)));
    auto relative = spec_of(image, "hk-contract-5", {"true"});
    relative.mounts = {{"data", "/data", false}};
    CHECK(now(loop, engine.create(std::move(relative))).error().code == Errc::invalid);
}

std::string read_to_end(net::Loop& loop, net::Stream& stream) {
    std::string all;
    char buffer[512];
    for (;;) {
        const auto got = now(loop, stream.read_some(buffer, std::chrono::seconds{20}));
        if (!got || *got == 0) return all;
        all.append(buffer, *got);
    }
}

void check_terminal(net::Loop& loop, Engine& engine, const std::string& image) {
    const auto id = make(loop, engine, spec_of(image, "hk-contract-6", {"sleep", "1000"}));
    NEED(now(loop, engine.start(id)));
    ExecSpec spec;
    spec.argv = {"sh"};
    const auto exec = now(loop, engine.create_exec(id, spec));
    NEED(exec);
    CHECK_FALSE(now(loop, engine.inspect_exec(*exec))->running);
    auto stream = now(loop, engine.start_exec(*exec, true));
    NEED(stream);
    NEED(now(loop, engine.resize_exec(*exec, 30, 100)));
    CHECK(now(loop, engine.inspect_exec(*exec))->running);
    CHECK(now(loop, engine.inspect(id))->exec_ids.size() == 1);
    REQUIRE(now(loop, (*stream)->write_all("echo gr\xc3\xbc\xc3\x9f\n", std::chrono::seconds{5})));
    REQUIRE(now(loop, (*stream)->write_all("exit 7\n", std::chrono::seconds{5})));
    CHECK(read_to_end(loop, **stream).find("gr\xc3\xbc\xc3\x9f") != std::string::npos);
    const auto ended = [&] { return now(loop, engine.inspect_exec(*exec))->exit_code; };
    for (int i = 0; i < 200 && !ended(); ++i) now(loop, net::sleep_for(std::chrono::milliseconds{20}));
    CHECK(ended() == 7);
    CHECK(now(loop, engine.start_exec("hk-none", true)).error().code == Errc::not_found);
    const auto left = now(loop, engine.create_exec(id, spec));
    NEED(left);
    NEED(now(loop, engine.start_exec(*left, true))); // and nobody keeps its terminal
    now(loop, net::sleep_for(std::chrono::milliseconds{200}));
    CHECK(now(loop, engine.inspect_exec(*left))->running);
    CHECK(now(loop, engine.inspect(id))->exec_ids.size() == 1);
    NEED(now(loop, engine.remove(id, true)));
}

struct Kept : ChunkSink {
    std::string all;
    Task<Result<>> write(std::string chunk) override {
        all += chunk;
        co_return Result<>{};
    }
};
struct Given : ChunkSource {
    std::string all;
    std::size_t at = 0;
    std::size_t cut = std::string::npos; ///< the source fails here
    Task<Result<std::string>> next() override {
        if (at >= cut) co_return fail(Errc::corrupt, "cut for the test");
        std::string chunk = all.substr(at, std::min<std::size_t>(50'000, cut - at));
        at += chunk.size();
        co_return chunk;
    }
};

/// By its id an engine removes an image with its last name; never one that has several names or that a container uses.
void check_removal(net::Loop& loop, Engine& engine, const std::string& image) {
    NEED(now(loop, engine.tag(image, "hk-contract/env", "third")));
    auto tags = now(loop, engine.inspect_image(image))->tags;
    REQUIRE(tags.size() > 1);
    CHECK(now(loop, engine.remove_image(image)).error().code == Errc::conflict);
    for (; tags.size() > 1; tags.pop_back()) NEED(now(loop, engine.remove_image(tags.back())));
    const auto user = make(loop, engine, spec_of(image, "hk-contract-8", {"true"}));
    CHECK(now(loop, engine.remove_image(image)).error().code == Errc::conflict);
    CHECK(now(loop, engine.remove_image(tags.front())).error().code == Errc::conflict);
    CHECK(now(loop, engine.inspect_image(image))->tags == tags);
    NEED(now(loop, engine.remove(user, false)));
    NEED(now(loop, engine.remove_image(image)));
    CHECK_FALSE(now(loop, engine.inspect_image(image)));
}

void check_images(net::Loop& loop, Engine& engine, const std::string& image) {
    const auto id = make(loop, engine, spec_of(image, "hk-contract-7", {"true"}));
    CommitSpec commit{id, "hk-contract/env", "base", true, {{label, "a \"quoted\" $value"}}};
    const auto committed = now(loop, engine.commit(commit));
    NEED(committed);
    const auto info = now(loop, engine.inspect_image("hk-contract/env:base"));
    NEED(info);
    CHECK(info->id == *committed);
    CHECK(info->labels.at(label) == "a \"quoted\" $value");
    CHECK(info->diff_ids == now(loop, engine.inspect_image(image))->diff_ids); // nothing was changed
    CHECK(now(loop, engine.list_images(label))->size() == 1);
    Kept kept;
    NEED(now(loop, engine.save_image("hk-contract/env:base", kept)));
    NEED(now(loop, engine.remove(id, false)));
    NEED(now(loop, engine.remove_image("hk-contract/env:base")));
    CHECK(now(loop, engine.inspect_image(*committed)).error().code == Errc::not_found);

    Given cut;
    cut.all = kept.all;
    cut.cut = kept.all.size() / 2;
    CHECK(now(loop, engine.load_image(cut)).error().message == "cut for the test");
    CHECK_FALSE(now(loop, engine.inspect_image(*committed)));
    Given given;
    given.all = kept.all;
    const auto loaded = now(loop, engine.load_image(given));
    NEED(loaded);
    NEED(now(loop, engine.tag(*committed, "hk-contract/env", "again")));
    CHECK(now(loop, engine.inspect_image("hk-contract/env:again"))->id == *committed);
    Given nonsense;
    nonsense.all = std::string(3000, 'x');
    CHECK_FALSE(now(loop, engine.load_image(nonsense)));
    check_removal(loop, engine, *committed);
    CHECK_FALSE(now(loop, engine.remove_image("hk-contract/none:1")));
    CHECK_FALSE(now(loop, engine.tag("hk-contract/none:1", "hk-contract/a", "b")));
    CHECK_FALSE(now(loop, engine.pull(ImageName{"127.0.0.1:9/hk-contract/none", "1", ""}, {})));
}

void check_events(net::Loop& loop, Engine& engine, const std::string& image) {
    std::vector<std::string> seen;
    net::TaskGroup group(loop);
    const auto follow = [](Engine& from, std::vector<std::string>& into) -> Task<void> {
        auto note = [&into](const EngineEvent& event) { into.push_back(event.action); };
        (void)co_await from.watch(label, std::move(note));
    };
    group.spawn(follow(engine, seen));
    now(loop,
        net::sleep_for(std::chrono::milliseconds{300})); // an engine tells only what happens after it has heard us
    const auto id = make(loop, engine, spec_of(image, "hk-contract-8", {"true"}));
    NEED(now(loop, engine.start(id)));
    NEED(now(loop, engine.wait(id)));
    const auto told = [&] { return std::ranges::find(seen, "die") != seen.end(); };
    for (int i = 0; i < 500 && !told(); ++i) now(loop, net::sleep_for(std::chrono::milliseconds{10}));
    CHECK(told());
    CHECK(std::ranges::find(seen, "start") != seen.end());
    NEED(now(loop, engine.remove(id, false)));
    group.cancel();
    now(loop, group.join());
}

} // namespace

void check_engine_contract(net::Loop& loop, Engine& engine, const std::string& image) {
    const auto info = now(loop, engine.info());
    NEED(info);
    CHECK_FALSE(info->version.empty());
    CHECK_FALSE(info->storage_driver.empty());
    check_life(loop, engine, image);
    check_control(loop, engine, image);
    check_refusals(loop, engine, image);
    check_terminal(loop, engine, image);
    check_images(loop, engine, image);
    check_events(loop, engine, image);
}

} // namespace hk::test
