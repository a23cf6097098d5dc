#include "host/submission.hpp"

#include <doctest/doctest.h>

using namespace hk;
using namespace hk::host;

namespace {

proto::SubmitRequest request() { return {.command = "true", .container_name = "NULL"}; }

/// The path of the first mistake, or "fine".
std::string wrong(const proto::SubmitRequest& request, const SubmissionPolicy& policy = {}) {
    const auto made = submission_of(request, policy);
    if (made) return "fine";
    REQUIRE(made.error().code == Errc::invalid);
    return made.error().fields.at(0).path;
}

template <class Change>
proto::SubmitRequest with(Change change) {
    auto changed = request();
    change(changed);
    return changed;
}

} // namespace

TEST_CASE("every field is checked") {
    using Gpus = std::vector<std::vector<int>>;
    CHECK(wrong(request()) == "fine");
    CHECK(wrong(with([](auto& r) { r.command = ""; })) == "/command");
    CHECK(wrong(with([](auto& r) { r.arguments = {std::string("a\0b", 3)}; })) == "/arguments");
    CHECK(wrong(with([](auto& r) { r.arguments = {std::string(most_argument_bytes, 'x')}; })) == "/arguments");
    CHECK(wrong(with([](auto& r) { r.arguments.assign(most_arguments + 1, ""); })) == "/arguments");
    CHECK(wrong(with([](auto& r) { r.working_directory = "here"; })) == "/working_directory");
    CHECK(wrong(with([](auto& r) { r.count = 0; })) == "/count");
    CHECK(wrong(with([](auto& r) { r.env_vars["A=B"] = "c"; })) == "/env_vars");
    CHECK(wrong(with([](auto& r) { r.env_vars[""] = "c"; })) == "/env_vars");
    CHECK(wrong(with([](auto& r) { r.env_vars["A\nB"] = "c"; })) == "/env_vars");
    CHECK(wrong(with([](auto& r) { r.required_cores = -1; })) == "/required_cores");
    CHECK(wrong(with([](auto& r) { r.required_memory_bytes = Bytes{1000}; })) == "/required_memory_bytes");
    CHECK(wrong(with([](auto& r) { r.gpu_count = -1; })) == "/gpu_count");
    CHECK(wrong(with([](auto& r) { r.priority = 1001; })) == "/priority");
    CHECK(wrong(with([](auto& r) { r.privileged = true; })) == "/privileged");
    CHECK(wrong(with([](auto& r) { r.additional_mounts = {"/a:/b"}; })) == "/additional_mounts");
    CHECK(wrong(with([](auto& r) { r.targets = {"n1", "n1:x"}; })) == "/targets/1");
    CHECK(wrong(with([](auto& r) { r.targets.emplace(proto::most_targets + 1, "n1"); })) == "/targets");
    CHECK(wrong(with([](auto& r) { r.required_gpus = Gpus{{0}}; })) == "/required_gpus");
    CHECK(wrong(with([](auto& r) { r.targets = {"n1"}, r.required_gpus = Gpus{{0, 0}}; })) == "/required_gpus/0");
    CHECK(wrong(with([](auto& r) { r.targets = {"n1::1"}, r.required_gpus = Gpus{{0}}; })) == "/required_gpus/0");
}

TEST_CASE("all mistakes are named together") {
    const auto made = submission_of({.command = "", .required_cores = -1, .container_name = "NULL"}, {});
    REQUIRE_FALSE(made);
    CHECK(made.error().fields.size() == 2);
    CHECK(made.error().message == "the command is empty; name a program to run (and 1 more)");
}

TEST_CASE("containers are those that were packaged, under the policy") {
    SubmissionPolicy policy{.containers = true,
                            .environments = {{"env", {"200", "100"}}},
                            .allow_privileged = false,
                            .allowed_mounts = {"/data"}};
    const auto boxed = [](auto change) {
        return with([&](auto& r) {
            r.container_name = "env";
            change(r);
        });
    };
    CHECK(wrong(boxed([](auto&) {}), policy) == "fine");
    CHECK(wrong(boxed([](auto&) {})) == "/container_name");
    CHECK(wrong(boxed([](auto& r) { r.container_name = "other"; }), policy) == "/container_name");
    CHECK(wrong(boxed([](auto& r) { r.container_name = "../x"; }), policy) == "/container_name");
    CHECK(wrong(boxed([](auto& r) { r.privileged = true; }), policy) == "/privileged");
    CHECK(wrong(boxed([](auto& r) { r.additional_mounts = {"/data/x:/x"}; }), policy) == "fine");
    CHECK(wrong(boxed([](auto& r) { r.additional_mounts = {"/database:/x"}; }), policy) == "/additional_mounts/0");
    CHECK(wrong(boxed([](auto& r) { r.additional_mounts = {"/:/x"}; }), policy) == "/additional_mounts/0");
    CHECK(wrong(boxed([](auto& r) { r.additional_mounts = {"/data/a:/x", "/data/b:/x"}; }), policy) ==
          "/additional_mounts");
    CHECK(wrong(boxed([](auto& r) { r.additional_mounts = {"/data/a:/shared"}; }), policy) == "/additional_mounts");
}

TEST_CASE("a task may insist on a version of its environment, one that is there") {
    const SubmissionPolicy policy{.containers = true, .environments = {{"env", {"200", "100"}}}};
    const auto submit = [&](std::string container) {
        return submission_of(with([&](auto& r) { r.container_name = std::move(container); }), policy);
    };
    REQUIRE(submit("env:100"));
    CHECK(submit("env:100")->spec->container == "env");
    CHECK(submit("env:100")->spec->container_version == "100");
    CHECK(submit("env")->spec->container_version == "");
    const auto none = submit("env:150");
    REQUIRE_FALSE(none);
    CHECK(none.error().fields.at(0).path == "/container_name");
    CHECK(none.error().message ==
          "the environment env has no version 150; the newest is 200, and hakuriver.docker list-tars shows all");
}

TEST_CASE("an environment that is not there yet is named with the way to it") {
    SubmissionPolicy policy{
        .containers = true, .operations = {{"base", "being packaged"}}, .default_container = "base"};
    auto submit = request();
    submit.container_name = "other";
    const auto other = submission_of(submit, policy);
    REQUIRE_FALSE(other);
    CHECK(other.error().message.contains("create-container IMAGE other"));
    submit.container_name.reset();
    const auto base = submission_of(submit, policy);
    REQUIRE_FALSE(base);
    CHECK(base.error().message.contains("being packaged"));
    CHECK(base.error().message.contains("try again"));
}

TEST_CASE("a sweep makes a task of each combination") {
    auto swept = request();
    swept.sweep = true;
    swept.arguments = {"span:{1..3}", "span:[a,b]"};
    const auto made = submission_of(swept, {});
    REQUIRE(made);
    CHECK(made->count == 6);
    CHECK(made->spec->sweep);
    swept.arguments = {"span:{1..99999999}"};
    CHECK(wrong(swept) == "/arguments");
    swept.sweep = false; // without the flag the text is the program's own business
    CHECK(wrong(swept) == "fine");
}

TEST_CASE("GPUs for each target, as the original's clients name them") {
    auto gpus = request();
    gpus.targets = {"n1", "n2"};
    gpus.required_gpus = {{0, 1}, {}};
    const auto made = submission_of(gpus, {});
    REQUIRE(made);
    CHECK(to_string(made->targets.at(0)) == "n1::0,1");
    CHECK(to_string(made->targets.at(1)) == "n2");
}
