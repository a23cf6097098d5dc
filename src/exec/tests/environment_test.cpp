#include "exec/log_files.hpp"
#include "exec/start_message.hpp"
#include "exec/task_environment.hpp"

#include <doctest/doctest.h>

using namespace hk;
using namespace hk::exec;

namespace {

ExecSettings settings() {
    ExecSettings out;
    out.node = NodeName{"n1"};
    out.shared_dir = "/data";
    out.local_temp_dir = "/scratch";
    out.environment = {{"PATH", "/bin"},
                       {"HOME", "/root"},
                       {"LC_ALL", "de_DE.UTF-8"},
                       {"TERM", "xterm"},
                       {"AWS_SECRET_ACCESS_KEY", "x"},
                       {"HAKURIVER_TOKEN", "x"},
                       {"INVOCATION_ID", "x"}};
    return out;
}

Gpu gpu(int id, const std::string& vendor, const std::string& parent = "") {
    Gpu out;
    out.id = id;
    out.vendor = vendor;
    out.uuid = "uuid-" + std::to_string(id);
    out.mig_parent = parent;
    return out;
}

Assignment assignment(std::map<std::string, std::string> env = {}) {
    auto spec = std::make_shared<TaskSpec>();
    spec->env = std::move(env);
    Assignment out;
    out.attempt = AttemptId{TaskId{7}, 3};
    out.spec = std::move(spec);
    return out;
}

} // namespace

TEST_CASE("a task gets named variables of the runner and no secret") {
    const Environment env = native_environment(settings(), assignment({{"MINE", "1"}, {"PATH", "/own"}}));
    CHECK(env == Environment{{"PATH", "/own"},
                             {"HOME", "/root"},
                             {"LC_ALL", "de_DE.UTF-8"},
                             {"LANG", "C.UTF-8"},
                             {"MINE", "1"},
                             {"HAKURIVER_TASK_ID", "7"},
                             {"HAKURIVER_ATTEMPT", "7.3"},
                             {"HAKURIVER_NODE", "n1"},
                             {"HAKURIVER_SHARED_DIR", "/data"},
                             {"HAKURIVER_LOCAL_TEMP_DIR", "/scratch"}});
}

TEST_CASE("a task that calls hakurun finds it, after everything else in PATH") {
    ExecSettings with = settings();
    with.hakurun = "/state/bin/hakurun";
    CHECK(native_environment(with, assignment()).at("PATH") == "/bin:/state/bin");
    CHECK(native_environment(with, assignment({{"PATH", "/own"}})).at("PATH") == "/own");
}

TEST_CASE("names of ours cannot be forged, and the NUMA node is there when there is one") {
    auto placed = assignment({{"HAKURIVER_TASK_ID", "1"},
                              {"HAKURIVER_TARGET_NUMA_NODE", "9"},
                              {"HAKURIVER_ELSE", "1"},
                              {"HAKURIVER_TASK_INDEX", "4"}});
    Environment env = task_environment(settings(), placed, {"/shared", "/local_temp"});
    CHECK(env.at("HAKURIVER_TASK_ID") == "7");
    CHECK(env.at("HAKURIVER_TASK_INDEX") == "4"); // the Host says it
    CHECK(env.at("HAKURIVER_SHARED_DIR") == "/shared");
    CHECK(!env.contains("HAKURIVER_TARGET_NUMA_NODE"));
    CHECK(!env.contains("HAKURIVER_ELSE"));
    placed.placement.numa = 1;
    CHECK(task_environment(settings(), placed, {}).at("HAKURIVER_TARGET_NUMA_NODE") == "1");
}

