#include "net/address.hpp"

#include <doctest/doctest.h>

#include <array>

using namespace hk;
using net::Address;
using net::parse_address;

TEST_CASE("addresses are read in every form that people write") {
    CHECK(parse_address("10.0.0.1:8000") == Address::tcp("10.0.0.1", 8000));
    CHECK(parse_address("node-1.lab:1") == Address::tcp("node-1.lab", 1));
    CHECK(parse_address("[::1]:8000") == Address::tcp("::1", 8000));
    CHECK(parse_address("[fe80::1%eth0]", 9) == Address::tcp("fe80::1%eth0", 9));
    CHECK(parse_address("fe80::1", 9) == Address::tcp("fe80::1", 9));
    CHECK(parse_address("http://host:8000") == Address::tcp("host", 8000));
    CHECK(parse_address("http://[::1]/") == Address::tcp("::1", 80));
    CHECK(parse_address("unix:/run/x.sock") == Address::unix_socket("/run/x.sock"));
    CHECK(parse_address("unix:///run/x.sock") == Address::unix_socket("/run/x.sock"));
    CHECK(parse_address("host", 8000) == Address::tcp("host", 8000));
    CHECK(parse_address("host:0") == Address::tcp("host", 0));
}

TEST_CASE("what is no address is refused with an example of one") {
    const std::array wrong{"",         "host",         ":80",     "host:",        "host:65536", "host:-1",
                           "host:8 0", "[::1:80",      "[::1]80", "unix:",        "unix:x",     "https://host:1",
                           "ho st:80", "host/path:80", "a:80\n",  "http://h:1/x", "host:0x50",  "[]:80"};
    for (const auto* text : wrong) {
        CAPTURE(text);
        const auto parsed = parse_address(text);
        REQUIRE(!parsed);
        CHECK(parsed.error().code == Errc::invalid);
        CHECK(parsed.error().message.contains("10.0.0.1:8000"));
    }
    CHECK(!parse_address("unix:/" + std::string(107, 'x')));
    CHECK(parse_address("unix:/" + std::string(106, 'x')));
}

TEST_CASE("the text of an address is read back as the same address") {
    for (const auto& address :
         {Address::tcp("10.0.0.1", 80), Address::tcp("::1", 65535), Address::unix_socket("/a b")}) {
        CHECK(parse_address(to_text(address)) == address);
    }
    CHECK(authority(Address::tcp("::1", 80)) == "[::1]:80");
    CHECK(authority(Address::unix_socket("/x")) == "localhost");
}

TEST_CASE("loopback is told by the text alone") {
    for (const auto* host : {"127.0.0.1", "127.9.9.9", "::1", "localhost", "::ffff:127.0.0.1"}) {
        CAPTURE(host);
        CHECK(is_loopback(Address::tcp(host, 1)));
    }
    for (const auto* host : {"10.0.0.1", "0.0.0.0", "::", "128.0.0.1", "127.0.0.1.evil.org", "::ffff:10.0.0.1", ""}) {
        CAPTURE(host);
        CHECK(!is_loopback(Address::tcp(host, 1)));
    }
    CHECK(is_loopback(Address::unix_socket("/x")));
}
