#include "oci/environment_store.hpp"

#include "oci/intake.hpp"
#include "oci/version_file.hpp"
#include "support/image_archive.hpp"

#include <doctest/doctest.h>

using namespace hk;
using namespace hk::oci;
using namespace hk::test;

namespace {

const std::vector<std::string> two_layers{make_layer("base", 30'000, 'a'), make_layer("more", 4'000, 'b')};

Image put(const EnvironmentStore& store, const std::vector<std::string>& layers) {
    Intake intake(store.layers(), {});
    REQUIRE(intake.feed(docker_archive(layers)));
    auto written = intake.finish();
    REQUIRE(written);
    return written->image;
}

Time at(std::int64_t seconds) { return from_micros(seconds * 1'000'000); }

void make_old(const std::filesystem::path& path) {
    std::filesystem::last_write_time(path, std::filesystem::file_time_type::clock::now() - std::chrono::hours(1));
}

void make_all_old(const std::filesystem::path& root) {
    for (const auto& entry : std::filesystem::recursive_directory_iterator(root))
        if (entry.is_regular_file()) make_old(entry.path());
}

} // namespace

TEST_CASE("version files are recognised by name") {
    CHECK(parse_version_file("hakuriver-base-1700000000.tar") == Version{"hakuriver-base", 1'700'000'000});
    CHECK(Version{"a", 5}.file_name() == "a-5.tar");
    for (const char* wrong :
         {"base.tar", "base-.tar", "-5.tar", "base-5.tar.gz", "Base-5.tar", "base-5x.tar", "base--5.tar.tmp",
          ".tmp-1-2", "base-05.tar", "base-99999999999999999999.tar", "..-5.tar"}) {
        CAPTURE(wrong);
        CHECK_FALSE(parse_version_file(wrong));
    }
}

TEST_CASE("a published version is listed and opens with its layers") {
    const Folder folder;
    const EnvironmentStore store(folder / "containers");
    REQUIRE(store.prepare());
    const Image image = put(store, two_layers);
    const auto version = store.publish("python", image, at(1'700'000'000));
    REQUIRE(version);
    CHECK(version->file_name() == "python-1700000000.tar");
    CHECK(*store.list() == std::vector{*version});
    const auto stored = store.open(*version);
    REQUIRE_MESSAGE(stored, stored.error().message);
    CHECK(stored->image == image);
    CHECK(stored->places[0].file == store.layers().path_of(sha256(two_layers[0])));
    CHECK(store.inspect(*version).size == stored->total());
    CHECK(std::filesystem::file_size(store.root() / version->file_name()) < 10'000);
}

TEST_CASE("versions are listed newest first and stamps never repeat") {
    const Folder folder;
    const EnvironmentStore store(folder / "containers");
    REQUIRE(store.prepare());
    const Image image = put(store, two_layers);
    REQUIRE(store.publish("env-b", image, at(200)));
    REQUIRE(store.publish("env-b", image, at(200)));
    REQUIRE(store.publish("env-b", image, at(100))); // the clock went back
    REQUIRE(store.publish("env-a", image, at(50)));
    CHECK(*store.list() == std::vector<Version>{{"env-a", 50}, {"env-b", 202}, {"env-b", 201}, {"env-b", 200}});
    CHECK(*store.newest("env-b") == Version{"env-b", 202});
    CHECK_FALSE(store.newest("env-c")->has_value());
    CHECK_FALSE(store.publish("../b", image, at(1)));
}

TEST_CASE("a classic tarball of docker save opens too") {
    const Folder folder;
    const EnvironmentStore store(folder / "containers");
    REQUIRE(store.prepare());
    for (const auto& archive :
         {docker_archive({two_layers[0], two_layers[1], two_layers[0]}), oci_archive(two_layers)}) {
        write_text(store.root() / "old-1600000000.tar", archive);
        const auto stored = store.open({"old", 1'600'000'000});
        REQUIRE_MESSAGE(stored, stored.error().message);
        REQUIRE(stored->places.size() >= 2);
        const auto& place = stored->places[1];
        CHECK(archive.substr(static_cast<std::size_t>(place.offset), static_cast<std::size_t>(place.stored_size)) ==
              two_layers[1]);
        CHECK_FALSE(place.compressed);
    }
}

TEST_CASE("a truncated, replaced or foreign tarball is refused with a sentence") {
    const Folder folder;
    const EnvironmentStore store(folder / "containers");
    REQUIRE(store.prepare());
    const auto version = store.publish("env", put(store, two_layers), at(100));
    const auto path = store.root() / version->file_name();
    const std::string whole = *read_file(path);
    const auto refusal = [&](std::string_view content) {
        write_text(path, content);
        const auto opened = store.open(*version);
        return opened ? std::string("opened") : opened.error().message;
    };
    for (std::size_t cut = 0; cut < whole.size() - 1024; cut += 211) {
        CAPTURE(cut);
        CHECK(refusal(whole.substr(0, cut)) != "opened");
    }
    const std::size_t covered = whole.size() - 1024 - 512 + 64; // up to the end of the checksum itself
    for (std::size_t i = 0; i < covered; i += 61) {
        std::string changed = whole;
        changed[i] ^= 1;
        CAPTURE(i);
        CHECK(refusal(changed) != "opened");
    }
    CHECK(refusal(docker_archive(two_layers).substr(0, 20'000)).find("truncated") != std::string::npos);
    CHECK(refusal("this is a text").find("truncated") != std::string::npos);
    CHECK(refusal(tar_member("a.txt", "x") + tar_end()).find("manifest.json") != std::string::npos);
    CHECK(refusal(whole) == "opened");
    std::filesystem::remove(store.layers().path_of(sha256(two_layers[1])));
    CHECK(refusal(whole).find("is missing") != std::string::npos);
    std::filesystem::remove(path);
    CHECK(store.open(*version).error().code == Errc::not_found);
}

TEST_CASE("a removed version disappears from the list, its layers only when nobody can be reading") {
    const Folder folder;
    const EnvironmentStore store(folder / "containers");
    REQUIRE(store.prepare());
    const Image image = put(store, two_layers);
    const auto version = store.publish("env", image, at(100));
    const auto kept = store.publish("other", put(store, {two_layers[0]}), at(100));
    REQUIRE(store.remove(*version));
    CHECK(store.remove(*version).error().code == Errc::not_found);
    CHECK(*store.list() == std::vector{*kept});
    const auto layer = store.layers().path_of(sha256(two_layers[1]));

    make_old(layer);
    REQUIRE(store.collect()); // within the grace time: it lies in the trash
    CHECK(std::filesystem::exists(layer));
    make_all_old(store.root());
    {
        const auto lease = store.lease("node1");
        REQUIRE(lease);
        const auto collected = store.collect();
        REQUIRE(collected);
        CHECK(collected->postponed);
        CHECK(std::filesystem::exists(layer));
    }
    const auto collected = store.collect();
    REQUIRE(collected);
    CHECK(collected->freed.value == static_cast<std::int64_t>(two_layers[1].size()));
    CHECK_FALSE(std::filesystem::exists(layer));
    CHECK(store.open(*kept));
}

TEST_CASE("a lease that nobody refreshes expires and can be taken up again, stale temporary files go") {
    const Folder folder;
    const EnvironmentStore store(folder / "containers");
    REQUIRE(store.prepare());
    put(store, two_layers);
    const auto lease = store.lease("dead");
    write_text(store.root() / ".tmp-9-9", "half");
    write_text(store.layers().root() / ".tmp-9-9", "half");
    make_all_old(store.root());
    const auto collected = store.collect();
    REQUIRE(collected);
    CHECK_FALSE(collected->postponed);
    CHECK_FALSE(std::filesystem::exists(store.root() / ".tmp-9-9"));
    CHECK_FALSE(std::filesystem::exists(store.layers().root() / ".tmp-9-9"));
    CHECK(std::filesystem::is_empty(store.layers().root()));
    REQUIRE(lease);
    REQUIRE(lease->refresh()); // its reader was only asleep
    CHECK(store.collect()->postponed);
}

TEST_CASE("layers are spared while a version cannot be read, and freed when it is damaged for good") {
    const Folder folder;
    const EnvironmentStore store(folder / "containers");
    REQUIRE(store.prepare());
    const auto version = store.publish("env", put(store, two_layers), at(100));
    const auto path = store.root() / version->file_name();
    std::string newer = *read_file(path);
    newer = tar_member("hakuriver.json", R"({"format":2})");
    newer += tar_member("checksum", sha256(newer).hex()) + tar_end();
    write_text(path, newer);
    make_all_old(store.root());
    const auto collected = store.collect();
    REQUIRE_FALSE(collected);
    CHECK(collected.error().message.find("newer") != std::string::npos);
    CHECK(store.layers().find(sha256(two_layers[0])));
    write_text(path, std::string(newer).replace(600, 4, "xxxx"));
    make_all_old(store.root());
    REQUIRE(store.collect());
    CHECK_FALSE(store.layers().find(sha256(two_layers[0])));
}
