#pragma once
#include "base/file.hpp"

#include <doctest/doctest.h>

#include <cstdlib>
#include <filesystem>
#include <string>

/// Compares `text` with the file tests/data/NAME. HK_ACCEPT=1 rewrites the file; the diff is then the review.
inline void check_golden(const std::string& name, const std::string& text) {
    const std::filesystem::path path = std::filesystem::path(HK_TEST_DATA) / name;
    if (std::getenv("HK_ACCEPT") != nullptr) {
        std::filesystem::create_directories(path.parent_path());
        REQUIRE(hk::write_file_atomically(path, text));
    }
    const auto kept = hk::read_file(path, 16 << 20);
    REQUIRE_MESSAGE(kept, "run the test with HK_ACCEPT=1 to create " << path.string());
    CHECK(text == *kept);
}
