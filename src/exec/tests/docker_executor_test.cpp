#include "exec/docker_executor.hpp"

#include "docker/engine_client.hpp"
#include "exec/container_plan.hpp"
#include "exec/environment_sync.hpp"
#include "support/executor_contract.hpp"
#include "support/private_engine.hpp"

#include <doctest/doctest.h>

using namespace hk;
using namespace hk::test;
using namespace std::chrono_literals;

namespace {

/// Somebody removes the image between the moment in which it was found and the one in which it is used.
class Vanishing final : public exec::EnvironmentSource {
public:
    explicit Vanishing(exec::EnvironmentSource& real)
        : real_(real) {}
    net::Task<Result<std::string>> prepare(exec::EnvironmentWish wish, Progress progress) override {
        if (vanish-- > 0) co_return "sha256:" + std::string(64, 'e');
        auto image = co_await real_.prepare(std::move(wish), std::move(progress));
        co_return image;
    }
    int vanish = 0;

private:
    exec::EnvironmentSource& real_;
};

/// The executor with what belongs to it, on an engine that the test started.
class OnEngine final : public exec::Executor {
public:
    OnEngine(ExecutorRig& rig, const net::Address& address, exec::DockerPolicy policy)
        : pool_(rig.loop, 2, 100)
        , engine_(address)
        , sync_(rig.loop, pool_, engine_, oci::EnvironmentStore(rig.settings.shared_dir / "containers"))
        , source_(sync_) {
        auto made = exec::DockerExecutor::open(rig.loop, rig.spool, rig.settings, rig,
                                               exec::DockerParts{engine_, source_, pool_, std::move(policy)});
        REQUIRE(made);
        docker_ = std::move(*made);
    }
    ExecutorKind kind() const override { return docker_->kind(); }
    ExecutorOffer offer() const override { return docker_->offer(); }
    void use_gpus(const std::vector<Gpu>& gpus) override { docker_->use_gpus(gpus); }
    void start(const Assignment& assignment) override { docker_->start(assignment); }
    void recover(const Assignment& assignment) override { docker_->recover(assignment); }
    void stop(AttemptId attempt, Duration grace) override { docker_->stop(attempt, grace); }
    void pause(AttemptId attempt) override { docker_->pause(attempt); }
    void resume(AttemptId attempt) override { docker_->resume(attempt); }
    void forget(AttemptId attempt) override { docker_->forget(attempt); }
    docker::Engine& engine() { return engine_; }
    void let_images_vanish(int times) { source_.vanish = times; }

private:
    net::Pool pool_;
    docker::EngineClient engine_;
    exec::EnvironmentSync sync_;
    Vanishing source_;
    std::unique_ptr<exec::DockerExecutor> docker_;
};

std::unique_ptr<ExecutorRig> make_rig(PrivateEngine& engine, const std::filesystem::path& dir,
                                      const exec::DockerPolicy& policy = {}) {
    auto rig = std::make_unique<ExecutorRig>(dir, [&engine, policy](ExecutorRig& made) {
        return std::make_unique<OnEngine>(made, engine.address(), policy);
    });
    rig->prototype.container = "env";
    rig->prototype.cores = 0;
    rig->open();
    return rig;
}

void import_environment(PrivateEngine& engine) {
    net::Loop loop;
    docker::EngineClient client(engine.address());
    REQUIRE(engine.import_base(loop, client, "hakuriver/env:base"));
}

/// One engine for all tests of this file: starting one costs more than most of them.
PrivateEngine& shared_engine() {
    static PrivateEngine engine;
    static const bool imported = (import_environment(engine), true);
    (void)imported;
    return engine;
}

/// How many containers of the rig's runner there are; nothing else is counted.
std::size_t containers_of(ExecutorRig& rig) {
    auto& engine = static_cast<OnEngine&>(*rig.executor).engine();
    net::Loop loop;
    const auto list = net::run_task(loop, engine.list("hakuriver.runner=" + rig.spool.state_id()));
    REQUIRE(list);
    return list->size();
}

std::string only_container(ExecutorRig& rig) {
    auto& engine = static_cast<OnEngine&>(*rig.executor).engine();
    const auto list = net::run_task(rig.loop, engine.list("hakuriver.runner=" + rig.spool.state_id()));
    REQUIRE(list->size() == 1);
    return list->front().id;
}

bool possible() { return PrivateEngine::possible(); }

/// The keeper is faster than the engine's own start; an engine that is killed in the middle of that forgets to end the
/// container when it comes back. An inspection waits for the start.
void await_start(ExecutorRig& rig, AttemptId id) {
    rig.await<exec::Started>(id);
    auto& engine = static_cast<OnEngine&>(*rig.executor).engine();
    const auto info = net::run_task(rig.loop, engine.inspect(exec::container_name(id, rig.spool.state_id())));
    REQUIRE(info);
    REQUIRE(info->started_at);
    rig.wait([] { return false; }, 1); // the executor has read the engine's answer and waits for the end
}

} // namespace

