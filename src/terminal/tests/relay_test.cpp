#include "terminal/relay.hpp"

#include "terminal/tests/rig.hpp"

using namespace hk;
using namespace hk::terminal;
using namespace hk::terminal::test;

namespace {

/// A person and a shell's side with a relay between them.
struct Rig {
    explicit Rig(net::WebSocketLimits limits = {})
        : person_ends(connect(loop, limits))
        , shell_ends(connect(loop, limits))
        , relay(loop, std::move(person_ends.ours), std::move(shell_ends.ours), "the node is lost") {
        running.spawn(relay.run());
    }
    bool over() {
        return eventually(loop, [&] { return running.size() == 0; });
    }

    net::Loop loop;
    Ends person_ends;
    Ends shell_ends;
    Relay relay;
    net::TaskGroup running{loop};
    net::WebSocket& person = person_ends.theirs;
    net::WebSocket& shell = shell_ends.theirs;
};

} // namespace

TEST_CASE("relay: frames pass both ways as they are, and the last word ends it") {
    Rig rig;
    type(rig.person, "\xc3\xa9\x03");
    CHECK(now(rig.loop, rig.shell.read()) == R"({"type":"input","data":"é\u0003"})");
    REQUIRE(rig.person.send_text(R"({"type":"of tomorrow"})"));
    CHECK(now(rig.loop, rig.shell.read()) == R"({"type":"of tomorrow"})");
    std::string every_byte;
    for (int i = 0; i < 256; ++i) every_byte += static_cast<char>(i);
    REQUIRE(rig.shell.send_binary(every_byte));
    const auto shown = now(rig.loop, rig.person.read_message());
    REQUIRE(shown);
    CHECK(shown->binary);
    CHECK(shown->data == every_byte);
    REQUIRE(rig.shell.send_text(R"({"type":"exit","code":3})"));
    CHECK(now(rig.loop, rig.person.read()) == R"({"type":"exit","code":3})");
    CHECK_FALSE(now(rig.loop, rig.person.read()));
    CHECK(rig.person.close_code() == 1000);
    CHECK(rig.over());
    CHECK_FALSE(now(rig.loop, rig.shell.read()));
}

TEST_CASE("relay: a node that is lost is told in a sentence, and nothing that it said before is lost") {
    Rig rig;
    REQUIRE(rig.shell.send_binary("the last output"));
    net::run_task(rig.loop, net::sleep_for(std::chrono::milliseconds(20)));
    {
        const net::WebSocket gone = std::move(rig.shell_ends.theirs);
    }
    CHECK(now(rig.loop, rig.person.read()) == "the last output");
    CHECK(now(rig.loop, rig.person.read()) == R"({"type":"error","data":"the node is lost"})");
    CHECK_FALSE(now(rig.loop, rig.person.read()));
    CHECK(rig.person.close_code() == 1001);
    CHECK(rig.over());
}

TEST_CASE("relay: a person who leaves ends the shell's side, with or without a word") {
    for (const bool cut : {false, true}) {
        CAPTURE(cut);
        Rig rig;
        if (cut) const net::WebSocket gone = std::move(rig.person_ends.theirs);
        else net::run_task(rig.loop, rig.person.close());
        CHECK_FALSE(now(rig.loop, rig.shell.read()));
        CHECK(rig.shell.close_code() == 1000);
        CHECK(rig.over());
    }
}

TEST_CASE("relay: a person who reads slowly stops the shell, and gets every byte") {
    net::WebSocketLimits limits{.message_bytes = 100'000};
    Rig rig(limits);
    net::TaskGroup writing(rig.loop);
    constexpr std::size_t much = 3'200'000;
    writing.spawn(write_much(rig.shell, much, true));
    net::run_task(rig.loop, net::sleep_for(std::chrono::milliseconds(100)));
    CHECK(writing.size() == 1);
    std::size_t shown = 0;
    while (shown < much) {
        const auto message = now(rig.loop, rig.person.read_message());
        REQUIRE(message);
        shown += message->data.size();
    }
    CHECK(shown == much);
    REQUIRE(rig.shell.send_text(R"({"type":"exit","code":0})"));
    CHECK(now(rig.loop, rig.person.read()) == R"({"type":"exit","code":0})");
    CHECK(rig.over());
}

TEST_CASE("relay: a shell that takes nothing stops the keys, and a person who then goes away is noticed") {
    net::WebSocketLimits limits{.message_bytes = 100'000, .idle_time = std::chrono::milliseconds(300)};
    Rig rig(limits);
    net::TaskGroup writing(rig.loop);
    writing.spawn(write_much(rig.person, 3'200'000, false));
    net::run_task(rig.loop, net::sleep_for(std::chrono::milliseconds(100)));
    CHECK(writing.size() == 1);
    writing.cancel();
    net::run_task(rig.loop, writing.join());
    {
        const net::WebSocket gone = std::move(rig.person_ends.theirs);
    }
    CHECK(rig.over());
}

TEST_CASE("relay: a Host that stops tells the person and ends the shell's side") {
    Rig rig;
    type(rig.person, "a");
    CHECK(now(rig.loop, rig.shell.read()));
    rig.relay.end("the Host stops");
    CHECK(now(rig.loop, rig.person.read()) == R"({"type":"error","data":"the Host stops"})");
    CHECK_FALSE(now(rig.loop, rig.person.read()));
    CHECK(rig.person.close_code() == 1001);
    CHECK_FALSE(now(rig.loop, rig.shell.read()));
    CHECK(rig.over());
}

TEST_CASE("relay: a message over the limit ends the terminal") {
    net::WebSocketLimits limits{.message_bytes = 1'000};
    Rig rig(limits);
    REQUIRE(rig.person.send_text(std::string(1'001, 'x')));
    CHECK_FALSE(now(rig.loop, rig.shell.read()));
    CHECK(eventually(rig.loop, [&] { return rig.person.close_code() == 1009; }));
    CHECK(rig.over());
}
