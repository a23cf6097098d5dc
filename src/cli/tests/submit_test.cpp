#include "rig.hpp"

#include "support/golden.hpp"

#include <doctest/doctest.h>

#include <filesystem>
#include <unistd.h>

using namespace hk;
using namespace hk::cli;
using namespace hk::cli::test;

namespace {

const char* const accepted = R"({"message":"ok","task_ids":["12"],"batch_id":"12","failed_targets":[]})";

/// What reaches the Host.
proto::SubmitRequest submitted(std::vector<std::string> words) {
    Rig rig;
    rig.host->on("POST /api/tasks", accepted, 202);
    const int code = rig.client(std::move(words));
    CAPTURE(rig.err);
    REQUIRE(code == 0);
    REQUIRE(rig.host->bodies.size() == 1);
    CHECK(rig.host->headers.front().get("Content-Type") == "application/json");
    const auto request = proto::parse_submit_request(rig.host->bodies.front());
    REQUIRE_MESSAGE(request, request.error().message);
    return *request;
}

/// The sentence for words that never reach the Host.
std::string refused(std::vector<std::string> words) {
    Rig rig;
    CHECK(rig.client(std::move(words)) == 2);
    CHECK(rig.host->asked.empty());
    CHECK(rig.out.empty());
    CHECK(std::ranges::count(rig.err, '\n') == 1);
    return rig.err;
}

using Words = std::vector<std::string>;

} // namespace

TEST_CASE("submit: every flag reaches the Host") {
    const auto request = submitted({"--target",
                                    "node1",
                                    "--target",
                                    "node3::0,1",
                                    "--cores",
                                    "4",
                                    "--memory",
                                    "512M",
                                    "--env",
                                    "A=1",
                                    "--env",
                                    "B=x=y",
                                    "--container",
                                    "cuda",
                                    "--privileged",
                                    "--mount",
                                    "/data:/data:ro",
                                    "--priority",
                                    "-5",
                                    "--strategy",
                                    "best-fit",
                                    "--no-queue",
                                    "--workdir",
                                    "/shared/x",
                                    "--count",
                                    "3",
                                    "--",
                                    "python",
                                    "a b.py",
                                    "--cores",
                                    "9"});
    CHECK(request.command == "python");
    CHECK(request.arguments == Words{"a b.py", "--cores", "9"});
    CHECK(request.targets == Words{"node1", "node3::0,1"});
    CHECK(request.required_cores == 4);
    CHECK(request.required_memory_bytes == Bytes{512'000'000});
    CHECK(request.env_vars == std::map<std::string, std::string>{{"A", "1"}, {"B", "x=y"}});
    CHECK(request.container_name == "cuda");
    CHECK(request.privileged == true);
    CHECK(request.additional_mounts == Words{"/data:/data:ro"});
    CHECK(request.priority == -5);
    CHECK(request.strategy == Strategy::best_fit);
    CHECK(request.no_queue);
    CHECK(request.working_directory == "/shared/x");
    CHECK(request.count == 3);
    CHECK(request.submitted_by == "alice");
}

TEST_CASE("submit: what is not given is left to the Host") {
    const auto request = submitted({"df", "-h", "/"});
    CHECK(request.command == "df");
    CHECK(request.arguments == Words{"-h", "/"});
    CHECK(request.required_cores == 1);
    CHECK(request.targets == std::nullopt);
    CHECK(request.container_name == std::nullopt);
    CHECK(request.privileged == std::nullopt);
    CHECK(request.additional_mounts == std::nullopt);
    CHECK(request.required_memory_bytes == std::nullopt);
    CHECK(submitted({"--gpus", "2", "x"}).gpu_count == 2);
    CHECK(submitted({"--container", "NULL", "x"}).container_name == "NULL");
    Rig rig; // as with a variable that is not set: that must not lift the isolation
    CHECK(rig.client({"--container", "", "x"}) == 2);
    CHECK(rig.err.contains("needs the name of an environment"));
}