TEST_CASE("containers keep the contract of executors" * doctest::skip(!possible())) {
    executor_contract([](const std::filesystem::path& dir) { return make_rig(shared_engine(), dir); });
}

TEST_CASE("a forgotten attempt leaves no container" * doctest::skip(!possible())) {
    const TempDir dir;
    const auto rig = make_rig(shared_engine(), dir.path());
    const auto id = rig->shell(700, "exit 3");
    CHECK(rig->outcome(id).exit_code == 3);
    rig->executor->forget(id);
    CHECK(rig->wait([&] { return containers_of(*rig) == 0; }, 10));
}

TEST_CASE("an image that is gone when it is to be used is got again" * doctest::skip(!possible())) {
    const TempDir dir;
    const auto rig = make_rig(shared_engine(), dir.path());
    static_cast<OnEngine&>(*rig->executor).let_images_vanish(2);
    const auto id = rig->shell(1, "exit 6");
    CHECK(rig->outcome(id).exit_code == 6);
    rig->executor->forget(id);
}

TEST_CASE("a node may offer more cores than its machine has" * doctest::skip(!possible())) {
    const TempDir dir;
    const auto rig = make_rig(shared_engine(), dir.path());
    REQUIRE(rig->wait([&] { return rig->executor->offer().available; }));
    rig->prototype.cores = 10'000;
    const auto id = rig->shell(1, "exit 8");
    CHECK(rig->outcome(id).exit_code == 8);
    rig->executor->forget(id);
}

TEST_CASE("limits, mounts and places are as asked" * doctest::skip(!possible())) {
    const TempDir dir;
    const auto rig = make_rig(shared_engine(), dir.path());
    std::filesystem::create_directories(dir.path() / "extra");
    std::ofstream(dir.path() / "extra" / "file") << "extra";
    rig->prototype.cores = 1;
    rig->prototype.memory = Bytes{64'000'000};
    rig->prototype.mounts = {{(dir.path() / "extra").string(), "/mnt/extra", true}};
    const auto id = rig->shell(1, "pwd; cat /mnt/extra/file; touch /mnt/extra/x || echo read-only; echo "
                                  "$HAKURIVER_SHARED_DIR "
                                  "$HAKURIVER_LOCAL_TEMP_DIR; touch /local_temp/here; cat "
                                  "/sys/fs/cgroup/memory/memory.limit_in_bytes /sys/fs/cgroup/memory.max 2>/dev/null");
    REQUIRE(rig->outcome(id).reason == EndReason::exited);
    const std::string output = rig->output(id);
    CAPTURE(output);
    CHECK(output.starts_with("/shared\nextraread-only\n/shared /local_temp\n"));
    CHECK(output.find("\n63999") + output.find("\n64000000") != 2 * std::string::npos); // whole pages
    CHECK(std::filesystem::exists(rig->settings.local_temp_dir / "here"));
    rig->executor->forget(id);
}

TEST_CASE("a task over its memory limit is an oom with limit and peak" * doctest::skip(!possible())) {
    const TempDir dir;
    const auto rig = make_rig(shared_engine(), dir.path());
    rig->prototype.memory = Bytes{32'000'000};
    const auto id = rig->shell(1, "dd if=/dev/zero of=/dev/null bs=128M count=1");
    const Outcome outcome = rig->outcome(id);
    CHECK(outcome.reason == EndReason::oom);
    CHECK(outcome.message.find("limit of 32") != std::string::npos);
    CHECK(outcome.peak_memory);
    rig->executor->forget(id);
}

