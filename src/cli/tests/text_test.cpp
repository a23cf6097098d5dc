#include "cli/text.hpp"

#include <doctest/doctest.h>

#include <clocale>

using namespace hk::cli;

namespace {
const char* const utf8_locale = std::setlocale(LC_CTYPE, "C.UTF-8"); // what the programs do at their start
}

TEST_CASE("text: width counts columns, not bytes") {
    REQUIRE(utf8_locale != nullptr);
    CHECK(display_width("") == 0);
    CHECK(display_width("node1") == 5);
    CHECK(display_width("Zürich") == 6);
    CHECK(display_width("计算") == 4);
    CHECK(display_width("e\u0301") == 1);
    CHECK(display_width("🐟") == 2);
    CHECK(display_width("\xff\xfe") == 2);
}

TEST_CASE("text: shortening keeps both ends") {
    CHECK(shorten("abcdefghij", 10, true) == "abcdefghij");
    CHECK(shorten("abcdefghij", 7, true) == "abc…hij");
    CHECK(shorten("abcdefghij", 6, true) == "abc…ij");
    CHECK(shorten("abcdefghij", 6, false) == "ab..ij");
    CHECK(shorten("abcdefghij", 1, true) == "a");
    CHECK(shorten("abcdefghij", 0, true).empty());
    CHECK(display_width(shorten("计算节点计算节点", 7, true)) <= 7);
    for (std::size_t width = 0; width < 20; ++width)
        CHECK(display_width(shorten("aé计e\u0301🐟\xff-xyz-计算", width, true)) <= width);
}

TEST_CASE("text: text of others cannot act on the terminal") {
    CHECK(harmless("plain text") == "plain text");
    CHECK(harmless("a\nb\tc\r") == "a\\nb\\tc\\r");
    CHECK(harmless("\x1b]0;title\x07") == "\\x1b]0;title\\x07");
    CHECK(harmless("\x1b[2J\x7f") == "\\x1b[2J\\x7f");
    CHECK(harmless("\xc2\x9b"
                   "31m") == "\\x9b31m");
    CHECK(harmless("user\u202Etxt.exe") == "user\uFFFDtxt.exe");
    CHECK(harmless("\xff") == "\uFFFD");
    CHECK(harmless("\xed\xa0\x80") == "\uFFFD\uFFFD\uFFFD");
    CHECK(harmless("Zürich", true) == "Zürich");
    CHECK(harmless("Zürich", false) == "Z?rich");
    CHECK(harmless(std::string("a\0b", 3)) == "a\\x00b");
}

TEST_CASE("text: colour only where the terminal has it") {
    CHECK(paint(Terminal{.colour = true}, Colour::red, "x") == "\x1b[31mx\x1b[0m");
    CHECK(paint(Terminal{.colour = false}, Colour::red, "x") == "x");
    CHECK(paint(Terminal{.colour = true}, Colour::none, "x") == "x");
}

TEST_CASE("terminal: who decides about colour and width") {
    const Surroundings tty{.out_tty = true, .columns = 120, .utf8 = true};
    CHECK(terminal_for(tty, true, false).colour);
    CHECK(terminal_for(tty, true, false).width == 120);
    CHECK_FALSE(terminal_for(tty, true, true).colour);
    CHECK_FALSE(terminal_for(tty, false, false).colour);
    CHECK(terminal_for(tty, false, false).width == 0);
    Surroundings other = tty;
    other.no_color = true;
    CHECK_FALSE(terminal_for(other, true, false).colour);
    other.force_color = true;
    CHECK(terminal_for(other, false, false).colour);
    other = tty;
    other.dumb = true;
    other.columns = 0;
    CHECK_FALSE(terminal_for(other, true, false).colour);
    CHECK(terminal_for(other, true, false).width == 80);
}
