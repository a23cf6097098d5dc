#include "base/units.hpp"

#include <doctest/doctest.h>

using namespace hk;

TEST_CASE("sizes are 1000-based and take one unit letter") {
    CHECK(parse_size("512M")->value == 512'000'000);
    CHECK(parse_size("4g")->value == 4'000'000'000);
    CHECK(parse_size("1024")->value == 1024);
    for (const char* wrong : {"", "0", "-5G", "1Z", "512MiB", "1.5G", "18446744073709551616", "9999999T", " 1G"}) {
        CAPTURE(wrong);
        REQUIRE_FALSE(parse_size(wrong));
        CHECK(parse_size(wrong).error().code == Errc::invalid);
        CHECK(parse_size(wrong).error().message.find("512M") != std::string::npos);
    }
}

TEST_CASE("sizes are written the way people say them") {
    CHECK(format_size(Bytes{0}) == "0 B");
    CHECK(format_size(Bytes{412'000'000}) == "412 MB");
    CHECK(format_size(Bytes{1'200'000'000}) == "1.2 GB");
    CHECK(format_size(Bytes{999'900}) == "1 MB");
}
