#include "span/sweep.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

using hk::Errc;
using hk::span::parse_sweep;
using Words = std::vector<std::string>;

namespace {

Words values(const std::string& argument) {
    const auto sweep = parse_sweep({argument});
    REQUIRE_MESSAGE(sweep, (sweep ? "" : sweep.error().message));
    Words all;
    for (std::uint64_t i = 0; i < sweep->size(); ++i) all.push_back(sweep->at(i).at(0));
    return all;
}

std::string refusal(const std::string& argument) {
    const auto sweep = parse_sweep({argument});
    return sweep ? "accepted" : sweep.error().message;
}

bool mentions(const std::string& text, const std::string& part) { return text.contains(part); }

} // namespace

TEST_CASE("ranges of numbers") {
    CHECK(values("span:{1..3}") == Words{"1", "2", "3"});
    CHECK(values("span:{-1..1}") == Words{"-1", "0", "1"});
    CHECK(values("span:{7..7}") == Words{"7"});
    CHECK(values("span:{0..100..25}") == Words{"0", "25", "50", "75", "100"});
    CHECK(values("span:{0..10..4}") == Words{"0", "4", "8"});
    CHECK(values("span:{3..1..-1}") == Words{"3", "2", "1"});
    CHECK(values("span:{ 1 .. 2 }") == Words{"1", "2"});
    CHECK(values("span:{08..11}") == Words{"08", "09", "10", "11"});
    CHECK(values("span:{-01..01}") == Words{"-01", "000", "001"});
}

TEST_CASE("fractions are exact and written alike") {
    CHECK(values("span:{0.1..0.5..0.1}") == Words{"0.1", "0.2", "0.3", "0.4", "0.5"});
    CHECK(values("span:{0..1..0.25}") == Words{"0.00", "0.25", "0.50", "0.75", "1.00"});
    CHECK(values("span:{-0.2..0.1..0.1}") == Words{"-0.2", "-0.1", "0.0", "0.1"});
    CHECK(values("span:{1.0..0.8..-0.1}") == Words{"1.0", "0.9", "0.8"});
    CHECK(values("span:{0.1..0.35..0.1}") == Words{"0.1", "0.2", "0.3"});
    CHECK(values("span:{0.001..0.003..0.001}") == Words{"0.001", "0.002", "0.003"});
}

TEST_CASE("letters and lists") {
    CHECK(values("span:{a..d}") == Words{"a", "b", "c", "d"});
    CHECK(values("span:{Z..V..-2}") == Words{"Z", "X", "V"});
    CHECK(values("span:[foo,bar]") == Words{"foo", "bar"});
    CHECK(values("span:[ x , y ]") == Words{"x", "y"});
    CHECK(values("span:[a,,b]") == Words{"a", "", "b"});
    CHECK(values("span:{1,2,4}") == Words{"1", "2", "4"});
    CHECK(values("span:[[1,2],[3,4]]") == Words{"[1,2]", "[3,4]"});
    CHECK(values(R"(span:[a\,b,c\]])") == Words{"a,b", "c]"});
    CHECK(values(R"(span:[C:\temp,\d+])") == Words{R"(C:\temp)", R"(\d+)"});
    CHECK(values("span:[span:{1..2}]") == Words{"span:{1..2}"});
}

TEST_CASE("spans inside an argument") {
    CHECK(values("--lr=span:[0.1,0.01]") == Words{"--lr=0.1", "--lr=0.01"});
    CHECK(values("out/span:{1..2}.txt") == Words{"out/1.txt", "out/2.txt"});
    CHECK(values("(span:{1..2},span:[a,b])") == Words{"(1,a)", "(1,b)", "(2,a)", "(2,b)"});
    CHECK(values("timespan:{1..2}") == Words{"timespan:{1..2}"});
    CHECK(values("http://span:8080/") == Words{"http://span:8080/"});
    CHECK(values("") == Words{""});
}

TEST_CASE("what is wrong is refused in words") {
    CHECK(mentions(refusal("span:{3..1}"), "negative step"));
    CHECK(mentions(refusal("span:{1..3..-1}"), "the end is above"));
    CHECK(mentions(refusal("span:{1..3..0}"), "step is 0"));
    CHECK(mentions(refusal("span:{0.1..0.5}"), "needs a step"));
    CHECK(mentions(refusal("span:{1..x}"), "'x' is not a number"));
    CHECK(mentions(refusal("span:{1..}"), "'' is not a number"));
    CHECK(mentions(refusal("span:{1..2..3..4}"), "'3..4' is not a number"));
    CHECK(mentions(refusal("span:{1e3..2e3}"), "'1e3' is not a number"));
    CHECK(mentions(refusal("span:{1..9999999999999999999}"), "18 digits"));
    CHECK(mentions(refusal("span:{a..Z}"), "one case"));
    CHECK(mentions(refusal("span:{5}"), "neither a range"));
    CHECK(mentions(refusal("span:[]"), "list is empty"));
    CHECK(mentions(refusal("span:[a,b"), "no closing ']'"));
    CHECK(mentions(refusal("span:{1..3"), "no closing '}'"));
    CHECK(mentions(refusal("--x=span:{1..3"), "no closing '}'"));
    CHECK(mentions(refusal("span:file:list.txt"), "where the command is typed"));
    CHECK(mentions(refusal("span:{999999999999999999..1000000000000000000..0.1}"), "digits"));
}

TEST_CASE("braces that the shell has expanded are explained") {
    CHECK(mentions(refusal("span:1"), "quotes"));
    CHECK(mentions(refusal("span:"), "quotes"));
    CHECK(mentions(refusal("span:1,span:{1..2}"), "quotes"));
    CHECK(values("span:[span:1]") == Words{"span:1"});
}

TEST_CASE("lines of a file") {
    const auto read = [](const std::string& path) -> hk::Result<std::string> {
        if (path == "two.txt") return "one\r\n\n  t,w]o \n";
        if (path == "empty.txt") return "\n\n";
        return hk::fail(Errc::not_found, "there is no " + path);
    };
    const auto sweep = parse_sweep({"--name=span:file:two.txt"}, read);
    REQUIRE(sweep);
    CHECK(sweep->size() == 2);
    CHECK(sweep->at(1) == Words{"--name=t,w]o"});
    CHECK(parse_sweep({"span:file:none"}, read).error().code == Errc::not_found);
    CHECK(mentions(parse_sweep({"span:file:empty.txt"}, read).error().message, "no line"));
    CHECK(mentions(parse_sweep({"span:file:"}, read).error().message, "no name"));

    const auto inlined = hk::span::inline_files({"x", "span:{1..2},span:file:two.txt"}, read);
    REQUIRE(inlined);
    CHECK(values(inlined->at(1)) == Words{"1,one", "1,t,w]o", "2,one", "2,t,w]o"});
    CHECK(inlined->at(0) == "x");
}
