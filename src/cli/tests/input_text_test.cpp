#include "cli/input_text.hpp"

#include <doctest/doctest.h>

using namespace hk::cli;

TEST_CASE("input text: characters that are cut wait for their rest") {
    const std::string text = "aé計🐟z";
    for (std::size_t cut = 0; cut <= text.size(); ++cut) {
        InputText input;
        const std::string first = input.take(text.substr(0, cut));
        CHECK(first + input.take(text.substr(cut)) == text);
    }
    InputText bytes;
    std::string together;
    for (const char c : text) together += bytes.take(std::string(1, c));
    CHECK(together == text);
    InputText broken;
    CHECK(broken.take("\xff\xfe"
                      "a") == "\uFFFD\uFFFDa");
    CHECK(broken.take("\xe8") == "");
    CHECK(broken.take("x") == "\uFFFDx");
    CHECK(broken.take("\xe8") == "");
    CHECK(broken.rest() == "\uFFFD");
    CHECK(broken.rest() == "");
}