TEST_CASE("what the node does not allow or have is refused in words" * doctest::skip(!possible())) {
    const TempDir dir;
    exec::DockerPolicy policy;
    policy.allow_privileged = false;
    policy.allowed_mounts = {dir.path() / "allowed"};
    std::filesystem::create_directories(dir.path() / "allowed");
    std::filesystem::create_directory_symlink("/etc", dir.path() / "allowed" / "way-out");
    const auto rig = make_rig(shared_engine(), dir.path(), policy);
    const auto refusal = [&](std::int64_t task, auto change) {
        rig->prototype = TaskSpec{};
        rig->prototype.container = "env";
        change(rig->prototype);
        const auto id = rig->start(task, {"true"});
        const Outcome outcome = rig->outcome(id);
        CHECK(outcome.reason == EndReason::not_started);
        CHECK(outcome.exit_code == 125);
        rig->executor->forget(id);
        return outcome.message;
    };
    CHECK(refusal(1, [](TaskSpec& spec) { spec.privileged = true; }).find("privileged") != std::string::npos);
    CHECK(refusal(2, [](TaskSpec& spec) { spec.mounts = {{"/etc", "/x"}}; }).find("/etc") != std::string::npos);
    CHECK(refusal(3, [&](TaskSpec& spec) {
              spec.mounts = {{(dir.path() / "allowed/way-out").string(), "/x"}};
          }).find("does not allow") != std::string::npos);
    CHECK(refusal(4, [&](TaskSpec& spec) {
              spec.mounts = {{(dir.path() / "allowed/missing").string(), "/x"}};
          }).find("does not have it") != std::string::npos);
    CHECK(refusal(5, [](TaskSpec& spec) { spec.container = "nowhere"; }).find("create-tar nowhere") !=
          std::string::npos);
    CHECK(refusal(6, [](TaskSpec& spec) { spec.memory = Bytes{1000}; }).find("emory limit") != std::string::npos);
    CHECK(rig->wait([&] { return containers_of(*rig) == 0; }, 10));
}

TEST_CASE("a container that is killed from outside is not the task's own failure" * doctest::skip(!possible())) {
    const TempDir dir;
    const auto rig = make_rig(shared_engine(), dir.path());
    const auto id = rig->shell(1, "sleep 1000");
    rig->await<exec::Started>(id);
    auto& engine = static_cast<OnEngine&>(*rig->executor).engine();
    REQUIRE(net::run_task(rig->loop, engine.kill(only_container(*rig), SIGKILL)));
    const Outcome outcome = rig->outcome(id);
    CHECK(outcome.reason == EndReason::interrupted);
    CHECK(outcome.message.find("outside") != std::string::npos);
    rig->executor->forget(id);
    CHECK(rig->wait([&] { return containers_of(*rig) == 0; }, 10));
}

TEST_CASE("a container that is stopped from outside is not the task's own failure" * doctest::skip(!possible())) {
    const TempDir dir;
    const auto rig = make_rig(shared_engine(), dir.path());
    const auto id = rig->shell(1, "trap 'exit 5' TERM; while :; do sleep 0.05; done");
    rig->await<exec::Started>(id);
    auto& engine = static_cast<OnEngine&>(*rig->executor).engine();
    REQUIRE(net::run_task(rig->loop, engine.stop(only_container(*rig), std::chrono::seconds(10))));
    const Outcome outcome = rig->outcome(id);
    CHECK(outcome.reason == EndReason::interrupted);
    CHECK(outcome.exit_code == 5);
    CHECK(outcome.message.find("stopped from outside") != std::string::npos);
    rig->executor->forget(id);
    CHECK(rig->wait([&] { return containers_of(*rig) == 0; }, 10));
}

