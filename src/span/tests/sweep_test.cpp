#include "span/grammar.hpp"
#include "span/sweep.hpp"

#include <doctest/doctest.h>
#include <rapidcheck.h>

#include <limits>
#include <string>
#include <vector>

using hk::Errc;
using hk::span::ArgKind;
using hk::span::parse_sweep;
using Words = std::vector<std::string>;

namespace {

/// The plain way to make a product: nested loops, the last argument innermost.
std::vector<Words> nested_loops(const std::vector<Words>& sets) {
    std::vector<Words> product{{}};
    for (const auto& set : sets) {
        std::vector<Words> longer;
        for (const auto& prefix : product) {
            for (const auto& value : set) {
                longer.push_back(prefix);
                longer.back().push_back(value);
            }
        }
        product = std::move(longer);
    }
    return product;
}

rc::Gen<Words> a_set() {
    const auto item = rc::gen::string<std::string>();
    return rc::gen::resize(4, rc::gen::nonEmpty(rc::gen::container<Words>(item)));
}

bool is_trimmed(const std::string& text) {
    constexpr std::string_view blanks = " \t\r\n";
    return text.empty() || (!blanks.contains(text.front()) && !blanks.contains(text.back()));
}

void keep_what_a_list_can_hold(Words& set) {
    std::erase_if(set, [](const std::string& item) { return !is_trimmed(item); });
    if (set.empty() || set == Words{""}) set = {"x"};
}

} // namespace

TEST_CASE("the last argument varies fastest") {
    const auto sweep = parse_sweep({"prog", "span:{1..2}", "fixed", "span:[a,b]"});
    REQUIRE(sweep);
    CHECK(sweep->size() == 4);
    CHECK(sweep->has_spans());
    CHECK(sweep->at(0) == Words{"prog", "1", "fixed", "a"});
    CHECK(sweep->at(1) == Words{"prog", "1", "fixed", "b"});
    CHECK(sweep->at(2) == Words{"prog", "2", "fixed", "a"});
    CHECK(sweep->at(3) == Words{"prog", "2", "fixed", "b"});
}

TEST_CASE("without spans the command is its own only combination") {
    const auto sweep = parse_sweep({"echo", "", "a b"});
    REQUIRE(sweep);
    CHECK(sweep->size() == 1);
    CHECK_FALSE(sweep->has_spans());
    CHECK(sweep->at(0) == Words{"echo", "", "a b"});
    CHECK(parse_sweep({})->size() == 1);
}

TEST_CASE("a span of one value is a span") {
    CHECK(parse_sweep({"span:{1..1}"})->has_spans());
    CHECK(hk::span::has_spans({"a", "x=span:[y]"}));
    CHECK(hk::span::has_spans({"span:{1..2"}));
    CHECK(hk::span::has_spans({"span:1"}));
    CHECK_FALSE(hk::span::has_spans({"a", "timespan:{1..2}"}));
}

TEST_CASE("kinds of arguments") {
    const auto sweep = parse_sweep({"x", "span:{1..2}", "span:{0.1..0.2..0.1}", "span:[1,2]", "n=span:{1..2}"});
    REQUIRE(sweep);
    CHECK(sweep->kind(0) == ArgKind::text);
    CHECK(sweep->kind(1) == ArgKind::integer);
    CHECK(sweep->kind(2) == ArgKind::real);
    CHECK(sweep->kind(3) == ArgKind::text);
    CHECK(sweep->kind(4) == ArgKind::text);
}

TEST_CASE("a billion combinations cost nothing, and too many are refused") {
    const std::string billion = "span:{1..1000000000}";
    const auto sweep = parse_sweep({billion, billion});
    REQUIRE(sweep);
    CHECK(sweep->size() == 1'000'000'000'000'000'000u);
    CHECK(sweep->at(sweep->size() - 1) == Words{"1000000000", "1000000000"});
    CHECK(sweep->at(1'000'000'001u) == Words{"2", "2"});
    CHECK(parse_sweep({billion, billion, "span:{1..100}"}).error().code == Errc::too_large);
    CHECK(parse_sweep({billion + "," + billion + ",span:{1..100}"}).error().code == Errc::too_large);
    const auto widest = parse_sweep({"span:{-999999999999999999..999999999999999999}"});
    REQUIRE(widest);
    CHECK(widest->at(widest->size() - 1) == Words{"999999999999999999"});
}

TEST_CASE("the product equals nested loops") {
    CHECK(rc::check([] {
        auto sets = *rc::gen::resize(4, rc::gen::container<std::vector<Words>>(a_set()));
        Words args;
        for (auto& set : sets) {
            keep_what_a_list_can_hold(set);
            args.push_back(hk::span::format_list(set));
        }
        const auto expected = nested_loops(sets);
        const auto sweep = parse_sweep(args);
        RC_ASSERT(sweep.has_value());
        RC_ASSERT(sweep->size() == expected.size());
        std::vector<Words> found;
        for (std::size_t i = 0; i < expected.size(); ++i) found.push_back(sweep->at(i));
        RC_ASSERT(found == expected);
    }));
}

TEST_CASE("every value of a range of fractions is start plus a whole number of steps") {
    CHECK(rc::check([] {
        const int start = *rc::gen::inRange(-10'000, 10'000);
        const int step = *rc::gen::inRange(1, 500);
        const int steps = *rc::gen::inRange(0, 50);
        const auto text = [](int hundredths) {
            const auto sign = hundredths < 0 ? "-" : "";
            const int size = std::abs(hundredths);
            const auto rest = std::to_string(size % 100);
            return sign + std::to_string(size / 100) + "." + (rest.size() < 2 ? "0" : "") + rest;
        };
        const auto sweep =
            parse_sweep({"span:{" + text(start) + ".." + text(start + steps * step) + ".." + text(step) + "}"});
        RC_ASSERT(sweep.has_value());
        RC_ASSERT(sweep->size() == static_cast<std::uint64_t>(steps) + 1);
        for (int i = 0; i <= steps; ++i) {
            RC_ASSERT(sweep->at(static_cast<std::uint64_t>(i)).at(0) == text(start + i * step));
        }
    }));
}

TEST_CASE("no text makes the parser read or count wrongly") {
    CHECK(rc::check([] {
        const auto letters = rc::gen::elementOf(std::string("span:{[]}.,\\012-fileabc \n"));
        const auto noise = *rc::gen::container<std::string>(letters);
        const auto sweep = parse_sweep({"span:{" + noise, "span:[" + noise, noise});
        if (sweep) {
            RC_ASSERT(sweep->size() > 0u);
            RC_ASSERT(sweep->at(sweep->size() - 1).size() == 3u);
        } else {
            RC_ASSERT(!sweep.error().message.empty());
        }
    }));
}
