#include "oci/tar.hpp"

#include <algorithm>
#include <doctest/doctest.h>
#include <rapidcheck.h>
#include <vector>

using namespace hk;
using namespace hk::oci;

namespace {

struct Recorded : TarSink {
    std::vector<TarEntry> entries;
    std::vector<std::string> data;
    int ended = 0;
    Result<> on_begin(const TarEntry& entry) override {
        entries.push_back(entry);
        data.emplace_back();
        return {};
    }
    Result<> on_data(std::string_view bytes) override {
        data.back() += bytes;
        return {};
    }
    Result<> on_end() override {
        ++ended;
        return {};
    }
};

std::string member(const std::string& path, std::string_view text) {
    const auto size = static_cast<std::int64_t>(text.size());
    return tar_header({path, TarType::file, size, ""}) + std::string(text) + tar_padding(size);
}

Result<> parse(std::string_view archive, Recorded& out, std::size_t step) {
    TarParser parser(out);
    for (std::size_t at = 0; at < archive.size(); at += step)
        if (auto fed = parser.feed(archive.substr(at, step)); !fed) return fed;
    return parser.finish();
}

} // namespace

TEST_CASE("an archive comes back as it was written, in pieces of any size") {
    rc::check([] {
        const auto texts = *rc::gen::container<std::vector<std::string>>(rc::gen::arbitrary<std::string>());
        const auto step = *rc::gen::inRange<std::size_t>(1, 2000);
        std::string archive;
        for (std::size_t i = 0; i < texts.size(); ++i)
            archive += member("file" + std::to_string(i) + std::string(i * 37 % 300, 'n'), texts[i]);
        Recorded back;
        RC_ASSERT(parse(archive + tar_end(), back, step).has_value());
        RC_ASSERT(back.data == texts);
        RC_ASSERT(back.ended == static_cast<int>(texts.size()));
        for (std::size_t i = 0; i < texts.size(); ++i)
            RC_ASSERT(back.entries[i].path == "file" + std::to_string(i) + std::string(i * 37 % 300, 'n'));
    });
}

TEST_CASE("long names, links and sizes beyond 8 GiB travel in extended headers") {
    const std::string name(260, 'x');
    const std::string target(180, 'y');
    Recorded back;
    const std::string archive =
        tar_header({name, TarType::symlink, 0, target}) + tar_header({"./huge", TarType::file, 9'000'000'000, ""});
    TarParser parser(back);
    REQUIRE(parser.feed(archive));
    REQUIRE(back.entries.size() == 2);
    CHECK(back.entries[0] == TarEntry{name, TarType::symlink, 0, target});
    CHECK(back.entries[1] == TarEntry{"huge", TarType::file, 9'000'000'000, ""});
    CHECK(parser.remaining() == 9'000'000'000);
    REQUIRE(parser.skip(9'000'000'000));
    REQUIRE(parser.feed(tar_padding(9'000'000'000) + tar_end()));
    CHECK(parser.finish());
}

TEST_CASE("GNU long names and the ustar prefix are understood") {
    std::string gnu = tar_header({"././@LongLink", TarType::file, 151, ""});
    gnu[156] = 'L';
    std::uint64_t sum = 0;
    std::fill_n(&gnu[148], 8, ' ');
    for (std::size_t i = 0; i < 512; ++i) sum += static_cast<unsigned char>(gnu[i]);
    std::snprintf(&gnu[148], 8, "%06lo", static_cast<unsigned long>(sum));
    Recorded back;
    REQUIRE(parse(gnu + std::string(150, 'g') + '\0' + tar_padding(151) + member("short", "abc") + tar_end(), back, 7));
    REQUIRE(back.entries.size() == 1);
    CHECK(back.entries[0].path == std::string(150, 'g'));
    CHECK(back.data[0] == "abc");
}

TEST_CASE("an archive that stops anywhere is not complete") {
    const std::string archive = member("a", std::string(700, 'a')) + member("b", "b") + tar_end();
    const std::size_t end_of_entries = archive.size() - 1024;
    for (std::size_t cut = 0; cut < end_of_entries; cut += 13) {
        CAPTURE(cut);
        Recorded back;
        const auto parsed = parse(std::string_view(archive).substr(0, cut), back, 512);
        REQUIRE_FALSE(parsed);
        CHECK(parsed.error().code == Errc::corrupt);
    }
}

TEST_CASE("a changed header is refused, and so is something that is no tar at all") {
    std::string archive = member("a", "text") + tar_end();
    archive[10] ^= 1;
    Recorded back;
    const auto parsed = parse(archive, back, 512);
    REQUIRE_FALSE(parsed);
    CHECK(parsed.error().message.find("checksum") != std::string::npos);
    CHECK_FALSE(parse(std::string(2048, 'z'), back, 512));
}

TEST_CASE("the number of entries and the size of extended headers are limited") {
    Recorded back;
    TarParser parser(back);
    const std::string one = tar_header({"f", TarType::file, 0, ""});
    Result<> fed;
    for (std::size_t i = 0; i <= max_tar_entries && fed; ++i) {
        back.entries.clear();
        back.data.clear();
        fed = parser.feed(one);
    }
    REQUIRE_FALSE(fed);
    CHECK(fed.error().code == Errc::too_large);

    std::string pax = tar_header({std::string(101, 'p'), TarType::file, 0, ""}).substr(0, 512);
    std::snprintf(&pax[124], 12, "%011o", static_cast<unsigned>(max_tar_extension + 1));
    std::uint64_t sum = 0;
    std::fill_n(&pax[148], 8, ' ');
    for (std::size_t i = 0; i < 512; ++i) sum += static_cast<unsigned char>(pax[i]);
    std::snprintf(&pax[148], 8, "%06lo", static_cast<unsigned long>(sum));
    TarParser second(back);
    fed = second.feed(pax);
    REQUIRE_FALSE(fed);
    CHECK(fed.error().code == Errc::too_large);
}
