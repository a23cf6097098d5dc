#include "oci/intake.hpp"

#include "support/image_archive.hpp"

#include <doctest/doctest.h>
#include <rapidcheck.h>

using namespace hk;
using namespace hk::oci;
using namespace hk::test;

namespace {

Result<Intake::Written> take(const LayerStore& store, std::string_view archive, std::size_t step,
                             const std::vector<Digest>& expected = {}) {
    Intake intake(store, expected);
    for (std::size_t at = 0; at < archive.size(); at += step)
        if (auto fed = intake.feed(archive.substr(at, step)); !fed) return fail(fed.error());
    return intake.finish();
}

std::size_t files_in(const std::filesystem::path& folder) {
    return static_cast<std::size_t>(std::distance(std::filesystem::directory_iterator(folder), {}));
}

} // namespace

TEST_CASE("an archive of either shape leaves its layers in the store") {
    const std::vector<std::string> layers{make_layer("base", 2'000'000, 'a'), make_layer("little", 10, 'b')};
    for (const auto& archive : {docker_archive(layers), oci_archive(layers)}) {
        const Folder folder;
        const LayerStore store(folder / "layers");
        REQUIRE(store.prepare());
        const auto written = take(store, archive, 65'536);
        REQUIRE_MESSAGE(written, written.error().message);
        CHECK(written->image == make_image(layers));
        CHECK(written->new_bytes == written->total_bytes);
        CHECK(*read_file(store.path_of(sha256(layers[0])), 4 << 20) == layers[0]);
        CHECK(*read_file(store.path_of(sha256(layers[1]))) == layers[1]);
        CHECK(files_in(store.root()) == 2);
    }
}

TEST_CASE("a layer that is there already is not written again") {
    const Folder folder;
    const LayerStore store(folder / "layers");
    REQUIRE(store.prepare());
    std::vector<std::string> layers{make_layer("base", 3'000'000, 'a')};
    REQUIRE(take(store, docker_archive(layers), 4096));
    layers.push_back(make_layer("change", 1'500'000, 'c'));
    const auto second = take(store, docker_archive(layers), 4096, {sha256(layers[0]), sha256(layers[1])});
    REQUIRE(second);
    CHECK(second->new_bytes.value == static_cast<std::int64_t>(layers[1].size()));
    CHECK(files_in(store.root()) == 2);
}

TEST_CASE("a layer of equal size but other content is noticed") {
    const Folder folder;
    const LayerStore store(folder / "layers");
    REQUIRE(store.prepare());
    const auto known = make_layer("base", 3'000'000, 'a');
    const auto other = make_layer("base", 3'000'000, 'b');
    REQUIRE(take(store, docker_archive({known}), 65'536));
    const auto taken = take(store, docker_archive({other}), 65'536, {sha256(known)});
    REQUIRE_FALSE(taken);
    CHECK(taken.error().code == Errc::conflict);
    CHECK(take(store, docker_archive({other}), 65'536));
}

TEST_CASE("two equal layers in one image are one file") {
    const Folder folder;
    const LayerStore store(folder / "layers");
    REQUIRE(store.prepare());
    const auto same = make_layer("same", 2'000'000, 's');
    const auto written = take(store, docker_archive({same, same}), 65'536);
    REQUIRE(written);
    CHECK(written->image.layers.size() == 2);
    CHECK(files_in(store.root()) == 1);
}

TEST_CASE("a cut or changed archive is refused and leaves no layer under a wrong name") {
    const std::vector<std::string> layers{make_layer("base", 5'000, 'a'), make_layer("more", 4'000, 'b')};
    const std::string whole = docker_archive(layers);
    rc::check([&] {
        const Folder folder;
        const LayerStore store(folder / "layers");
        RC_ASSERT(store.prepare().has_value());
        std::string archive = whole;
        if (*rc::gen::arbitrary<bool>()) archive.resize(*rc::gen::inRange<std::size_t>(0, whole.size() - 1024));
        else archive[*rc::gen::inRange<std::size_t>(0, whole.size() - 1024)] ^= 0x21;
        const auto written = take(store, archive, 512);
        for (const auto& entry : std::filesystem::directory_iterator(store.root()))
            RC_ASSERT(sha256(*read_file(entry.path())).hex() + ".tar" == entry.path().filename().string());
        if (written) { // a change outside config, manifest and layers does no harm
            RC_ASSERT(written->image == make_image(layers));
        }
    });
}

TEST_CASE("what is no image archive is refused with a sentence") {
    const Folder folder;
    const LayerStore store(folder / "layers");
    REQUIRE(store.prepare());
    const auto error = [&](const std::string& archive) { return take(store, archive, 4096).error().message; };
    CHECK(error(tar_member("hello.txt", "hi") + tar_end()).find("manifest.json") != std::string::npos);
    CHECK(error(tar_member("movie.mkv", std::string(2 << 20, 'm')) + tar_end()).find("movie.mkv") != std::string::npos);
    CHECK(error(tar_member("manifest.json", "[]") + tar_end()).find("exactly one") != std::string::npos);
    CHECK(error(tar_member("manifest.json", "[{}]") + tar_end()).find("Config") != std::string::npos);
    CHECK(files_in(store.root()) == 0);
    std::string flood;
    for (int i = 0; i < 70; ++i) flood += tar_member(std::to_string(i) + ".json", std::string(1'000'000, '{'));
    CHECK(error(flood).find("too much") != std::string::npos);
}
