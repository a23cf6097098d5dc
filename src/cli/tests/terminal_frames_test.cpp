#include "cli/terminal_frames.hpp"

#include <doctest/doctest.h>

using namespace hk::cli;

TEST_CASE("terminal frames: what the Host sends") {
    CHECK(std::get<TerminalOutput>(*parse_frame(R"({"type":"output","data":"a\u001b[1m"})")).data == "a\x1b[1m");
    CHECK(std::get<TerminalError>(*parse_frame(R"({"type":"error","data":"no shell"})")).message == "no shell");
    CHECK(std::get<TerminalExit>(*parse_frame(R"({"type":"exit","code":3})")).code == 3);
    CHECK(std::get<TerminalExit>(*parse_frame(R"({"type":"exit","code":-5})")).code == 0);
    CHECK(std::get<TerminalExit>(*parse_frame(R"({"type":"exit","code":1000})")).code == 255);
    CHECK(std::get<TerminalExit>(*parse_frame(R"({"type":"exit"})")).code == 0);
    for (const char* other : {"", "{}", "[]", "nonsense", R"({"type":"new","data":1})"})
        CHECK_FALSE(parse_frame(other));
}

TEST_CASE("terminal frames: what we send") {
    CHECK(resize_frame({.rows = 50, .columns = 132}) == R"({"type":"resize","rows":50,"cols":132})");
    CHECK(input_frame("ls\r\x03é") == R"({"type":"input","data":"ls\r\u0003é"})");
}

TEST_CASE("terminal frames: characters that are cut wait for their rest") {
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
}
