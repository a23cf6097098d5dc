#include "runner/shared_folder.hpp"

#include "support/temp_folder.hpp"

#include <doctest/doctest.h>

#include <fstream>

using namespace hk;
using namespace hk::runner;

namespace {

std::string problem_of(const std::filesystem::path& folder) {
    const auto checked = check_shared_folder(folder);
    return checked ? "" : checked.error().message;
}

void make_as_the_host(const std::filesystem::path& folder) {
    for (const char* name : {"task_outputs", "task_errors", "shared_data"})
        std::filesystem::create_directories(folder / name);
}

} // namespace

TEST_CASE("a shared folder is usable when the Host's folders are in it") {
    const test::TempFolder temp;
    const auto folder = temp.path() / "shared";
    CHECK(problem_of(folder).find("is not there (No such file or directory); mount it") != std::string::npos);
    std::filesystem::create_directory(folder);
    CHECK(problem_of(folder).find("has no folder task_outputs, which the Host makes") != std::string::npos);
    make_as_the_host(folder);
    CHECK(problem_of(folder).empty());
    std::ofstream(temp.path() / "file").put('x');
    CHECK(problem_of(temp.path() / "file").find("is not there;") != std::string::npos);
}

TEST_CASE("looking again sees the folder come and go") {
    const test::TempFolder temp;
    const auto path = temp.path() / "shared";
    net::Loop loop;
    SharedFolder folder(loop, path);
    net::TaskGroup group(loop);
    int changes = 0;
    net::run_task(loop, folder.look());
    CHECK_FALSE(folder.problem().empty());
    group.spawn(folder.keep_looking([&] { ++changes; }));
    make_as_the_host(path);
    loop.run_until([&] { return changes == 1; });
    CHECK(folder.problem().empty());
    std::filesystem::remove_all(path);
    net::run_task(loop, folder.look());
    CHECK_FALSE(folder.problem().empty());
}
