#include "base/line_label.hpp"

#include <doctest/doctest.h>

#include <string>

using hk::LineLabel;

TEST_CASE("a label stands in front of every line, however the bytes arrive") {
    LineLabel label("[1] ");
    CHECK(label.feed("one\ntw") == "[1] one\n");
    CHECK(label.feed("o\n\n") == "[1] two\n[1] \n");
    CHECK(label.feed("rest") == "");
    CHECK(label.finish() == "[1] rest\n");
    CHECK(label.finish() == "");
}

TEST_CASE("a line over the limit is labelled in pieces and loses nothing") {
    LineLabel label("> ");
    const std::string line(LineLabel::max_line + 10, 'x');
    const auto out = label.feed(line + "\n");
    CHECK(out == "> " + line.substr(0, LineLabel::max_line) + "\n> " + std::string(10, 'x') + "\n");
    const std::string exact(LineLabel::max_line, 'y');
    CHECK(label.feed(exact + "\nz\n") == "> " + exact + "\n> z\n");
}

TEST_CASE("a label that changes is the one of the moment when the line began") {
    int moment = 0;
    LineLabel label([&] { return std::to_string(moment) + " "; });
    CHECK(label.feed("a").empty());
    moment = 1;
    CHECK(label.feed("b\nc\nd") == "0 ab\n1 c\n");
    moment = 2;
    CHECK(label.feed("e\n") == "1 de\n");
    CHECK(label.feed("\n") == "2 \n");
    CHECK(label.finish().empty());
}

TEST_CASE("bytes that are no text pass") {
    LineLabel label("");
    const std::string bytes("\0\xff\n", 3);
    CHECK(label.feed(bytes) == bytes);
}
