#include "docker/image_name.hpp"

#include <doctest/doctest.h>

using namespace hk;
using namespace hk::docker;

TEST_CASE("image names are taken apart") {
    CHECK(*parse_image_name("python") == ImageName{"python", "latest", ""});
    CHECK(*parse_image_name("python:3.12.10-alpine3.21") == ImageName{"python", "3.12.10-alpine3.21", ""});
    CHECK(*parse_image_name("localhost:5000/a/b") == ImageName{"localhost:5000/a/b", "latest", ""});
    CHECK(*parse_image_name("Reg.Example.org/team/x__y-z:T") == ImageName{"Reg.Example.org/team/x__y-z", "T", ""});
    const std::string digest = "sha256:" + std::string(64, 'a');
    CHECK(*parse_image_name("nvcr.io/nvidia/cuda@" + digest) == ImageName{"nvcr.io/nvidia/cuda", "", digest});
    for (const char* text : {"python:3.12", "localhost:5000/a/b:x", "a/b/c:1"})
        CHECK(parse_image_name(text)->text() == text);
}

TEST_CASE("what no engine takes is refused with a sentence") {
    const std::string longest(256, 'a');
    for (const std::string& text : {std::string(""),
                                    std::string("-v"),
                                    std::string("--help"),
                                    std::string("Python"),
                                    std::string("a b"),
                                    std::string("a//b"),
                                    std::string("/a"),
                                    std::string("a/"),
                                    std::string("a:"),
                                    std::string("a:b:c"),
                                    std::string(":x"),
                                    std::string(".."),
                                    std::string("a/../b"),
                                    std::string("a..b"),
                                    std::string("a_"),
                                    std::string("a___b"),
                                    std::string("a@sha256:12"),
                                    std::string("host:port/a"),
                                    std::string("\xf0\x9f\x90\x8d"),
                                    std::string("a:-x"),
                                    std::string("a\nb"),
                                    longest}) {
        CAPTURE(text);
        const auto name = parse_image_name(text);
        REQUIRE_FALSE(name);
        CHECK(name.error().code == Errc::invalid);
        CHECK(name.error().message.find("python:3.12") != std::string::npos);
    }
}
