#include "cli/log_filter.hpp"

#include <doctest/doctest.h>

#include <random>

using namespace hk::cli;

namespace {

std::string filtered(std::string_view text) {
    LogFilter filter;
    return filter.pass(text);
}

} // namespace

TEST_CASE("log filter: text, colours and line control pass") {
    for (const std::string text : {"plain\n", "\x1b[31mred\x1b[0m", "\x1b[38;5;208mx\x1b[m", "50%\r100%\n", "a\tb",
                                   "Zürich 计算 🐟", "\u00a0\u00bf", "\x1b[38:2:1:2:3mx"})
        CHECK(filtered(text) == text);
}

TEST_CASE("log filter: what acts on the terminal is left out") {
    CHECK(filtered("a\x1b]0;title\x07"
                   "b") == "ab");
    CHECK(filtered("a\x1b]52;c;aGk=\x1b\\b") == "ab");
    CHECK(filtered("a\x1bP$q\"p\x1b\\b") == "ab");
    CHECK(filtered("a\x1b[2J\x1b[1;1Hb") == "ab");
    CHECK(filtered("a\x1b[?1049hb") == "ab");
    CHECK(filtered("a\x1b[?25;31mb") == "ab");
    CHECK(filtered("a\x1b"
                   "cb") == "ab");
    CHECK(filtered("a\x1b(0b") == "ab");
    CHECK(filtered("a\xc2\x9b"
                   "31mb") == "a31mb");
    CHECK(filtered("bell\a") == "bell");
    CHECK(filtered("a\x7f"
                   "b") == "ab");
    CHECK(filtered("\x1b]never ended\nnext") == "\nnext");
    CHECK(filtered("\x1b[" + std::string(100, '1') + "mx") == "x");
}

TEST_CASE("log filter: it does not matter where the pieces are cut") {
    const std::string text = "a\x1b[31mb\x1b]0;t\x1b\\c\xc2\x9b"
                             "d\xc2\xa0"
                             "e\x1b[2Kf\x1bP1\x1b[32mg\x1b\\h\n计算";
    const std::string whole = filtered(text);
    for (std::size_t cut = 0; cut <= text.size(); ++cut) {
        LogFilter filter;
        const std::string first = filter.pass(text.substr(0, cut));
        CHECK(first + filter.pass(text.substr(cut)) == whole);
    }
}

TEST_CASE("log filter: no input leaves anything but colours behind an escape") {
    std::mt19937 random(7);
    const std::string alphabet = "\x1b\x1b\x1b[]P\\;?m0123hHJ\a\nx\xc2\x9b\x90";
    for (int round = 0; round < 2000; ++round) {
        std::string text;
        for (int i = 0; i < 40; ++i) text += alphabet[random() % alphabet.size()];
        const std::string out = filtered(text);
        for (auto at = out.find('\x1b'); at != out.npos; at = out.find('\x1b', at + 1)) {
            REQUIRE(out[at + 1] == '[');
            const auto end = out.find_first_not_of("0123456789;:", at + 2);
            REQUIRE(end != out.npos);
            REQUIRE(out[end] == 'm');
        }
    }
}
