#include "rig.hpp"

#include "base/file.hpp"
#include "cli/task_exit.hpp"

#include <doctest/doctest.h>

#include <filesystem>

using namespace hk;
using namespace hk::cli;

namespace {

std::string page(const char* name) {
    const auto text = read_file(std::filesystem::path(HK_TEST_DATA) / "../../docs" / name);
    REQUIRE_MESSAGE(text, text.error().message);
    return *text;
}

} // namespace

TEST_CASE("documents: every command and every long option of a submission is on the page") {
    const std::string text = page("command-line.md");
    for (const auto commands : {client_commands(), environment_commands(), init_commands()})
        for (const Command& command : commands)
            if (!command.summary.empty()) CHECK_MESSAGE(text.contains(command.name), command.name);
    Parser parser;
    SubmitOptions options;
    declare_submit(parser, options);
    for (const auto& declared : parser.declared())
        for (const auto name : declared.names)
            if (name.starts_with("--")) CHECK_MESSAGE(text.contains(name), name);
}

TEST_CASE("documents: exit codes") {
    const std::string text = page("exit-codes.md");
    for (const int code : {timeout_exit, infrastructure_exit, detached_exit})
        CHECK(text.contains("| " + std::to_string(code) + " |"));
}
