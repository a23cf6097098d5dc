#include "process_rig.hpp"

using namespace hk;
using namespace hk::test;

TEST_CASE("contract: process") {
    executor_contract([](const std::filesystem::path& dir) { return process_rig(dir); });
}