TEST_CASE("a task sees the GPUs that are placed and no other") {
    auto with = settings();
    Placement none;
    Placement two;
    two.gpus = {1, 0};
    SUBCASE("no GPUs: nothing is said") { CHECK(gpu_environment(with, none).empty()); }
    SUBCASE("nvidia") {
        with.gpus = {gpu(0, "nvidia"), gpu(1, "nvidia")};
        CHECK(gpu_environment(with, none) == Environment{{"CUDA_VISIBLE_DEVICES", ""}});
        CHECK(gpu_environment(with, two) ==
              Environment{{"CUDA_VISIBLE_DEVICES", "uuid-1,uuid-0"}, {"CUDA_DEVICE_ORDER", "PCI_BUS_ID"}});
        CHECK(
            native_environment(with, assignment({{"CUDA_VISIBLE_DEVICES", "0,1"}})).at("CUDA_VISIBLE_DEVICES").empty());
    }
    SUBCASE("without a uuid the place among those of its driver") {
        with.gpus = {gpu(0, "amd"), gpu(1, "nvidia")};
        with.gpus[1].uuid.clear();
        CHECK(gpu_environment(with, two).at("CUDA_VISIBLE_DEVICES") == "0");
        CHECK(gpu_environment(with, two).at("HIP_VISIBLE_DEVICES") == "0");
    }
    SUBCASE("amd") {
        with.gpus = {gpu(0, "amd"), gpu(1, "amd")};
        CHECK(gpu_environment(with, none) == Environment{{"CUDA_VISIBLE_DEVICES", ""}, {"HIP_VISIBLE_DEVICES", ""}});
        CHECK(gpu_environment(with, two).at("HIP_VISIBLE_DEVICES") == "1,0");
    }
}

TEST_CASE("a container sees the GPUs that are placed and no other") {
    auto with = settings();
    Placement one;
    one.gpus = {1};
    CHECK(container_gpu_environment(with, one).empty());
    with.gpus = {gpu(0, "nvidia"), gpu(1, "nvidia")};
    CHECK(container_gpu_environment(with, one) ==
          Environment{{"CUDA_VISIBLE_DEVICES", "uuid-1"}, {"CUDA_DEVICE_ORDER", "PCI_BUS_ID"}});
    CHECK(container_gpu_environment(with, {}) ==
          Environment{{"CUDA_VISIBLE_DEVICES", ""}, {"NVIDIA_VISIBLE_DEVICES", "void"}});
    with.gpus[1].uuid.clear();
    CHECK(container_gpu_environment(with, one).empty());
    with.gpus = {gpu(0, "amd"), gpu(1, "amd")};
    CHECK(container_gpu_environment(with, one).empty());
}

TEST_CASE("output goes where HakuRiver puts it") {
    const LogFiles files = log_files("/data", TaskId{12});
    CHECK(files.output == "/data/task_outputs/12.out");
    CHECK(files.errors == "/data/task_errors/12.err");
    CHECK(shared_data("/data") == "/data/shared_data");
}

TEST_CASE("start messages: short ones inline, long ones in a file, longer ones refused") {
    StartRequest request;
    request.attempt = AttemptId{TaskId{7}, 3};
    request.command = {"true"};
    const auto small = encode_start(request);
    REQUIRE(small);
    CHECK(!small->memfd);
    CHECK(small->bytes.size() <= keeper::max_inline);
    request.command.push_back(std::string(keeper::max_inline, 'x'));
    const auto large = encode_start(request);
    REQUIRE(large);
    CHECK(large->memfd);
    CHECK(large->bytes.size() == sizeof(keeper::Header));
    request.command.push_back(std::string(keeper::max_message, 'x'));
    CHECK(encode_start(request).error().code == Errc::too_large);
    request.command = {"true", std::string("a\0b", 3)};
    CHECK(encode_start(request).error().code == Errc::invalid);
}

TEST_CASE("users are looked up by name") {
    const auto root = find_user("root");
    REQUIRE(root);
    CHECK(root->uid == 0);
    CHECK(!root->home.empty());
    CHECK(!root->groups.empty());
    CHECK(find_user("no-such-user-here").error().code == Errc::not_found);
}
