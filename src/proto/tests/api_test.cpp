#include "proto/error_map.hpp"
#include "proto/node_api.hpp"
#include "proto/task_api.hpp"

#include <doctest/doctest.h>

using namespace hk;

TEST_CASE("a submission is parsed strictly and every mistake is named") {
    const auto good = proto::parse_submit_request(
        R"({"command":"echo","arguments":["a"],"targets":["n1::0,1"],"required_gpus":null})");
    REQUIRE(good);
    CHECK(good->targets == std::vector<std::string>{"n1::0,1"});
    const auto bad = proto::parse_submit_request(R"({"arguments":[1],"required_cores":0.5,"zzz":1})");
    REQUIRE_FALSE(bad);
    CHECK(bad.error().fields.size() == 4);
}

TEST_CASE("errors survive the trip from Host to client") {
    const Error before{Errc::conflict, "task 4 has ended", {{"/x", "y"}}};
    CHECK(proto::parse_error_body(proto::http_status(before.code), proto::error_body(before)) == before);
    CHECK(proto::parse_error_body(502, "<html>").code == Errc::internal);
}

TEST_CASE("a task view survives a round trip") {
    proto::TaskView view{.task_id = TaskId{4}, .batch_id = BatchId{4}, .command = "x"};
    view.env_vars = {};
    view.completed_at = from_micros(7);
    const std::string text = proto::to_json(view);
    CHECK(text.find(R"("task_id":"4")") != text.npos);
    CHECK(text.find(R"("env_vars":{})") != text.npos);
    CHECK(proto::to_json(*proto::parse_task_view(text)) == text);
}