TEST_CASE("with live-restore a task and its exit code survive a killed engine" * doctest::skip(!possible())) {
    PrivateEngine engine({"--live-restore"});
    import_environment(engine);
    const TempDir dir;
    const auto rig = make_rig(engine, dir.path());
    REQUIRE(rig->wait([&] { return rig->executor->offer().available; }));
    CHECK(rig->executor->offer().warnings.empty());
    const auto long_one = rig->shell(1, "while [ ! -e go ]; do echo tick; sleep 0.02; done; exit 42");
    const auto meanwhile = rig->shell(2, "while [ ! -e stop ]; do sleep 0.02; done; exit 43");
    rig->await<exec::Started>(long_one);
    rig->await<exec::Started>(meanwhile);
    engine.kill();
    std::ofstream(rig->settings.shared_dir / "shared_data" / "stop").put('x');
    CHECK(rig->outcome(meanwhile).exit_code == 43); // told by the keeper, without any engine
    const auto size = rig->output(long_one).size();
    CHECK(rig->wait([&] { return rig->output(long_one).size() > size + 10'000 / 50; }, 20));
    engine.start();
    std::ofstream(rig->settings.shared_dir / "shared_data" / "go").put('x');
    CHECK(rig->outcome(long_one).exit_code == 42);
    CHECK(rig->outcome(long_one).reason == EndReason::exited);
    rig->executor->forget(long_one);
    rig->executor->forget(meanwhile);
    CHECK(rig->wait([&] { return containers_of(*rig) == 0; }, 20));
}

TEST_CASE("without live-restore a task ends as interrupted by the engine" * doctest::skip(!possible())) {
    PrivateEngine engine;
    import_environment(engine);
    const TempDir dir;
    const auto rig = make_rig(engine, dir.path());
    REQUIRE(rig->wait([&] { return !rig->executor->offer().warnings.empty(); }));
    const auto graceful = rig->shell(1, "while :; do sleep 0.05; done");
    rig->await<exec::Started>(graceful);
    engine.stop();
    CHECK(rig->outcome(graceful).reason == EndReason::interrupted);
    CHECK(rig->outcome(graceful).message.find("engine") != std::string::npos);
    const auto waiting = rig->shell(2, "exit 4"); // starts as soon as the engine is there again
    REQUIRE(rig->wait([&] { return rig->count<exec::Progress>(waiting) > 0; }));
    engine.start();
    CHECK(rig->outcome(waiting).exit_code == 4);
    const auto hard = rig->shell(3, "while :; do sleep 0.05; done");
    await_start(*rig, hard);
    engine.kill();
    engine.start(); // which ends what it finds running
    const Outcome& ended = rig->outcome(hard);
    CAPTURE(ended.message);
    CAPTURE(ended.exit_code);
    CHECK(ended.reason == EndReason::interrupted);
    for (const auto id : {graceful, waiting, hard}) rig->executor->forget(id);
    CHECK(rig->wait([&] { return containers_of(*rig) == 0; }, 20));
}

namespace {

/// A device of this name for each GPU; what is behind it is the null device.
std::string cdi_file(const std::vector<std::string>& names) {
    std::string devices;
    for (const auto& name : names) {
        devices.append(devices.empty() ? "" : ",").append(R"({"name":")").append(name);
        devices.append(R"(","containerEdits":{"deviceNodes":[{"path":"/dev/nvidia-)").append(name);
        devices.append(R"(","type":"c","major":1,"minor":3}]}})");
    }
    return R"({"cdiVersion":"0.5.0","kind":"nvidia.com/gpu","devices":[)" + devices + "]}";
}

/// Which of these devices a task on the second of two GPUs sees, on an engine that has only CDI.
std::string seen_with_cdi(const std::vector<std::string>& names) {
    const TempDir dir;
    std::filesystem::create_directory(dir.path() / "cdi");
    std::ofstream(dir.path() / "cdi/nvidia.json") << cdi_file(names);
    PrivateEngine engine({}, R"({"features":{"cdi":true},"cdi-spec-dirs":[")" + (dir.path() / "cdi").string() + "\"]}");
    import_environment(engine);
    const auto rig = make_rig(engine, dir.path());
    REQUIRE(rig->wait([&] { return rig->executor->offer().available; }));
    std::vector<Gpu> gpus(2);
    for (int i = 0; i < 2; ++i) {
        gpus[static_cast<std::size_t>(i)].id = i;
        gpus[static_cast<std::size_t>(i)].uuid = i == 0 ? "GPU-a" : "GPU-b";
        gpus[static_cast<std::size_t>(i)].vendor = "nvidia";
    }
    rig->executor->use_gpus(gpus);
    rig->placement.gpus = {1};
    const auto id = rig->shell(1, "ls /dev | grep nvidia-");
    const Outcome outcome = rig->outcome(id);
    rig->executor->forget(id);
    return outcome.reason == EndReason::exited ? rig->output(id) : outcome.message;
}

} // namespace

TEST_CASE("an engine without a GPU driver gives GPUs by their CDI names" * doctest::skip(!PrivateEngine::knows_cdi())) {
    CHECK(seen_with_cdi({"0", "1", "GPU-a", "GPU-b"}) == "nvidia-GPU-b\n");
    CHECK(seen_with_cdi({"0", "1"}) == "nvidia-1\n"); // all that older toolkits write
    CHECK(seen_with_cdi({"0", "GPU-a"}).starts_with("the CDI files of this node do not know the GPU"));
}

TEST_CASE("an engine that hands out no GPUs is said with what to do" * doctest::skip(!possible())) {
    const TempDir dir;
    const auto rig = make_rig(shared_engine(), dir.path());
    REQUIRE(rig->wait([&] { return rig->executor->offer().available; }));
    rig->placement.gpus = {0};
    const auto id = rig->start(1, {"true"});
    CHECK(rig->outcome(id).message.starts_with("the container engine of this node hands out no GPUs; install"));
    rig->executor->forget(id);
}
