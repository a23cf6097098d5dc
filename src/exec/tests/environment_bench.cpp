// Measures, on two engines of its own, what moving a change of a large environment to a node costs: our way against
// commit + docker save + docker load of the same container in the same run; and the latency of a container task
// against the bare API. Not a test: nothing is asserted.
//   environment_bench [MEGABYTES] [TASKS]
#include "docker/engine_client.hpp"
#include "docker/environment_operations.hpp"
#include "exec/docker_executor.hpp"
#include "exec/environment_sync.hpp"
#include "support/executor_rig.hpp"
#include "support/private_engine.hpp"

#define DOCTEST_CONFIG_IMPLEMENT
#include <doctest/doctest.h>

#include <cstdio>
#include <unistd.h>

using namespace hk;
using namespace hk::test;

namespace {

template <class T>
T must(Result<T> result) {
    if (!result) {
        std::fprintf(stderr, "%s\n", result.error().message.c_str());
        std::exit(1);
    }
    return std::move(*result);
}
void must(Result<> result) {
    if (result) return;
    std::fprintf(stderr, "%s\n", result.error().message.c_str());
    std::exit(1);
}

class Watch {
public:
    double seconds() const { return std::chrono::duration<double>(BootClock::now() - start_).count(); }

private:
    Mono start_ = BootClock::now();
};

struct FileSink final : docker::ChunkSink {
    std::ofstream file;
    std::int64_t bytes = 0;
    explicit FileSink(const std::filesystem::path& path)
        : file(path, std::ios::binary) {}
    net::Task<Result<>> write(std::string chunk) override {
        file.write(chunk.data(), static_cast<std::streamsize>(chunk.size()));
        bytes += static_cast<std::int64_t>(chunk.size());
        co_return Result<>{};
    }
};
struct FileSource final : docker::ChunkSource {
    std::ifstream file;
    explicit FileSource(const std::filesystem::path& path)
        : file(path, std::ios::binary) {}
    net::Task<Result<std::string>> next() override {
        std::string chunk(1 << 20, '\0');
        file.read(chunk.data(), 1 << 20);
        chunk.resize(static_cast<std::size_t>(file.gcount()));
        co_return chunk;
    }
};

/// A Host's engine with a long-lived container, a node's engine, and the folder that they share.
struct Bench {
    PrivateEngine host_engine, node_engine;
    TempDir folder;
    net::Loop loop;
    net::Pool pool{loop, 2, 100};
    docker::EngineClient host{host_engine.address()}, node{node_engine.address()};
    oci::EnvironmentStore store{folder.path() / "containers"};
    docker::EnvironmentOperations operations{loop, pool, host, store, {.network = "none", .default_environment = ""}};
    exec::EnvironmentSync sync{loop, pool, node, store};

