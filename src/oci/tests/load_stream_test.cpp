#include "oci/load_stream.hpp"

#include "oci/environment_store.hpp"
#include "oci/intake.hpp"
#include "support/image_archive.hpp"

#include <doctest/doctest.h>

using namespace hk;
using namespace hk::oci;
using namespace hk::test;

namespace {

const std::vector<std::string> layers{make_layer("base", 300'000, 'a'), make_layer("more", 40'000, 'b'),
                                      make_layer("base", 300'000, 'a')};

struct Fixture {
    Folder folder;
    EnvironmentStore store{folder / "containers"};
    StoredImage stored;
    Fixture() {
        REQUIRE(store.prepare());
        Intake intake(store.layers(), {});
        REQUIRE(intake.feed(docker_archive(layers)));
        const auto written = intake.finish();
        REQUIRE(written);
        const auto version = store.publish("env", written->image, from_micros(1'000'000));
        REQUIRE(version);
        stored = *store.open(*version);
    }
};

Result<std::string> drain(LoadStream& stream, std::size_t step) {
    std::string all;
    std::vector<char> buffer(step);
    for (;;) {
        HK_TRY(const auto got, stream.read(buffer));
        if (got == 0) return all;
        all.append(buffer.data(), got);
    }
}

} // namespace

TEST_CASE("a full archive can be taken in again and gives the same image") {
    const Fixture fixture;
    for (const std::size_t step : {1UL, 1000UL, 65'536UL}) {
        LoadStream stream(fixture.stored, 0);
        const auto archive = drain(stream, step);
        REQUIRE(archive);
        CHECK(static_cast<std::int64_t>(archive->size()) == stream.total().value);
        const Folder other;
        const LayerStore store(other / "layers");
        REQUIRE(store.prepare());
        Intake intake(store, {});
        REQUIRE(intake.feed(*archive));
        const auto back = intake.finish();
        REQUIRE_MESSAGE(back, back.error().message);
        CHECK(back->image == fixture.stored.image);
    }
}

TEST_CASE("a thin archive leaves out what the engine has") {
    const Fixture fixture;
    LoadStream stream(fixture.stored, 1);
    const auto archive = drain(stream, 4096);
    REQUIRE(archive);
    // The lowest layer comes again as the highest: there the engine does not have it.
    CHECK(stream.layer_bytes().value == static_cast<std::int64_t>(layers[1].size() + layers[2].size()));
    LoadStream thinner(fixture.stored, 3);
    CHECK(drain(thinner, 4096)->size() < 8192);
}

TEST_CASE("a damaged or missing layer file ends the archive before its manifest") {
    const Fixture fixture;
    const auto path = fixture.store.layers().path_of(sha256(layers[1]));
    std::string changed = layers[1];
    changed[700] ^= 1;
    write_text(path, changed);
    LoadStream damaged(fixture.stored, 0);
    std::string seen;
    std::vector<char> buffer(4096);
    Result<std::size_t> got = 1;
    while ((got = damaged.read(buffer)) && *got > 0) seen.append(buffer.data(), *got);
    REQUIRE_FALSE(got);
    CHECK(got.error().code == Errc::corrupt);
    CHECK(seen.find("manifest.json") == std::string::npos);
    write_text(path, layers[1].substr(0, 1000));
    LoadStream truncated(fixture.stored, 0);
    CHECK(drain(truncated, 4096).error().message.find("truncated") != std::string::npos);
    std::filesystem::remove(path);
    LoadStream missing(fixture.stored, 0);
    CHECK_FALSE(drain(missing, 4096));
}
