#pragma once
#include "base/units.hpp"
#include "oci/digest.hpp"

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

/// What an environment version is: an image config and the list of its layers, each named by its digest.
namespace hk::oci {

inline constexpr std::size_t max_config_bytes = 1 << 20;
inline constexpr std::size_t max_layers = 512;

/// One layer: the digest of its uncompressed tar, and that tar's size.
struct Layer {
    Digest diff_id;
    Bytes size;
    friend bool operator==(const Layer&, const Layer&) = default;
};

/// An image without its layers' content. `id` is the digest of `config`, which is kept byte for byte.
struct Image {
    Digest id;
    std::string config;
    std::vector<Layer> layers; ///< lowest first
    friend bool operator==(const Image&, const Image&) = default;
};

/// The layers that an image config names, lowest first. Refuses what is not an image config.
Result<std::vector<Digest>> diff_ids_of(std::string_view config);

/// Where a layer's bytes lie: a whole file of the layer store, or a part of a classic archive.
struct LayerPlace {
    Layer layer;
    std::filesystem::path file;
    std::int64_t offset = 0;
    std::int64_t stored_size = 0;
    bool compressed = false; ///< in a foreign archive; the engine checks the digest after unpacking
};

/// An image and where each of its layers can be read, in the order of the layers.
struct StoredImage {
    Image image;
    std::vector<LayerPlace> places;
    Bytes total() const;
};

/// One image of an archive as its manifest.json describes it; the paths are members of the archive.
struct ArchiveManifest {
    std::string config_path;
    std::vector<std::string> layer_paths;
    std::vector<std::string> tags;
};
/// Reads manifest.json of a docker archive. Refuses an archive of no image or of several.
Result<ArchiveManifest> parse_manifest(std::string_view text);
/// manifest.json for `image` with its layers under `layer_member` names and no tags.
std::string make_manifest(const Image& image);
/// The names of members in the archives we write.
std::string config_member(const Image& image);
std::string layer_member(const Digest& diff_id);

} // namespace hk::oci
