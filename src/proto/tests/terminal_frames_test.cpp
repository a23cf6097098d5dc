#include "proto/terminal_frames.hpp"

#include <doctest/doctest.h>

using namespace hk::proto;

TEST_CASE("terminal frames: what the shell's side says") {
    CHECK(std::get<TerminalOutput>(*parse_shell_frame(R"({"type":"output","data":"a\u001b[1m"})")).data == "a\x1b[1m");
    CHECK(std::get<TerminalError>(*parse_shell_frame(R"({"type":"error","data":"no shell"})")).message == "no shell");
    CHECK(std::get<TerminalExit>(*parse_shell_frame(R"({"type":"exit","code":3})")).code == 3);
    CHECK(std::holds_alternative<TerminalReady>(*parse_shell_frame(R"({"type":"ready","more":1})")));
    for (const char* other : {"", "{}", "[]", "nonsense", R"({"type":"new","data":1})", R"({"type":"input"})"})
        CHECK_FALSE(parse_shell_frame(other));
}

TEST_CASE("terminal frames: an exit code that is lost or impossible is no success") {
    CHECK(std::holds_alternative<TerminalError>(*parse_shell_frame(R"({"type":"exit"})")));
    CHECK(std::holds_alternative<TerminalError>(*parse_shell_frame(R"({"type":"exit","code":"0"})")));
    for (const char* impossible : {"-5", "256", "1000", "9223372036854775807", "-9223372036854775808"}) {
        CAPTURE(impossible);
        const auto frame = parse_shell_frame(std::string(R"({"type":"exit","code":)") + impossible + "}");
        CHECK(std::get<TerminalExit>(*frame).code == 255);
    }
}

TEST_CASE("terminal frames: what the person's side says") {
    CHECK(std::get<TerminalInput>(*parse_person_frame(R"({"type":"input","data":"ls\r\u0003é"})")).data == "ls\r\x03é");
    const auto size = std::get<TerminalSize>(*parse_person_frame(R"({"type":"resize","rows":50,"cols":132})"));
    CHECK(size.rows == 50);
    CHECK(size.columns == 132);
    CHECK(std::holds_alternative<TerminalStart>(*parse_person_frame(R"({"type":"start"})")));
    for (const char* other :
         {"", "{", R"({"type":1})", R"({"type":"exit","code":0})", R"({"type":"resize","rows":50})",
          R"({"type":"resize","rows":0,"cols":80})", R"({"type":"resize","rows":24,"cols":-1})",
          R"({"type":"resize","rows":24,"cols":10000})", R"({"type":"resize","rows":"a","cols":80})",
          R"({"type":"resize","rows":9223372036854775807,"cols":80})"}) {
        CAPTURE(other);
        CHECK_FALSE(parse_person_frame(other));
    }
}

TEST_CASE("terminal frames: what is written is what the original's clients write and read") {
    CHECK(to_json(TerminalSize{50, 132}) == R"({"type":"resize","rows":50,"cols":132})");
    CHECK(to_json(TerminalInput{"ls\r\x03é"}) == R"({"type":"input","data":"ls\r\u0003é"})");
    CHECK(to_json(TerminalExit{3}) == R"({"type":"exit","code":3})");
    CHECK(to_json(TerminalError{"a \"b\""}) == R"({"type":"error","data":"a \"b\""})");
    CHECK(std::holds_alternative<TerminalReady>(*parse_shell_frame(to_json(TerminalReady{}))));
    CHECK(std::holds_alternative<TerminalStart>(*parse_person_frame(to_json(TerminalStart{}))));
}