TEST_CASE("submit: arguments are bytes, not shell") {
    const Words odd{"echo", "", " ", "a\nb", "$(id)", "`x`", "|", "[1,2]", "--", "-", "計算", "span"};
    const auto request = submitted(odd);
    CHECK(request.arguments == Words(odd.begin() + 1, odd.end()));
}

TEST_CASE("submit: wrong input is one sentence, exit code 2 and no request") {
    CHECK(refused({}).contains("the command to run is missing"));
    CHECK(refused({"--"}).contains("the command to run is missing"));
    CHECK(refused({"--", ""}).contains("the command to run is missing"));
    for (const char* target :
         {"", "node1:", "node1::", "node1:-1", "node1::0,0", "::0", ":0", "no de", "node1:0:1", "nöde"})
        CHECK(refused({"--target", target, "ls"}).contains("--target"));
    for (const char* size : {"0", "1Z", "-5G", "18446744073709551616", "512MiB", "", "1.5G"})
        CHECK(refused({"--memory", size, "ls"}).contains("--memory"));
    for (const char* env : {"A", "=1", ""}) CHECK(refused({"--env", env, "ls"}).contains("NAME=VALUE"));
    CHECK(refused({"--", "cat", "caf\xe9"}).contains("is not UTF-8 text"));
    CHECK(refused({"--env", "A=\xff", "ls"}).contains("is not UTF-8 text"));
    for (const char* mount : {":", "/a", "a:b", "/a:../b", "/a:/a:ro:x"})
        CHECK(refused({"--mount", mount, "ls"}).contains("--mount"));
    CHECK(refused({"--strategy", "random", "ls"}).contains("first-fit"));
    CHECK(refused({"--cores", "-1", "ls"}).contains("--cores needs a whole number"));
    CHECK(refused({"--priority", "1001", "ls"}).contains("--priority"));
    CHECK(refused({"--poll-interval", "0", "ls"}).contains("--poll-interval"));
    CHECK(refused({"--poll-interval", "nan", "ls"}).contains("--poll-interval"));
    CHECK(refused({"--tagret", "n1", "ls"}).contains("did you mean --target?"));
}

TEST_CASE("submit: too many targets are refused before they are sent") {
    Words words;
    for (std::size_t i = 0; i <= proto::most_targets; ++i) words.insert(words.end(), {"--target", "n1"});
    words.emplace_back("ls");
    CHECK(refused(words).contains("more than 10000 targets"));
}

TEST_CASE("submit: a sweep goes to the Host as it is written, except as an argument of hakurun") {
    const auto sweep = submitted({"--", "python", "a.py", "span:{1..10}", "--lr=span:[0.1,0.01]"});
    CHECK(sweep.sweep);
    CHECK(sweep.arguments == Words{"a.py", "span:{1..10}", "--lr=span:[0.1,0.01]"});
    CHECK_FALSE(submitted({"--", "python", "a.py", "spanner"}).sweep);
    const auto local = submitted({"--", "hakurun", "--parallel", "python", "a.py", "span:{1..10}"});
    CHECK_FALSE(local.sweep);
    CHECK(local.arguments.back() == "span:{1..10}");
    CHECK_FALSE(submitted({"--", "/usr/bin/hakurun", "x", "span:[a,b]"}).sweep);
    CHECK(refused({"--", "echo", "span:{1..2"}).contains("span"));
}

TEST_CASE("submit: a file that a span names is read here, where it is") {
    const auto file = std::filesystem::temp_directory_path() / ("hk-cli-span-" + std::to_string(getpid()));
    REQUIRE(write_file_atomically(file, "alpha\nbeta\n"));
    const auto request = submitted({"--", "echo", "span:file:" + file.string()});
    std::filesystem::remove(file);
    CHECK(request.sweep);
    CHECK(request.arguments == Words{"span:[alpha,beta]"});
    Rig rig;
    CHECK(rig.client({"--", "echo", "span:file:/no/such/file"}) != 0);
    CHECK(rig.host->asked.empty());
    CHECK(rig.err.contains("/no/such/file"));
}

