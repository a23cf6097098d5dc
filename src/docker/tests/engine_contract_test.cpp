#include "support/engine_contract.hpp"

#include "docker/engine_client.hpp"
#include "support/fake_engine.hpp"
#include "support/image_archive.hpp"
#include "support/private_engine.hpp"

#include <doctest/doctest.h>

using namespace hk;
using namespace hk::test;

TEST_CASE("the fake engine keeps the contract") {
    net::Loop loop;
    FakeEngine engine(loop);
    engine.add_image("base:1", {make_layer("base", 100'000, 'b')});
    check_engine_contract(loop, engine, "base:1");
    CHECK(engine.container_count() == 0);
    CHECK(engine.image_count() == 1);
}

TEST_CASE("a real engine keeps the contract" * doctest::skip(!PrivateEngine::possible())) {
    PrivateEngine real;
    net::Loop loop;
    docker::EngineClient engine(real.address());
    REQUIRE_MESSAGE(real.import_base(loop, engine, "base:1"), "no base image");
    check_engine_contract(loop, engine, "base:1");
}

TEST_CASE("an engine that is not there is named") {
    net::Loop loop;
    docker::EngineClient engine(net::Address::unix_socket("/tmp/hk-no-such-engine.sock"));
    const auto info = net::run_task(loop, engine.info());
    REQUIRE_FALSE(info);
    CHECK(info.error().code == Errc::unavailable);
    CHECK(info.error().message.find("/tmp/hk-no-such-engine.sock") != std::string::npos);
}
