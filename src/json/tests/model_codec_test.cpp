#include "json/model_codec.hpp"

#include <doctest/doctest.h>

using namespace hk;

TEST_CASE("an assignment survives a round trip") {
    TaskSpec spec{
        .command = "echo", .arguments = {"a b", "", "\n"}, .env = {{"K", "V"}}, .cores = 2, .memory = Bytes{512}};
    spec.mounts = {Mount{"/a", "/b", true}};
    const Assignment before{AttemptId{TaskId{12}, 2}, std::make_shared<const TaskSpec>(spec),
                            Placement{NodeName{"n1"}, 0, {1, 2}}, "v1"};
    const auto text = json::serialize(json::to_value(before));
    const auto after = json::to_assignment(*json::parse(text));
    REQUIRE(after);
    CHECK(after->attempt == before.attempt);
    CHECK(*after->spec == spec);
    CHECK(after->placement == before.placement);
    CHECK(after->environment_version == "v1");
}

TEST_CASE("an outcome survives a round trip and ignores what it does not know") {
    const Outcome before{.reason = EndReason::oom,
                         .exit_code = 137,
                         .signal = 9,
                         .finished_at = from_micros(5),
                         .peak_memory = Bytes{7}};
    json::Value value = json::to_value(before);
    value.as_object()["of_tomorrow"] = 1;
    CHECK(json::to_outcome(value) == before);
}

TEST_CASE("a wrong value in a nested struct says where") {
    const auto made = json::to_inventory(*json::parse(R"({"cores":2,"executors":[{"kind":"vm"}]})"));
    REQUIRE_FALSE(made);
    CHECK(made.error().fields.front().path == "/executors/0/kind");
}
