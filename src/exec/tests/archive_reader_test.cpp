#include "exec/archive_reader.hpp"

#include "net/loop.hpp"
#include "oci/environment_store.hpp"
#include "oci/intake.hpp"
#include "support/image_archive.hpp"

#include <doctest/doctest.h>

using namespace hk;
using namespace hk::test;

namespace {

constexpr std::size_t chunk = exec::ArchiveReader::chunk_size;
const std::vector<std::string> layers{make_layer("base", 6 * chunk, 'a'), make_layer("more", 2 * chunk, 'b')};

struct Fixture {
    Folder folder;
    net::Loop loop;
    net::Pool pool{loop, 2, 100};
    net::TaskGroup group{loop};
    oci::EnvironmentStore store{folder / "containers"};
    oci::StoredImage stored;

    Fixture() {
        REQUIRE(store.prepare());
        oci::Intake intake(store.layers(), {});
        REQUIRE(intake.feed(docker_archive(layers)));
        const auto written = intake.finish();
        REQUIRE(written);
        stored = *store.open(*store.publish("env", written->image, from_micros(1'000'000)));
    }
    std::unique_ptr<exec::ArchiveReader> open() {
        return std::make_unique<exec::ArchiveReader>(group, pool, oci::LoadStream(stored, 0));
    }
    Result<std::string> next(exec::ArchiveReader& reader) { return net::run_task(loop, reader.next()); }
};

/// As the stream gives it without anything between.
std::string straight(const oci::StoredImage& stored) {
    oci::LoadStream stream(stored, 0);
    std::string all, buffer(chunk, ' ');
    for (auto got = stream.read(buffer); got && *got > 0; got = stream.read(buffer)) all.append(buffer, 0, *got);
    return all;
}

} // namespace

TEST_CASE("the next pieces are read while nobody asks yet, and no more of them than the limit") {
    Fixture f;
    const auto reader = f.open();
    f.loop.run_until([&] { return reader->ahead() == exec::ArchiveReader::max_ahead; });
    std::string all;
    Bytes told;
    reader->on_chunk = [&](Bytes size) { told += size; };
    for (auto piece = f.next(*reader); piece && !piece->empty(); piece = f.next(*reader)) {
        CHECK(reader->ahead() <= exec::ArchiveReader::max_ahead);
        all += *piece;
    }
    CHECK(all == straight(f.stored));
    CHECK(told == reader->total());
    CHECK_FALSE(reader->failure());
}

TEST_CASE("what is good is handed out before the failure that follows it") {
    Fixture f;
    std::filesystem::resize_file(f.stored.places[0].file, 3 * chunk);
    const auto reader = f.open();
    for (int i = 0; i < 2; ++i) {
        const auto piece = f.next(*reader);
        REQUIRE(piece);
        CHECK(piece->size() == chunk);
    }
    auto piece = f.next(*reader);
    while (piece) piece = f.next(*reader);
    CHECK(piece.error().code == Errc::corrupt);
    REQUIRE(reader->failure());
    CHECK(reader->failure()->message == piece.error().message);
}

TEST_CASE("a reader that is given up ends its reading") {
    Fixture f;
    auto reader = f.open();
    f.loop.run_until([&] { return reader->ahead() > 0; });
    reader.reset();
    net::run_task(f.loop, f.group.join());
    CHECK(f.group.size() == 0);
}
