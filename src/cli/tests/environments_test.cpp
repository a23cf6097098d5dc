#include "rig.hpp"

#include <doctest/doctest.h>

using namespace hk;
using namespace hk::cli;
using namespace hk::cli::test;

namespace {

std::string environments() {
    proto::EnvironmentList list;
    list.engine = "Docker 20.10.24";
    proto::EnvironmentView base{.name = "hakuriver-base", .is_default = true};
    base.versions = {{.version = "1744643963",
                      .tarball = "hakuriver-base-1744643963.tar",
                      .created_at = *parse_time("2025-04-14T15:19:23Z"),
                      .size_bytes = Bytes{52'000'000},
                      .nodes = {"node1", "node2"}}};
    proto::EnvironmentView mine{.name = "my-env", .operation = "package"};
    mine.container =
        proto::ContainerView{.id = "abc", .image = "python:3.12-slim", .state = "running", .status = "Up 3 hours"};
    list.environments = {base, mine};
    return proto::to_json(list);
}

std::string step(const std::string& message, bool finished = false, const std::string& error = {}) {
    proto::OperationProgress progress{.operation = "create", .environment = "my-env", .message = message};
    progress.finished = finished;
    progress.error = error;
    return proto::to_json(progress) + "\n";
}

} // namespace

TEST_CASE("docker: containers and versions are two tables of one list") {
    Rig rig;
    rig.host->on("GET /api/environments", environments());
    CHECK(rig.docker({"list-containers"}) == 0);
    CHECK(rig.out == "ENVIRONMENT  STATE    IMAGE             STATUS      NOW\n"
                     "my-env       running  python:3.12-slim  Up 3 hours  package\n");
    rig.clear();
    CHECK(rig.docker({"list-tars"}) == 0);
    CHECK(rig.out == "ENVIRONMENT     VERSION      SIZE  CREATED              TARBALL              "
                     "          ON NODES\n"
                     "hakuriver-base  1744643963  52 MB  2025-04-14 15:19:23  "
                     "hakuriver-base-1744643963.tar  node1, node2\n");
    rig.clear();
    CHECK(rig.docker({"list-tars", "--json"}) == 0);
    CHECK(rig.out == environments() + "\n");
}

TEST_CASE("docker: an engine that cannot be used is said") {
    Rig rig;
    proto::EnvironmentList none;
    none.problem = "/var/run/docker.sock is not there";
    rig.host->on("GET /api/environments", proto::to_json(none));
    CHECK(rig.docker({"list-containers"}) == 125);
    CHECK(
        rig.err ==
        "hakuriver.docker list-containers: containers cannot be used on the Host: /var/run/docker.sock is not there\n");
    CHECK(rig.out.empty());
    rig.clear();
    CHECK(rig.docker({"list-containers", "--json"}) == 125);
    CHECK(rig.out.find(R"("code")") != std::string::npos);
    rig.clear();
    CHECK(rig.docker({"list-tars"}) == 0); // they lie in the shared folder
    CHECK(rig.err.starts_with("containers cannot be used on the Host"));
}

TEST_CASE("docker: a long operation shows its steps, however they are cut") {
    Rig rig;
    rig.host->on("POST /api/environments", step("pulling") + step("pulling") + step("starting") + step("ready", true));
    CHECK(rig.docker({"create-container", "python:3.12-slim", "my-env"}) == 0);
    CHECK(rig.err == "create my-env: pulling\ncreate my-env: starting\ncreate my-env: ready\n");
    CHECK(rig.host->bodies.back() == R"({"image_name":"python:3.12-slim","name":"my-env"})");
    rig.clear();
    CHECK(rig.docker({"create-container", "--json", "python:3.12-slim", "my-env"}) == 0);
    CHECK(std::ranges::count(rig.out, '\n') == 4);
    CHECK(rig.err.empty());
}

TEST_CASE("docker: an operation that fails, or ends without a word, is no success") {
    Rig rig;
    rig.host->on("POST /api/environments/my-env/package", step("saving") + step("", true, "no space left on the Host"));
    CHECK(rig.docker({"create-tar", "my-env"}) == 125);
    CHECK(rig.err == "create my-env: saving\nhakuriver.docker create-tar: no space left on the Host\n");
    rig.clear();
    rig.host->answers.clear();
    rig.host->on("POST /api/environments/my-env/package", step("saving"));
    CHECK(rig.docker({"create-tar", "my-env"}) == 125);
    CHECK(rig.err.contains("ended before the operation did"));
    rig.clear();
    rig.host->answers.clear();
    rig.host->on("POST /api/environments/my-env/package", std::string((1 << 20) + 10, 'x')); // no line is so long
    CHECK(rig.docker({"create-tar", "my-env"}) == 125);
}

TEST_CASE("docker: names are checked before anything is asked") {
    Rig rig;
    for (const char* name : {"-v", "My-Env", "a/b", "", "../x", "a;id"}) {
        CHECK(rig.docker({"start-container", "--", name}) == 2);
        CHECK(rig.docker({"create-tar", "--", name}) == 2);
    }
    CHECK(rig.docker({"create-container", "python"}) == 2);
    CHECK(rig.docker({"import-tar", "/nowhere.tar", "my-env"}) == 2);
    CHECK(rig.host->asked.empty());
}

TEST_CASE("docker: deleting asks a person, and does what a script says") {
    Rig rig;
    rig.host->on("DELETE /api/environments/my-env", R"({"message":"the container of my-env is deleted"})");
    rig.host->on("DELETE /api/environments/my-env/versions?version=17",
                 R"({"message":"version 17 of my-env is deleted"})");
    CHECK(rig.docker({"delete-container", "my-env"}) == 0);
    CHECK(rig.err == "the container of my-env is deleted\n");
    rig.clear();
    rig.on_terminal();
    CHECK(rig.docker({"delete-container", "my-env"}) == 0);
    CHECK(rig.host->asked.empty());
    CHECK(rig.err.contains("Delete the container of my-env? [y/N] nothing was done"));
    CHECK(rig.docker({"delete-tar", "my-env", "--version", "17", "--yes"}) == 0);
    CHECK(rig.host->asked.back() == "DELETE /api/environments/my-env/versions?version=17");
    rig.world.read_line = [] { return std::string("y"); };
    CHECK(rig.docker({"delete-container", "my-env"}) == 0);
    CHECK(rig.host->asked.back() == "DELETE /api/environments/my-env");
}

TEST_CASE("docker: start and stop are one request") {
    Rig rig;
    rig.host->on("POST /api/environments/my-env/stop", R"({"message":"my-env is stopped"})");
    CHECK(rig.docker({"stop-container", "my-env"}) == 0);
    CHECK(rig.err == "my-env is stopped\n");
}
