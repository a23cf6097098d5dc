#include "terminal/container_terminal.hpp"

#include "docker/engine_client.hpp"
#include "support/fake_engine.hpp"
#include "support/image_archive.hpp"
#include "support/private_engine.hpp"
#include "terminal/terminals.hpp"
#include "terminal/tests/rig.hpp"

using namespace hk;
using namespace hk::terminal;
using namespace hk::terminal::test;

namespace {

/// A container "env" in an engine, and terminals in it.
struct Rig {
    Rig(net::Loop& its_loop, docker::Engine& its_engine)
        : loop(its_loop)
        , engine(its_engine) {
        docker::ContainerSpec spec;
        spec.name = "env";
        spec.image = "base:1";
        spec.command = {"sleep", "1000"};
        spec.labels = {{"made-by", "us"}};
        REQUIRE(now(loop, engine.create(std::move(spec))));
        REQUIRE(now(loop, start()));
    }
    net::Task<Result<bool>> start() {
        const auto started = co_await engine.start("env");
        co_return started.has_value();
    }
    Result<Shell> prepare(std::map<std::string, std::string> labels = {}) {
        Place place{.container = "env", .labels = std::move(labels), .working_directory = {}};
        return now(loop, prepare_shell(engine, std::move(place)));
    }
    net::WebSocket open(net::WebSocketLimits limits = {}) {
        auto shell = prepare();
        REQUIRE_MESSAGE(shell, shell.error().message);
        auto slot = terminals.take();
        REQUIRE(slot);
        Ends ends = connect(loop, limits);
        terminals.keep(std::move(*slot),
                       std::make_unique<ContainerTerminal>(loop, engine, *shell, std::move(ends.ours)));
        return std::move(ends.theirs);
    }
    std::size_t shells() { return now(loop, engine.inspect("env"))->exec_ids.size(); }
    bool over() {
        return eventually(loop, [&] { return terminals.count() == 0; });
    }

    net::Loop& loop;
    docker::Engine& engine;
    Terminals terminals{loop, 3, "this test"};
};

struct FakeRig {
    net::Loop loop;
    hk::test::FakeEngine engine{loop};
    Rig rig;
    FakeRig()
        : rig((engine.add_image("base:1", {hk::test::make_layer("base", 1000, 'b')}), loop), engine) {}
};

} // namespace

TEST_CASE("container terminal: keys go in, output comes back, and the exit code at the end") {
    FakeRig fake;
    net::WebSocket person = fake.rig.open();
    REQUIRE(person.send_text(R"({"type":"resize","rows":40,"cols":120})"));
    type(person, "gr\xc3\xbc\xc3\x9f\n");
    CHECK(read_until(fake.loop, person, "\n") == "gr\xc3\xbc\xc3\x9f\n");
    CHECK(fake.engine.sizes == std::vector<std::pair<int, int>>{{40, 120}});
    for (const char* nonsense : {"nonsense", "{}", R"({"type":"resize","rows":-1,"cols":0})", R"({"type":"input"})"})
        REQUIRE(person.send_text(nonsense));
    type(person, "exit 7\n");
    CHECK(read_until(fake.loop, person, "exit\",\"code\"").ends_with(R"({"type":"exit","code":7})"));
    CHECK_FALSE(now(fake.loop, person.read_message()));
    CHECK(person.close_code() == 1000);
    CHECK(fake.rig.over());
}

TEST_CASE("container terminal: a person who leaves hangs the shell up, and one that ignores it is killed") {
    for (const bool deaf : {false, true}) {
        CAPTURE(deaf);
        FakeRig fake;
        fake.engine.deaf = deaf;
        std::optional<net::WebSocket> person = fake.rig.open();
        type(*person, "sleep 1000\n");
        CHECK(read_until(fake.loop, *person, "\n") == "sleep 1000\n");
        CHECK(fake.rig.shells() == 1);
        if (deaf) person.reset(); // without a close frame
        else net::run_task(fake.loop, person->close());
        CHECK(fake.rig.over());
        CHECK(fake.rig.shells() == 0);
    }
}

