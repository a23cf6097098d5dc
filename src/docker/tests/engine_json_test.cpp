#include "docker/engine_json.hpp"

#include "docker/message_lines.hpp"

#include <doctest/doctest.h>

using namespace hk;
using namespace hk::docker;

TEST_CASE("a container is asked for with exactly the limits that were given") {
    ContainerSpec spec;
    spec.image = "hakuriver/python:base";
    spec.command = {"python", "-c", "print('a b')\n", "$(reboot)"};
    spec.nano_cpus = 2'000'000'000;
    spec.memory = Bytes{512'000'000};
    spec.mounts = {{"/srv/shared", "/shared", false}, {"/data", "/data", true}};
    spec.gpus = {{false, {"0", "1"}}};
    spec.cpuset_cpus = "0-3";
    const auto body = *json::parse(create_body(spec));
    const auto& host = body.at("HostConfig");
    CHECK(host.at("Memory").as_int64() == 512'000'000);
    CHECK(host.at("MemorySwap").as_int64() == 512'000'000);
    CHECK(host.at("NanoCpus").as_int64() == 2'000'000'000);
    CHECK(host.at("CpusetCpus").as_string() == "0-3");
    CHECK_FALSE(host.as_object().contains("CpusetMems"));
    CHECK(json::serialize(host.at("DeviceRequests")) ==
          R"([{"Driver":"","DeviceIDs":["0","1"],"Capabilities":[["gpu"]]}])");
    CHECK(json::serialize(body.at("Cmd")) == R"x(["python","-c","print('a b')\n","$(reboot)"])x");
    CHECK_FALSE(body.as_object().contains("Entrypoint"));
    CHECK(host.at("Mounts").as_array().size() == 2);
    CHECK(host.at("Mounts").at(1).at("ReadOnly").as_bool());
    CHECK_FALSE(host.as_object().contains("AutoRemove"));
    spec.gpus = {{true, {"nvidia.com/gpu=0"}}};
    spec.memory.reset();
    const auto cdi = *json::parse(create_body(spec));
    CHECK(json::serialize(cdi.at("HostConfig").at("DeviceRequests")) ==
          R"([{"Driver":"cdi","DeviceIDs":["nvidia.com/gpu=0"]}])");
    CHECK_FALSE(cdi.at("HostConfig").as_object().contains("Memory"));
}

TEST_CASE("labels of a commit cannot break out of their instruction") {
    CommitSpec spec;
    spec.labels = {{"k", "a\" b\\ $HOME\nRUN rm"}};
    CHECK(commit_changes(spec) == std::vector<std::string>{"LABEL \"k\"=\"a\\\" b\\\\ \\$HOME RUN rm\""});
}

TEST_CASE("engine times lose their nanoseconds and the zero time is none") {
    CHECK(read_engine_time("2026-11-22T23:53:02.295584123Z") == parse_time("2026-11-22T23:53:02.295584Z"));
    CHECK(read_engine_time("2026-11-22T23:53:02.5Z") == parse_time("2026-11-22T23:53:02.5Z"));
    CHECK(read_engine_time("2026-11-22T23:53:02Z") == parse_time("2026-11-22T23:53:02Z"));
    CHECK_FALSE(read_engine_time("0001-01-01T00:00:00Z"));
    CHECK_FALSE(read_engine_time("yesterday"));
}

TEST_CASE("replies with missing and null members read as empty") {
    const auto info =
        read_container(R"({"Id":"ab","Name":"/x","State":{"Status":"exited","ExitCode":42,"OOMKilled":true,
        "StartedAt":"2026-11-22T23:53:02.1Z","FinishedAt":"0001-01-01T00:00:00Z"},"Config":{"Labels":null},"ExecIDs":null})");
    REQUIRE(info);
    CHECK(info->name == "x");
    CHECK(info->status == ContainerStatus::exited);
    CHECK(info->exit_code == 42);
    CHECK(info->oom_killed);
    CHECK(info->started_at);
    CHECK_FALSE(info->finished_at);
    CHECK_FALSE(read_container("{}"));
    CHECK_FALSE(read_container("nonsense"));
    CHECK(read_container_list("[]")->empty());
    CHECK(read_exec(R"({"Running":true,"ExitCode":null})")->running);
    CHECK(read_exec(R"({"Running":false,"ExitCode":7})")->exit_code == 7);
    CHECK(read_image_list(R"([{"Id":"sha256:1","RepoTags":["<none>:<none>"],"Size":5}])")->front().tags.empty());
}

TEST_CASE("the engine is recognised by its version reply") {
    const auto docker =
        read_version(R"({"Version":"20.10.24+dfsg1","ApiVersion":"1.41","MinAPIVersion":"1.12","Components":null})");
    CHECK(docker->name == "Docker");
    CHECK(docker->version == "20.10.24");
    const auto podman =
        read_version(R"({"Version":"4.3.1","ApiVersion":"1.41","Components":[{"Name":"Podman Engine"}]})");
    CHECK(podman->name == "Podman");
    CHECK_FALSE(read_version("{}"));
    CHECK(read_info(R"({"DriverStatus":[["driver-type","io.containerd.snapshotter.v1"]],"CgroupVersion":"2"})")
              ->containerd_store);
}

TEST_CASE("an error reply keeps the engine's sentence and its kind") {
    const Error error = read_error(409, R"({"message":"name is in use\n"})", "create the container x");
    CHECK(error.code == Errc::conflict);
    CHECK(error.message == "the container engine could not create the container x: name is in use");
    CHECK(read_error(500, "<html>", "start").message.find("500") != std::string::npos);
    CHECK(read_error(404, "", "x").code == Errc::not_found);
}

TEST_CASE("message streams are cut at line breaks wherever they arrive") {
    MessageLines lines;
    REQUIRE(lines.feed("{\"a\":1}\r\n\n{\"b\""));
    CHECK(*lines.next(false) == "{\"a\":1}\r");
    CHECK_FALSE(lines.next(false));
    REQUIRE(lines.feed(":2}"));
    CHECK_FALSE(lines.next(false));
    CHECK(*lines.next(true) == "{\"b\":2}");
    CHECK_FALSE(lines.next(true));
    CHECK_FALSE(lines.feed(std::string(max_message_line + 1, 'x')));
    const auto step =
        read_stream_message(R"({"id":"ab","status":"Downloading","progressDetail":{"current":5,"total":10}})");
    CHECK(step->step.done == Bytes{5});
    CHECK(step->step.total == Bytes{10});
    CHECK(read_stream_message(R"({"errorDetail":{"message":"no space"},"error":"no space"})")->error == "no space");
}