TEST_CASE("submit: what is said about it") {
    Rig rig;
    rig.host->on("POST /api/tasks", accepted, 202);
    CHECK(rig.client({"ls"}) == 0);
    CHECK(rig.out == "task 12 submitted\n");
    CHECK(rig.err.empty()); // no hints where nobody reads them
    rig.clear();
    CHECK(rig.client({"-q", "ls"}) == 0);
    CHECK(rig.out == "12\n");
    rig.clear();
    CHECK(rig.client({"--json", "ls"}) == 0);
    CHECK(rig.out == std::string(accepted) + "\n");
    rig.clear();
    rig.on_terminal();
    CHECK(rig.client({"ls"}) == 0);
    CHECK(rig.err.contains("hakuriver logs -f 12"));
}

TEST_CASE("submit: targets that failed are named, and the exit code tells") {
    Rig rig;
    rig.host->on("POST /api/tasks",
                 R"({"message":"some","task_ids":["3","4","5"],"batch_id":"3",)"
                 R"("failed_targets":[{"target":"node9","reason":"there is no node \u001b[31mnode9"}]})",
                 202);
    CHECK(rig.client({"-t", "node1", "-t", "node9", "ls"}) == 125);
    CHECK(rig.out == "3 tasks submitted: 3-5\n");
    CHECK(rig.err == "not submitted to node9: there is no node \\x1b[31mnode9\n");
}

TEST_CASE("submit: errors of the API are shown with their fields") {
    Rig rig;
    const std::string body =
        R"({"error":{"code":"invalid","message":"2 mistakes in the request","fields":[)"
        R"({"path":"/required_cores","message":"must be 0 or more"},)"
        R"({"path":"/targets/0","message":"no such node"}]},"detail":"2 mistakes in the request"})";
    rig.host->on("POST /api/tasks", body, 422);
    CHECK(rig.client({"ls"}) == 2);
    CHECK(rig.err == "hakuriver.client: 2 mistakes in the request\n  /required_cores: must be 0 or more\n"
                     "  /targets/0: no such node\n");
    CHECK(rig.out.empty());
    rig.clear();
    CHECK(rig.client({"--json", "ls"}) == 2);
    CHECK(rig.out == body + "\n");
}

TEST_CASE("submit: a Host that is away is infrastructure") {
    Rig rig;
    rig.host->away("POST /api/tasks");
    CHECK(rig.client({"ls"}) == 125);
    CHECK(rig.err == "hakuriver.client: the Host at 10.0.0.1:8000 does not answer (connection "
                     "refused); check that "
                     "hakuriver.host runs there and that the address is right: it comes from "
                     "network.host_reachable_address in /etc/h.toml\n");
    rig.clear();
    rig.host->answers.clear();
    rig.host->on("POST /api/tasks", R"({"error":{"code":"no_capacity","message":"nothing is free","fields":[]}})", 503);
    CHECK(rig.client({"--no-queue", "ls"}) == 125);
    CHECK(rig.err == "hakuriver.client: nothing is free\n");
}

TEST_CASE("submit: the help text") {
    Rig rig;
    CHECK(rig.client({"--help"}) == 0);
    check_golden("cli/client-help.txt", rig.out);
    rig.clear();
    CHECK(rig.hakuriver({"help"}) == 0);
    check_golden("cli/hakuriver-help.txt", rig.out);
    for (const auto commands : {client_commands(), environment_commands(), init_commands()})
        for (const Command& command : commands) {
            Parser parser;
            const auto verb = command.make();
            declare_all(*verb, parser);
            if (!command.summary.empty()) CHECK(parser.help().contains("usage: hakuriver"));
        }
}