TEST_CASE("container terminal: two at once know nothing of each other") {
    FakeRig fake;
    net::WebSocket one = fake.rig.open();
    std::optional<net::WebSocket> two = fake.rig.open();
    type(one, "one\n");
    type(*two, "two\n");
    CHECK(read_until(fake.loop, one, "\n") == "one\n");
    CHECK(read_until(fake.loop, *two, "\n") == "two\n");
    two.reset();
    CHECK(eventually(fake.loop, [&] { return fake.rig.shells() == 1; }));
    type(one, "exit 0\n");
    CHECK(read_until(fake.loop, one, "code").contains(R"({"type":"exit","code":0})"));
}

TEST_CASE("container terminal: what is pasted arrives whole, as fast as it is taken") {
    FakeRig fake;
    net::WebSocket person = fake.rig.open();
    net::TaskGroup writing(fake.loop);
    constexpr std::size_t much = 1'600'000;
    writing.spawn(write_much(person, much, false));
    net::run_task(fake.loop, net::sleep_for(std::chrono::milliseconds(50)));
    CHECK(writing.size() == 1); // nobody reads what the shell echoes, so it takes no more
    std::size_t shown = 0;
    while (shown < much) {
        const auto message = now(fake.loop, person.read_message());
        REQUIRE(message);
        shown += message->data.size();
    }
    CHECK(shown == much);
    CHECK(writing.size() == 0);
}