    template <class T>
    T run(net::Task<T> task) {
        return net::run_task(loop, std::move(task));
    }
    void in_container(const std::string& name, const std::string& script) {
        docker::ExecSpec spec;
        spec.argv = {"sh", "-c", script};
        const auto exec = must(run(host.create_exec(name, spec)));
        const auto stream = must(run(host.start_exec(exec, true)));
        char buffer[4096];
        for (auto got = run(stream->read_some(buffer, std::chrono::minutes{5})); got && *got > 0;)
            got = run(stream->read_some(buffer, std::chrono::minutes{5}));
    }
};

void fill(Bench& bench, const std::string& name, int megabytes, int part) {
    bench.in_container(name, "mkdir -p /data" + std::to_string(part) + "; i=0; while [ $i -lt " +
                                 std::to_string(megabytes) + " ]; do dd if=/dev/urandom of=/data" +
                                 std::to_string(part) + "/f$i bs=1048576 count=1 2>/dev/null; i=$((i+1)); done");
}

docker::Packaged package(Bench& bench) {
    return must(bench.run(bench.operations.package("env", [](const docker::OperationStep&) {})));
}

/// What is not on disk yet must not slow down whoever comes next.
void settle() { ::sync(); }

/// The floor of a first sync: the image that we brought, as one file, into an engine that has nothing. The file has
/// just been written, so that it is read from memory, as our layers are.
void load_the_same(Bench& bench) {
    const auto path = bench.folder.path() / "same.tar";
    FileSink sink(path);
    must(bench.run(bench.host.save_image("hakuriver/env:base", sink)));
    sink.file.close();
    PrivateEngine empty;
    docker::EngineClient client(empty.address());
    settle();
    const Watch watch;
    FileSource source(path);
    must(bench.run(client.load_image(source)));
    std::printf("load of the same            %6.2f s, %lld bytes\n", watch.seconds(),
                static_cast<long long>(sink.bytes));
    std::filesystem::remove(path);
}

/// As HakuRiver does it: commit the long-lived container, save everything, load everything.
void old_way(Bench& bench) {
    const auto path = bench.folder.path() / "classic.tar";
    settle();
    const Watch watch;
    docker::CommitSpec commit{"classic", "old/env", "base", true, {}};
    must(bench.run(bench.host.commit(commit)));
    const double committed = watch.seconds();
    FileSink sink(path);
    must(bench.run(bench.host.save_image("old/env:base", sink)));
    sink.file.close();
    const double saved = watch.seconds();
    FileSource source(path);
    must(bench.run(bench.node.load_image(source)));
    std::printf("commit + save + load        %6.2f s  (%.2f + %.2f + %.2f), %lld bytes\n", watch.seconds(), committed,
                saved - committed, watch.seconds() - saved, static_cast<long long>(sink.bytes));
    std::filesystem::remove(path);
}

void new_way(Bench& bench, const char* what) {
    const auto before = bench.sync.bytes_read();
    settle();
    const Watch watch;
    const auto packaged = package(bench);
    const double done = watch.seconds();
    settle();
    const Watch sync_watch;
    must(bench.run(bench.sync.prepare({"env", packaged.version.name()}, {})));
    const double synced = sync_watch.seconds();
    std::printf("%-27s %6.2f s  (package %.2f + sync %.2f), %lld bytes written, %lld read\n", what, done + synced, done,
                synced, static_cast<long long>(packaged.new_bytes.value),
                static_cast<long long>((bench.sync.bytes_read() - before).value));
}

void environments(int megabytes) {
    Bench bench;
    bench.host_engine.import_base(bench.loop, bench.host, "base:1");
    must(bench.run(bench.operations.repair()));
    must(bench.run(bench.operations.create("base:1", "env", [](const docker::OperationStep&) {})));
    must(bench.run(bench.operations.create("base:1", "classic", [](const docker::OperationStep&) {})));
    for (int part = 1; part <= 3; ++part) {
        fill(bench, "env", megabytes / 3, part);
        fill(bench, "classic", megabytes / 3, part);
        if (part < 3) package(bench);
    }
    new_way(bench, "first version, ours");
    load_the_same(bench);
    old_way(bench);
    for (const char* name : {"env", "classic"})
        bench.in_container(name, "dd if=/dev/urandom of=/change bs=1048576 count=5");
    new_way(bench, "after a change of 5 MB, ours");
    old_way(bench);
    for (const char* name : {"env", "classic"})
        bench.in_container(name, "dd if=/dev/urandom of=/change bs=1048576 count=5");
    new_way(bench, "and again, ours");
    old_way(bench);
}

struct Fixed final : exec::EnvironmentSource {
    net::Task<Result<std::string>> prepare(exec::EnvironmentWish, Progress) override {
        co_return std::string("base:1");
    }
};

net::Task<void> bare(docker::Engine& engine, int first, int count) {
    for (int i = first; i < first + count; ++i) {
        docker::ContainerSpec spec;
        spec.name = "bare-" + std::to_string(i);
        spec.image = "base:1";
        spec.command = {"true"};
        spec.network = "host";
        const auto created = co_await engine.create(std::move(spec));
        (void)co_await engine.start(created->id);
        (void)co_await engine.wait(created->id);
        (void)co_await engine.remove(created->id, false);
    }
}

double run_tasks(ExecutorRig& rig, std::int64_t first, int count, int at_once) {
    const Watch watch;
    std::int64_t next = first;
    std::vector<AttemptId> running;
    while (next < first + count || !running.empty()) {
        while (next < first + count && static_cast<int>(running.size()) < at_once)
            running.push_back(rig.start(next++, {"true"}));
        rig.loop.run_until([&] {
            for (const auto id : running)
                if (rig.find<exec::Ended>(id) != nullptr) return true;
            return false;
        });
        std::erase_if(running, [&](AttemptId id) {
            if (rig.find<exec::Ended>(id) == nullptr) return false;
            rig.executor->forget(id);
            return true;
        });
    }
    return watch.seconds() * 1000 / count;
}

void latency(int count) {
    PrivateEngine engine;
    TempDir dir;
    net::Loop loop;
    docker::EngineClient client(engine.address());
    engine.import_base(loop, client, "base:1");
    Fixed source;
    ExecutorRig rig(dir.path(), [&](ExecutorRig& made) -> std::unique_ptr<exec::Executor> {
        static net::Pool pool(made.loop, 2, 100);
        static docker::EngineClient own(engine.address());
        return must(exec::DockerExecutor::open(made.loop, made.spool, made.settings, made, {own, source, pool, {}}));
    });
    rig.prototype.container = "env";
    rig.prototype.cores = 0;
    rig.open();
    run_tasks(rig, 1, 2, 1);
    net::run_task(loop, bare(client, 0, 2));
    for (int round = 0; round < 2; ++round) {
        const Watch watch;
        net::run_task(loop, bare(client, 1000, count));
        std::printf("one at a time: bare API %6.1f ms", watch.seconds() * 1000 / count);
        std::printf(", ours %6.1f ms per task\n", run_tasks(rig, 1000 * (round + 1), count, 1));
        const Watch four;
        net::TaskGroup group(loop);
        for (int i = 0; i < 4; ++i) group.spawn(bare(client, 2000 + i * 1000, count / 4));
        net::run_task(loop, group.join());
        std::printf("four at once:  bare API %6.1f ms", four.seconds() * 1000 / count);
        std::printf(", ours %6.1f ms per task\n", run_tasks(rig, 1000 * (round + 1) + 500, count, 4));
    }
    rig.executor.reset();
}

} // namespace

int main(int argc, char** argv) {
    if (!PrivateEngine::possible()) {
        std::fprintf(stderr, "this needs root, dockerd and busybox-static\n");
        return 1;
    }
    doctest::Context context; // the rig asserts
    context.setAsDefaultForAssertsOutOfTestCases();
    context.setAssertHandler([](const doctest::AssertData& data) { std::fprintf(stderr, "%s\n", data.m_expr); });
    std::setvbuf(stdout, nullptr, _IOLBF, 0);
    const int megabytes = argc > 1 ? std::atoi(argv[1]) : 1024;
    if (megabytes > 0) environments(megabytes);
    const int tasks = argc > 2 ? std::atoi(argv[2]) : 40;
    if (tasks > 0) latency(tasks);
    return 0;
}
