#include "rig.hpp"

#include <doctest/doctest.h>

#include <sstream>

using namespace hk;
using namespace hk::cli;
using namespace hk::cli::test;

namespace {

using Words = std::vector<std::string>;

/// The values offered where the last word is being typed.
Words offered(Words words, bool host_is_there = true) {
    Rig rig;
    if (host_is_there) {
        proto::NodeList nodes;
        nodes.nodes.resize(2);
        nodes.nodes[0].hostname = "node1";
        nodes.nodes[1].hostname = "gpu1";
        rig.host->on("GET /api/nodes", proto::to_json(nodes));
        proto::TaskList tasks;
        tasks.tasks = {make_task(12), make_task(7, TaskState::failed)};
        rig.host->on("GET /api/tasks?limit=50", proto::to_json(tasks));
        proto::EnvironmentList environments;
        environments.environments.resize(1);
        environments.environments[0].name = "my-env";
        rig.host->on("GET /api/environments", proto::to_json(environments));
    }
    words.insert(words.begin(), "__complete");
    CHECK(rig.hakuriver(words) == 0);
    CHECK(rig.err.empty());
    Words values;
    std::istringstream lines(rig.out);
    for (std::string line; std::getline(lines, line);) {
        CHECK(line.contains('\t'));
        values.push_back(line.substr(0, line.find('\t')));
    }
    return values;
}

} // namespace

TEST_CASE("completion: commands and options") {
    CHECK(offered({"hakuriver", "stat"}) == Words{"status"});
    CHECK(offered({"/usr/bin/hakuriver", "un"}) == Words{"undrain"});
    CHECK(offered({"hakuriver", "en"}) == Words{"env"});
    CHECK(offered({"hakuriver", "env", "list-t"}) == Words{"list-tars"});
    CHECK(offered({"hakuriver.docker", "import"}) == Words{"import-tar"});
    CHECK(offered({"hakuriver.init", "service", "--ru"}) == Words{"--runner", "--runner-config", "--run-as"});
    CHECK(offered({"hakuriver.client", "--list-"}) == Words{"--list-tasks", "--list-nodes", "--list-gpus"});
    CHECK(offered({"hakuriver", "logs", "--fol"}) == Words{"--follow"});
    CHECK(offered({"hakuriver", "__c"}).empty());
}

TEST_CASE("completion: values come from the Host") {
    CHECK(offered({"hakuriver.client", "--target", "n"}) == Words{"node1"});
    CHECK(offered({"hakuriver.client", "--target", "node1", "-t", ""}) == Words{"node1", "gpu1"});
    CHECK(offered({"hakuriver", "status", ""}) == Words{"last", "12", "7"});
    CHECK(offered({"hakuriver", "kill", "12", "7"}) == Words{"7"});
    CHECK(offered({"hakuriver", "drain", "g"}) == Words{"gpu1"});
    CHECK(offered({"hakuriver.client", "--container", "m"}) == Words{"my-env"});
    CHECK(offered({"hakuriver.docker-shell", ""}) == Words{"my-env"});
    CHECK(offered({"hakuriver.client", "--strategy", "b"}) == Words{"best-fit"});
    CHECK(offered({"hakuriver", "batch", "re"}) == Words{"resume", "retry"});
    CHECK(offered({"hakuriver", "batch", "1"}) == Words{"12"});
    CHECK(offered({"hakuriver", "batch", "logs", ""}) == Words{"last", "12", "7"});
    CHECK(offered({"hakuriver", "batch", "logs", "--lab"}) == Words{"--label"});
    CHECK(offered({"hakuriver", "completion", ""}) == Words{"bash", "zsh", "fish"});
}

TEST_CASE("completion: the user's own command is not ours to complete") {
    CHECK(offered({"hakuriver.client", "--cores", "2", "python", "--list-"}).empty());
    CHECK(offered({"hakuriver", "status", "12", "-"}).size() > 5);
    CHECK(offered({"hakuriver"}).empty());
    CHECK(offered({"hakuriver", "batch", "12", ""}).empty());
}

TEST_CASE("completion: a Host that is away costs nothing but its candidates") {
    CHECK(offered({"hakuriver", "status", ""}, false).empty());
    CHECK(offered({"hakuriver.client", "--target", ""}, false).empty());
}

TEST_CASE("completion: scripts for three shells") {
    Rig rig;
    for (const char* shell : {"bash", "zsh", "fish"}) {
        rig.clear();
        CHECK(rig.hakuriver({"completion", shell}) == 0);
        CHECK(rig.out.contains("hakuriver __complete"));
    }
    CHECK(rig.hakuriver({"completion", "tcsh"}) == 2);
    CHECK(rig.err.contains("choose bash, zsh or fish"));
}
