#include "host/access.hpp"

#include <doctest/doctest.h>

using namespace hk;
using namespace hk::host;

namespace {

const Access access({"lab.example"});

int status(net::Method method, net::Headers headers) {
    net::Request request{.method = method, .headers = std::move(headers)};
    const auto refused = access.refuse(request);
    return refused ? refused->status : 200;
}

} // namespace

TEST_CASE("only names of ours are answered: a DNS name that was pointed at us is not one") {
    using enum net::Method;
    CHECK(status(get, {{"Host", "127.0.0.1:8000"}}) == 200);
    CHECK(status(get, {{"Host", "localhost:8000"}}) == 200);
    CHECK(status(get, {{"Host", "LOCALHOST"}}) == 200);
    CHECK(status(get, {{"Host", "[::1]:8000"}}) == 200);
    CHECK(status(get, {{"Host", "10.0.0.7:8000"}}) == 200);
    CHECK(status(get, {{"Host", "lab.example:8000"}}) == 200);
    CHECK(status(get, {{"Host", "evil.com:8000"}}) == 421);
    CHECK(status(get, {{"Host", "127.0.0.1.nip.io"}}) == 421);
    CHECK(status(get, {}) == 421);
    CHECK(status(get, {{"Host", ""}}) == 421);
    CHECK(status(get, {{"Host", "[::1"}}) == 421);
}

TEST_CASE("a name is ours however it is written") {
    const Access capital({"LabServer"});
    for (const char* host : {"labserver:8000", "LabServer", "LABSERVER"}) {
        CAPTURE(host);
        CHECK_FALSE(capital.refuse({.method = net::Method::get, .headers = {{"Host", host}}}));
    }
}

TEST_CASE("pages of other origins may do nothing") {
    using enum net::Method;
    const net::Headers::Field host{"Host", "127.0.0.1:8000"};
    CHECK(status(post, {host, {"Origin", "http://127.0.0.1:8000"}}) == 200);
    CHECK(status(post, {host, {"Origin", "http://evil.com"}}) == 403);
    CHECK(status(post, {host, {"Origin", "null"}}) == 403);
    CHECK(status(post, {host, {"Origin", "http://127.0.0.1:9000"}}) == 403);
    CHECK(status(get, {host, {"Origin", "http://evil.com"}}) == 403);
    CHECK(status(delete_, {host, {"Origin", "http://evil.com"}}) == 403);
    CHECK(status(get, {host, {"Sec-Fetch-Site", "cross-site"}}) == 403);
    CHECK(status(get, {host, {"Sec-Fetch-Site", "same-site"}}) == 403);
    CHECK(status(get, {host, {"Sec-Fetch-Site", "same-origin"}}) == 200);
    // Following a link to the dashboard is fine, posting a form to it is not.
    CHECK(status(get, {host, {"Sec-Fetch-Site", "cross-site"}, {"Sec-Fetch-Mode", "navigate"}}) == 200);
    CHECK(status(post, {host, {"Sec-Fetch-Site", "cross-site"}, {"Sec-Fetch-Mode", "navigate"}}) == 403);
}

TEST_CASE("bodies are of a type that no form can send") {
    using enum net::Method;
    const net::Headers::Field host{"Host", "localhost"};
    const net::Headers::Field some{"Content-Length", "2"};
    CHECK(status(post, {host, some, {"Content-Type", "application/json"}}) == 200);
    CHECK(status(post, {host, some, {"Content-Type", "application/json; charset=utf-8"}}) == 200);
    CHECK(status(post, {host, some, {"Content-Type", "text/plain"}}) == 415);
    CHECK(status(post, {host, some, {"Content-Type", "application/x-www-form-urlencoded"}}) == 415);
    CHECK(status(post, {host, some}) == 415);
    CHECK(status(post, {host, {"Transfer-Encoding", "chunked"}}) == 415);
    CHECK(status(post, {host}) == 200);
    CHECK(status(delete_, {host, {"Content-Length", "0"}}) == 200);
}
