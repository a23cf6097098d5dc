#pragma once
#include "oci/environment_store.hpp"

namespace hk::oci {

/// Our own tarballs are this large at most: they hold no layers.
inline constexpr std::size_t max_version_file = 4 << 20;

/// The content of a version's tarball: description, config, docker manifest, and a checksum over all of them. Its
/// layers lie in the layer store.
std::string make_version_file(const Version& version, const Image& image);

/// Reads a tarball of ours. `unsupported` when it is not one of ours: then it is a classic archive, or nothing.
Result<Image> read_version_file(std::string_view bytes);

/// Finds config and layers in a classic archive (docker save) without reading the layers.
Result<StoredImage> read_classic_archive(const std::filesystem::path& path);

} // namespace hk::oci
