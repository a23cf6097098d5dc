#include "base/file.hpp"
#include "oci/tar.hpp"
#include "oci/version_file.hpp"

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <map>
#include <sys/stat.h>
#include <unistd.h>

namespace hk::oci {

namespace {

/// JSON members up to this size are read; layers are only located.
constexpr std::int64_t max_text = max_config_bytes;

struct Found {
    std::int64_t offset = 0;
    std::int64_t size = 0;
};

struct Locations : TarSink {
    const TarParser* parser = nullptr;
    std::map<std::string, Found> files;
    std::map<std::string, std::string> links;
    std::map<std::string, std::string> texts;
    std::string current; ///< the text that is being read; empty: nobody wants the data

    Result<> on_begin(const TarEntry& entry) override {
        current.clear();
        if (entry.type == TarType::symlink)
            links[entry.path] =
                (std::filesystem::path(entry.path).parent_path() / entry.link).lexically_normal().generic_string();
        if (entry.type == TarType::hard_link) links[entry.path] = entry.link;
        if (entry.type != TarType::file) return {};
        files[entry.path] = {parser->position(), entry.size};
        const bool maybe_json = entry.path.ends_with(".json") || entry.path.starts_with("blobs/sha256/");
        if (maybe_json && entry.size <= max_text) current = entry.path;
        return {};
    }
    Result<> on_data(std::string_view bytes) override {
        if (!current.empty()) texts[current] += bytes;
        return {};
    }
    Result<> on_end() override {
        current.clear();
        return {};
    }
    std::string real(const std::string& path) const {
        const auto link = links.find(path);
        return link == links.end() ? path : link->second;
    }
};

Result<> scan(int fd, std::int64_t size, const std::string& name, Locations& found) {
    TarParser parser(found);
    found.parser = &parser;
    std::string buffer(64 * 1024, '\0');
    while (parser.position() < size) {
        const std::int64_t left = size - parser.position();
        if (parser.remaining() > left) return fail(Errc::corrupt, name + " is truncated");
        if (parser.remaining() > 0 && found.current.empty()) {
            HK_CHECK(parser.skip(parser.remaining()));
            continue;
        }
        const auto want = parser.remaining() > 0 ? std::min<std::int64_t>(parser.remaining(), 64 * 1024)
                                                 : std::min<std::int64_t>(left, tar_block);
        const ssize_t got = ::pread(fd, buffer.data(), static_cast<std::size_t>(want), parser.position());
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return fail(system_error("cannot read " + name, errno));
        if (got == 0) break;
        HK_CHECK(parser.feed({buffer.data(), static_cast<std::size_t>(got)}));
    }
    if (!parser.finish()) return fail(Errc::corrupt, name + " is truncated");
    return {};
}

bool is_compressed(int fd, std::int64_t offset) {
    unsigned char magic[2] = {};
    if (::pread(fd, magic, 2, offset) != 2) return false;
    return (magic[0] == 0x1f && magic[1] == 0x8b) || (magic[0] == 0x28 && magic[1] == 0xb5);
}

Result<StoredImage> locate(int fd, const std::filesystem::path& path, const Locations& found) {
    const auto manifest_text = found.texts.find("manifest.json");
    if (manifest_text == found.texts.end())
        return fail(Errc::corrupt, path.string() + " is not an image archive: it has no manifest.json");
    HK_TRY(const auto manifest, parse_manifest(manifest_text->second));
    const auto config = found.texts.find(found.real(manifest.config_path));
    if (config == found.texts.end()) return fail(Errc::corrupt, path.string() + " has no image config");
    StoredImage stored{{sha256(config->second), config->second, {}}, {}};
    HK_TRY(const auto diff_ids, diff_ids_of(config->second));
    if (diff_ids.size() != manifest.layer_paths.size())
        return fail(Errc::corrupt, path.string() + ": manifest and config name different layers");
    for (std::size_t i = 0; i < diff_ids.size(); ++i) {
        const auto file = found.files.find(found.real(manifest.layer_paths[i]));
        if (file == found.files.end())
            return fail(Errc::corrupt, path.string() + " lacks the layer " + manifest.layer_paths[i]);
        const Layer layer{diff_ids[i], Bytes{file->second.size}};
        stored.image.layers.push_back(layer);
        stored.places.push_back(
            {layer, path, file->second.offset, file->second.size, is_compressed(fd, file->second.offset)});
    }
    return stored;
}

} // namespace

Result<StoredImage> read_classic_archive(const std::filesystem::path& path) {
    const Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (!fd) {
        if (errno == ENOENT) return fail(Errc::not_found, path.string() + " does not exist");
        return fail(system_error("cannot open " + path.string(), errno));
    }
    struct stat info{};
    if (::fstat(fd.get(), &info) != 0) return fail(system_error("cannot read " + path.string(), errno));
    if (!S_ISREG(info.st_mode)) return fail(Errc::invalid, path.string() + " is not a file");
    Locations found;
    HK_CHECK(scan(fd.get(), info.st_size, path.string(), found));
    return locate(fd.get(), path, found);
}

} // namespace hk::oci
