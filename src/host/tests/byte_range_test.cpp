#include "host/byte_range.hpp"

#include <doctest/doctest.h>

#include <string>

using namespace hk::host;

namespace {

std::string ask(std::string_view header, std::int64_t size = 1000) {
    const ByteRange range = parse_range(header, size);
    if (range.kind == ByteRange::Kind::whole) return "whole";
    if (range.kind == ByteRange::Kind::unsatisfiable) return "none";
    return content_range(range, size);
}

} // namespace

TEST_CASE("ranges, as RFC 9110 has them") {
    CHECK(ask("bytes=0-99") == "bytes 0-99/1000");
    CHECK(ask("bytes=990-") == "bytes 990-999/1000");
    CHECK(ask("bytes=990-99999") == "bytes 990-999/1000");
    CHECK(ask("bytes=-10") == "bytes 990-999/1000");
    CHECK(ask("bytes=-99999") == "bytes 0-999/1000");
    CHECK(ask("bytes=1000-") == "none");
    CHECK(ask("bytes=-0") == "none");
    CHECK(ask("bytes=0-", 0) == "none");
}

TEST_CASE("ranges that make no sense are ignored") {
    for (const char* header : {"", "bytes=", "bytes=-", "bytes=a-b", "bytes=5-2", "bytes=0-1,5-6", "lines=1-2",
                               "bytes=0-99999999999999999999", "bytes=--5", "bytes=+1-2"})
        CHECK_MESSAGE(ask(header) == "whole", header);
}
