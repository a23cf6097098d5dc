#include "net/http.hpp"
#include "net/http1_writer.hpp"

#include <doctest/doctest.h>

#include <array>

using namespace hk;
using namespace hk::net;

namespace {

Request with_target(std::string target, Method method = Method::get) {
    return Request{.method = method, .target = std::move(target)};
}

} // namespace

TEST_CASE("percent decoding takes what encoding makes, and refuses the rest") {
    CHECK(percent_decode("a%20b%2Fc+") == "a b/c+");
    CHECK(!percent_decode(std::string_view("a\0", 2)));
    std::string all;
    for (int c = 1; c < 256; ++c) all += static_cast<char>(c);
    CHECK(percent_decode(percent_encode(all)) == all);
    for (const auto* wrong : {"%", "%4", "%4g", "%g4", "%00", "x%00y", "%%41"}) {
        CAPTURE(wrong);
        CHECK(!percent_decode(wrong));
    }
}

TEST_CASE("queries become pairs in their order") {
    const auto pairs = parse_query("a=1&b=x+y%21&&c&a=2&=v");
    REQUIRE(pairs);
    CHECK(*pairs == Pairs{{"a", "1"}, {"b", "x y!"}, {"c", ""}, {"a", "2"}, {"", "v"}});
    std::string many;
    for (int i = 0; i < 100; ++i) many += "a=1&";
    CHECK(parse_query(many));
    CHECK(!parse_query(many + "a=1"));
    CHECK(!parse_query("a=%0"));
}

TEST_CASE("targets are split, in origin and in absolute form") {
    auto request = with_target("/api/tasks%20x?limit=5&limit=6");
    REQUIRE(split_target(request));
    CHECK(request.path == "/api/tasks x");
    CHECK(request.query_value("limit") == "5");
    CHECK(request.query_values("limit").size() == 2);
    CHECK(!request.query_value("other"));

    request = with_target("http://Host:1/a?b=c");
    request.headers.set("host", "other");
    REQUIRE(split_target(request));
    CHECK(request.path == "/a");
    CHECK(request.headers.get("Host") == "Host:1");
    request = with_target("http://h?b=c");
    REQUIRE(split_target(request));
    CHECK(request.path == "/");
    request = with_target("*", Method::options);
    CHECK(split_target(request));
}

TEST_CASE("targets that could mean two things are refused") {
    const std::array wrong{"a",         "",         "*",         "/../x",    "/a/..",       "/a/%2e%2E/b",
                           "/./a",      "/%00",     "/a%",       "/a#b",     "?a=b",        "http://",
                           "http:///a", "/a?b=%zz", "https://h", "//../etc", "http://u@h/", "/a%2f..%2fetc"};
    for (const auto* target : wrong) {
        CAPTURE(target);
        auto request = with_target(target);
        const auto split = split_target(request);
        REQUIRE(!split);
        CHECK(split.error().code == Errc::invalid);
    }
}

TEST_CASE("header names compare without case, and lists by token") {
    Headers headers{{"Connection", "Keep-Alive, Upgrade"}, {"X", "1"}, {"x", "2"}};
    CHECK(headers.get("CONNECTION") == "Keep-Alive, Upgrade");
    CHECK(headers.has_token("connection", "upgrade"));
    CHECK(!headers.has_token("connection", "grade"));
    CHECK(headers.count("x") == 2);
    headers.set("X", "3");
    CHECK(headers.count("x") == 1);
    headers.remove("x");
    CHECK(!headers.has("X"));
    Headers full;
    for (std::size_t i = 0; i < Headers::max_fields; ++i) CHECK(full.add("a", "b"));
    CHECK(!full.add("a", "b"));
}

TEST_CASE("no value can end its line") {
    const Headers headers{{"Good", "a\tb \xc3\xa4"},
                          {"Bad", "a\r\nSet-Cookie: x"},
                          {"Ba d", "x"},
                          {"", "x"},
                          {"Z", std::string("a\0b", 3)}};
    const auto head = detail::response_head(200, headers, true);
    CHECK(head == "HTTP/1.1 200 OK\r\nGood: a\tb \xc3\xa4\r\n\r\n");
    auto request = with_target("/a b");
    CHECK(!detail::request_head(request));
    request = with_target("/a\r\nx");
    CHECK(!detail::request_head(request));
    request = with_target("/a");
    request.headers.set("X", "a\nb");
    CHECK(!detail::request_head(request));
    request = with_target("/a", Method::other);
    request.method_text = "MKCOL x";
    CHECK(!detail::request_head(request));
    request.method_text = "MKCOL";
    CHECK(detail::request_head(request) == "MKCOL /a HTTP/1.1\r\n\r\n");
}

TEST_CASE("methods and the date have the form that HTTP wants") {
    CHECK(parse_method("DELETE") == Method::delete_);
    CHECK(parse_method("get") == Method::other);
    const auto& date = detail::http_date();
    CHECK(date.size() == 29);
    CHECK(date.ends_with(" GMT"));
    CHECK(detail::chunk_head(500) == "1f4\r\n");
}
