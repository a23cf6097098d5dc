#include "proto/link.hpp"
#include "support/golden.hpp"
#include "json/json.hpp"

#include <doctest/doctest.h>

using namespace hk;

namespace {

std::string pretty(const std::string& text) { return json::serialize_pretty(*json::parse(text)) + "\n"; }

Assignment assignment() {
    TaskSpec spec{
        .command = "df", .arguments = {"-h", "a b"}, .env = {{"K", "V"}}, .cores = 2, .memory = Bytes{512'000'000}};
    return {AttemptId{TaskId{7}, 1}, std::make_shared<const TaskSpec>(spec), Placement{NodeName{"n1"}, 0, {0, 1}}, ""};
}

AttemptReport ended() {
    Outcome outcome{.exit_code = 3,
                    .started_at = from_micros(1'000'000),
                    .finished_at = from_micros(2'000'000),
                    .peak_memory = Bytes{4096},
                    .cpu_time = Duration{1500}};
    return {.attempt = AttemptId{TaskId{7}, 1},
            .phase = AttemptPhase::ended,
            .started_at = from_micros(1'000'000),
            .outcome = outcome};
}

} // namespace

TEST_CASE("wire: orders") {
    const proto::Orders orders{.start = {assignment()},
                               .stop = {{AttemptId{TaskId{8}, 2}, std::chrono::seconds{10}}},
                               .pause = {AttemptId{TaskId{9}, 1}},
                               .resume = {},
                               .forget = {AttemptId{TaskId{6}, 1}}};
    const std::string text = proto::to_json(orders);
    check_golden("proto/v1/orders.json", pretty(text));
    const auto back = proto::parse_host_message(text);
    REQUIRE(back);
    CHECK(proto::to_json(std::get<proto::Orders>(*back)) == text);
}

TEST_CASE("many orders go in parts that a link takes, in their order") {
    CHECK(proto::split({}).empty());
    TaskSpec spec{.command = "x", .arguments = {std::string(150'000, '\n')}};
    const auto shared = std::make_shared<const TaskSpec>(spec);
    proto::Orders orders;
    for (int i = 1; i <= 64; ++i) orders.start.push_back({AttemptId{TaskId{i}, 1}, shared, Placement{}, ""});
    orders.stop = {{AttemptId{TaskId{64}, 1}, {}}};
    const auto parts = proto::split(orders);
    CHECK(parts.size() == 22);
    std::int64_t next = 1;
    for (const auto& part : parts) {
        CHECK(proto::to_json(part).size() < (4 << 20));
        CHECK(part.stop.size() == (&part == &parts.back() ? 1 : 0));
        for (const Assignment& start : part.start) CHECK(start.attempt.task.value == next++);
    }
    CHECK(next == 65);
    orders.start.clear();
    CHECK(proto::split(orders).size() == 1);
}

TEST_CASE("wire: hello") {
    proto::Hello hello{.name = NodeName{"n1"}};
    hello.inventory.cores = 4;
    hello.inventory.numa = {{0, {0, 1}, Bytes{1000}}};
    hello.inventory.executors = {{ExecutorKind::process, true, "", {"no memory limits"}}};
    hello.attempts = {ended()};
    const std::string text = proto::to_json(hello);
    check_golden("proto/v1/hello.json", pretty(text));
    const auto back = proto::parse_runner_message(text);
    REQUIRE(back);
    CHECK(std::get<proto::Hello>(*back).attempts == hello.attempts);
    CHECK(std::get<proto::Hello>(*back).inventory == hello.inventory);
}

TEST_CASE("wire: reports, heartbeat, welcome, rejected") {
    const std::string reports = proto::to_json(proto::Reports{{ended()}});
    check_golden("proto/v1/reports.json", pretty(reports));
    CHECK(std::get<proto::Reports>(*proto::parse_runner_message(reports)).attempts == std::vector{ended()});
    check_golden("proto/v1/heartbeat.json", pretty(proto::to_json(proto::Heartbeat{NodeUsage{.cpu_percent = 12.5}})));
    check_golden("proto/v1/welcome.json", pretty(proto::to_json(proto::Welcome{})));
    check_golden("proto/v1/rejected.json", pretty(proto::to_json(proto::Rejected{"no"})));
}

TEST_CASE("wire: a terminal is to be opened") {
    const std::string text =
        proto::to_json(proto::OpenTerminal{"00112233445566778899aabbccddeeff", AttemptId{TaskId{12}, 2}});
    check_golden("proto/v1/open_terminal.json", pretty(text));
    const auto back = proto::parse_host_message(text);
    REQUIRE(back);
    CHECK(std::get<proto::OpenTerminal>(*back).attempt == AttemptId{TaskId{12}, 2});
    CHECK(std::get<proto::OpenTerminal>(*back).session == "00112233445566778899aabbccddeeff");
    CHECK_FALSE(proto::parse_host_message(R"({"type":"open_terminal","session":"a","attempt":"../1"})"));
}

TEST_CASE("wire: what is not a message is refused, what is new is skipped") {
    CHECK_FALSE(proto::parse_host_message("{}"));
    CHECK_FALSE(proto::parse_host_message("[]"));
    CHECK_FALSE(proto::parse_runner_message(R"({"type":"hello","name":"../x"})"));
    const auto later = proto::parse_host_message(R"({"type":"of_tomorrow"})");
    REQUIRE(later);
    CHECK(std::get<proto::UnknownMessage>(*later).type == "of_tomorrow");
}
