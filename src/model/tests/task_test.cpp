#include "model/task.hpp"

#include <doctest/doctest.h>

using namespace hk;

TEST_CASE("targets: node[:numa][::gpu,gpu]") {
    CHECK(parse_target("node1") == Target{NodeName{"node1"}, std::nullopt, {}});
    CHECK(parse_target("node1:0") == Target{NodeName{"node1"}, 0, {}});
    CHECK(parse_target("node1::3,1") == Target{NodeName{"node1"}, std::nullopt, {1, 3}});
    CHECK(parse_target("node1:1::0") == Target{NodeName{"node1"}, 1, {0}});
    for (const char* text : {"node1", "node1:0", "node1::1,3", "node1:1::0"})
        CHECK(to_string(*parse_target(text)) == text);
    for (const char* wrong : {"", ":", "node:", "node::", "node:-1", "node::0,0", "node::0,", "::0", "node:0:1",
                              "node:0:::1", "node:x", "node::0,-1", "node:99999999999", "n\xD0\xBEode"}) {
        CAPTURE(wrong);
        CHECK_FALSE(parse_target(wrong));
    }
}

TEST_CASE("mounts are two absolute paths") {
    CHECK(parse_mount("/data:/data") == Mount{"/data", "/data", false});
    CHECK(parse_mount("/data:/in:ro") == Mount{"/data", "/in", true});
    for (const char* wrong : {"", ":", "/a", "a:/b", "/a:b", "/a:/a:ro:x", "/a/../b:/c", "/a:/..", "../:/x"}) {
        CAPTURE(wrong);
        CHECK_FALSE(parse_mount(wrong));
    }
}

TEST_CASE("mounts leave alone what every container has, and each other") {
    CHECK(check_mounts({{"/data", "/data"}, {"/more", "/data/more"}, {"/tmp", "/dev/shm"}, {"/x", "/shared/x"}}));
    for (const char* taken :
         {"/", "/shared", "/shared/", "//shared/.", "/local_temp", "/proc", "/proc/sys", "/.hakuriver/record"}) {
        CAPTURE(taken);
        const auto refused = check_mounts({{"/data", taken}});
        REQUIRE_FALSE(refused);
        CHECK(refused.error().message.contains("has already"));
    }
    const auto twice = check_mounts({{"/a", "/x"}, {"/b", "/x/"}});
    REQUIRE_FALSE(twice);
    CHECK(twice.error().message.contains("two folders shall be mounted at /x"));
}

TEST_CASE("an outcome means one final state") {
    CHECK(final_state(Outcome{.exit_code = 0}) == TaskState::completed);
    CHECK(final_state(Outcome{.exit_code = 3}) == TaskState::failed);
    CHECK(final_state(Outcome{.reason = EndReason::killed, .exit_code = 0}) == TaskState::killed);
    CHECK(final_state(Outcome{.reason = EndReason::oom, .exit_code = 137}) == TaskState::killed_oom);
    CHECK(final_state(Outcome{.reason = EndReason::interrupted}) == TaskState::failed);
    CHECK_FALSE(is_final(TaskState::lost));
}
