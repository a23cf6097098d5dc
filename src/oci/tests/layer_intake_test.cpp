#include "oci/layer_intake.hpp"

#include "support/image_archive.hpp"

#include <doctest/doctest.h>
#include <zlib.h>

using namespace hk;
using namespace hk::oci;
using namespace hk::test;

namespace {

std::string gzip(const std::string& text) {
    z_stream zlib{};
    REQUIRE(::deflateInit2(&zlib, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) == Z_OK);
    std::string out(::deflateBound(&zlib, text.size()) + 64, '\0');
    zlib.next_in = reinterpret_cast<unsigned char*>(const_cast<char*>(text.data()));
    zlib.avail_in = static_cast<unsigned>(text.size());
    zlib.next_out = reinterpret_cast<unsigned char*>(out.data());
    zlib.avail_out = static_cast<unsigned>(out.size());
    REQUIRE(::deflate(&zlib, Z_FINISH) == Z_STREAM_END);
    out.resize(zlib.total_out);
    ::deflateEnd(&zlib);
    return out;
}

Result<LayerIntake::Taken> take(const LayerStore& store, const std::string& bytes, const Digest& digest,
                                std::size_t step = 777) {
    LayerIntake intake(store);
    for (std::size_t at = 0; at < bytes.size(); at += step)
        if (auto fed = intake.feed(std::string_view(bytes).substr(at, step)); !fed) return fail(fed.error());
    return intake.finish(digest);
}

struct Fixture {
    Folder folder;
    LayerStore store{folder / "layers"};
    std::string layer = make_layer("base", 700'000, 'g');
    Fixture() { REQUIRE(store.prepare()); }
};

} // namespace

TEST_CASE("a compressed layer is stored plain and found again by both digests") {
    const Fixture f;
    const std::string carried = gzip(f.layer);
    const auto taken = take(f.store, carried, sha256(carried));
    REQUIRE_MESSAGE(taken, taken.error().message);
    CHECK(taken->layer == Layer{sha256(f.layer), Bytes{static_cast<std::int64_t>(f.layer.size())}});
    CHECK(taken->new_bytes == taken->layer.size);
    CHECK(*read_file(f.store.path_of(sha256(f.layer))) == f.layer);
    const auto known = f.store.recall(sha256(carried));
    REQUIRE(known);
    CHECK(known->diff_id == sha256(f.layer));
    CHECK(known->carried_size.value == static_cast<std::int64_t>(carried.size()));
    const auto again = take(f.store, carried, sha256(carried));
    CHECK(again->new_bytes.value == 0);
    std::filesystem::remove(f.store.path_of(sha256(f.layer)));
    CHECK_FALSE(f.store.recall(sha256(carried)));
}

TEST_CASE("plain layers and joined gzip files are taken too") {
    const Fixture f;
    CHECK(take(f.store, f.layer, sha256(f.layer))->layer.diff_id == sha256(f.layer));
    const std::string joined = gzip(f.layer.substr(0, 300'000)) + gzip(f.layer.substr(300'000));
    CHECK(take(f.store, joined, sha256(joined))->layer.diff_id == sha256(f.layer));
}

TEST_CASE("a layer that was cut, changed or misnamed is refused and leaves nothing") {
    const Fixture f;
    const std::string carried = gzip(f.layer);
    const std::string cut = carried.substr(0, carried.size() / 2);
    CHECK(take(f.store, cut, sha256(cut)).error().code == Errc::corrupt);
    CHECK_FALSE(take(f.store, carried, sha256(f.layer)));
    std::string changed = carried;
    changed[changed.size() / 2] ^= 0x55;
    CHECK_FALSE(take(f.store, changed, sha256(changed)));
    CHECK_FALSE(take(f.store, "", sha256("")));
    CHECK_FALSE(take(f.store, "\x1f\x8bnonsense", sha256("\x1f\x8bnonsense")));
    CHECK(std::filesystem::is_empty(f.store.root()));
}
