#include "model/ids.hpp"

#include <doctest/doctest.h>

using namespace hk;

TEST_CASE("attempt ids are task.number") {
    const AttemptId id{TaskId{12}, 3};
    CHECK(to_string(id) == "12.3");
    CHECK(parse_attempt_id("12.3") == id);
    for (const char* wrong : {"", "12", "12.", ".1", "0.1", "12.0", "-1.1", "1.1.1", "a.b", "../1.1"}) {
        CAPTURE(wrong);
        CHECK_FALSE(parse_attempt_id(wrong));
    }
}

TEST_CASE("node names keep what host names and lab habits use, underscores included") {
    CHECK(parse_node_name("gpu_box-3.lab"));
    for (const std::string& wrong :
         {std::string(), std::string("-v"), std::string(".."), std::string("a/b"), std::string("a b"),
          std::string("n\xC3\xB6"), std::string(300, 'a'), std::string("a\0b", 3)}) {
        CAPTURE(wrong);
        CHECK_FALSE(parse_node_name(wrong));
    }
}

TEST_CASE("an environment can be chosen with a version") {
    CHECK(parse_environment_choice("my-env") == EnvironmentChoice{"my-env", ""});
    CHECK(parse_environment_choice("my-env:1764300000") == EnvironmentChoice{"my-env", "1764300000"});
    CHECK(to_string(EnvironmentChoice{"my-env", "1764300000"}) == "my-env:1764300000");
    CHECK(to_string(EnvironmentChoice{"my-env", ""}) == "my-env");
    for (const std::string& wrong :
         {std::string("my-env:"), std::string("my-env:latest"), std::string("my-env:1:2"), std::string("CAPS:1"),
          std::string("my-env:-1"), std::string(":1"), "my-env:" + std::string(20, '1')}) {
        CAPTURE(wrong);
        CHECK_FALSE(parse_environment_choice(wrong));
    }
}

TEST_CASE("environment names are names that Docker and file systems read the same way") {
    CHECK(parse_environment_name("my-py312_env.v2"));
    for (const std::string& wrong :
         {std::string("-v"), std::string("a/b"), std::string(".."), std::string("CAPS"), std::string("a--b"),
          std::string("a"), std::string("a-"), std::string(300, 'a'), std::string("\xF0\x9F\x98\x80")}) {
        CAPTURE(wrong);
        CHECK_FALSE(parse_environment_name(wrong));
    }
}