TEST_CASE("container terminal: a person who goes away while the shell takes nothing is noticed") {
    FakeRig fake;
    net::WebSocketLimits limits{.message_bytes = 50'000, .idle_time = std::chrono::milliseconds(300)};
    std::optional<net::WebSocket> person = fake.rig.open(limits);
    net::TaskGroup writing(fake.loop);
    writing.spawn(write_much(*person, 1'600'000, false));
    net::run_task(fake.loop, net::sleep_for(std::chrono::milliseconds(100)));
    writing.cancel();
    net::run_task(fake.loop, writing.join());
    person.reset();
    CHECK(fake.rig.over());
    CHECK(fake.rig.shells() == 0);
}

TEST_CASE("container terminal: a process that stops tells its people and leaves no shell") {
    FakeRig fake;
    net::WebSocket person = fake.rig.open();
    type(person, "a\n");
    CHECK(read_until(fake.loop, person, "\n") == "a\n");
    net::TaskGroup stopping(fake.loop);
    stopping.spawn(fake.rig.terminals.stop("the test stops", limit));
    CHECK(read_until(fake.loop, person, "error") == R"({"type":"error","data":"the test stops"})");
    net::run_task(fake.loop, stopping.join());
    CHECK(fake.rig.shells() == 0);
    const auto another = fake.rig.terminals.take();
    REQUIRE_FALSE(another);
    CHECK(another.error().message == "the test stops");
}

TEST_CASE("container terminal: what an earlier life left is hung up, and what is open now is not") {
    FakeRig fake;
    docker::ExecSpec spec{.argv = {"sh"}, .env = {"HAKURIVER_TERMINAL=0123456789"}};
    const auto left = now(fake.loop, fake.engine.create_exec("env", spec));
    REQUIRE(left);
    REQUIRE(now(fake.loop, fake.engine.start_exec(*left, true)));
    docker::ExecSpec others{.argv = {"sh"}, .env = {}};
    const auto other = now(fake.loop, fake.engine.create_exec("env", others));
    REQUIRE(other);
    const auto held = now(fake.loop, fake.engine.start_exec(*other, true));
    net::WebSocket person = fake.rig.open();
    type(person, "a\n");
    CHECK(read_until(fake.loop, person, "\n") == "a\n");
    CHECK(fake.rig.shells() == 3);
    net::run_task(fake.loop, hang_up_left_shells(fake.engine, "env"));
    CHECK(fake.rig.shells() == 2);
    type(person, "exit 0\n");
    CHECK(read_until(fake.loop, person, "code").contains("exit"));
}

TEST_CASE("container terminal: a shell that cannot start any more is no silence") {
    for (const bool gone : {false, true}) {
        CAPTURE(gone);
        FakeRig fake;
        net::WebSocket person = fake.rig.open();
        if (gone) fake.engine.end_container("env", 0);
        fake.engine.starts_no_exec = true;
        const std::string said = read_until(fake.loop, person, "}");
        CHECK(said.contains(R"({"type":"error","data":")"));
        CHECK(said.contains(gone ? "the container has ended" : "it cannot be started"));
        CHECK_FALSE(now(fake.loop, person.read_message()));
        CHECK(person.close_code() == 1011);
        CHECK(fake.rig.over());
    }
}

TEST_CASE("container terminal: only in a container that runs and is what it is called") {
    FakeRig fake;
    CHECK(fake.rig.prepare({{"made-by", "us"}}));
    const auto forged = fake.rig.prepare({{"made-by", "somebody else"}});
    REQUIRE_FALSE(forged);
    CHECK(forged.error().message.contains("was not made by HakuRiver"));
    REQUIRE(net::run_task(fake.loop, fake.engine.pause("env")));
    CHECK(fake.rig.prepare().error().message.contains("is paused"));
    fake.engine.end_container("env", 0);
    CHECK(fake.rig.prepare().error().message.contains("does not run"));
    Place nowhere{.container = "none", .labels = {}, .working_directory = {}};
    CHECK(now(fake.loop, prepare_shell(fake.engine, std::move(nowhere))).error().code == Errc::not_found);
}

TEST_CASE("container terminal: on a real engine nothing is left of a shell whose person has gone" *
          doctest::skip(!hk::test::PrivateEngine::possible())) {
    hk::test::PrivateEngine real;
    net::Loop loop;
    docker::EngineClient engine(real.address());
    REQUIRE_MESSAGE(real.import_base(loop, engine, "base:1"), "no base image");
    Rig rig(loop, engine);
    const auto processes = [&] { return now(loop, engine.count_processes("env")).value_or(-1); };
    const auto before = processes();
    for (const std::string command :
         {"sleep 1000", "trap '' HUP; while :; do read x; done", "cat", "sleep 1002 | cat"}) {
        CAPTURE(command);
        std::optional<net::WebSocket> person = rig.open();
        REQUIRE(person->send_text(R"({"type":"resize","rows":41,"cols":121})"));
        type(*person, "echo rea''dy; " + command + "\n");
        CHECK(read_until(loop, *person, "ready\r\n").contains("ready"));
        CHECK(rig.shells() == 1);
        person.reset();
        CHECK(rig.over());
        CHECK(rig.shells() == 0);
        CHECK(eventually(loop, [&] { return processes() == before; }));
    }
    std::optional<net::WebSocket> careful = rig.open();
    type(*careful, "(trap '' HUP; exec sleep 1003) & echo rea''dy\n");
    CHECK(read_until(loop, *careful, "ready\r\n").contains("ready"));
    careful.reset();
    CHECK(rig.over());
    CHECK(rig.shells() == 0);
    CHECK(processes() == before + 1); // what was told to stay stays, and keeps nobody from deleting the container
    net::WebSocket person = rig.open();
    type(person, "exit 9\n");
    CHECK(read_until(loop, person, "code").ends_with(R"({"type":"exit","code":9})"));
    net::WebSocket other = rig.open();
    type(other, "echo rea''dy\n");
    CHECK(read_until(loop, other, "ready\r\n").contains("ready"));
    REQUIRE(net::run_task(loop, engine.kill("env", 9)));
    CHECK(
        read_until(loop, other, "\"type\"").ends_with(R"("data":"the container has ended, and the terminal in it"})"));
    REQUIRE(net::run_task(loop, engine.remove("env", true)));
    CHECK(rig.over());
}
