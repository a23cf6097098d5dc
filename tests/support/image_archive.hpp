#pragma once
#include "oci/digest.hpp"
#include "oci/image.hpp"
#include "oci/tar.hpp"

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

/// Image archives made by hand, in the two shapes that engines write.
namespace hk::test {

inline std::string tar_member(const std::string& path, std::string_view text) {
    const auto size = static_cast<std::int64_t>(text.size());
    return oci::tar_header({path, oci::TarType::file, size, ""}) + std::string(text) + oci::tar_padding(size);
}

/// A layer that holds one file of `size` bytes made from `seed`.
inline std::string make_layer(const std::string& file, std::size_t size, char seed) {
    std::string data(size, seed);
    for (std::size_t i = 0; i < size; i += 97) data[i] = static_cast<char>(i * 31 + static_cast<unsigned char>(seed));
    return tar_member(file, data) + oci::tar_end();
}

inline std::string make_config(const std::vector<std::string>& layers, const std::string& comment = "made by hand") {
    std::string ids;
    for (const auto& layer : layers) ids += (ids.empty() ? "\"" : ",\"") + oci::sha256(layer).text() + "\"";
    return R"({"architecture":"amd64","os":"linux","comment":")" + comment +
           R"(","config":{"Cmd":["sh"]},"rootfs":{"type":"layers","diff_ids":[)" + ids + "]}}";
}

inline oci::Image make_image(const std::vector<std::string>& layers, const std::string& comment = "made by hand") {
    oci::Image image;
    image.config = make_config(layers, comment);
    image.id = oci::sha256(image.config);
    for (const auto& layer : layers)
        image.layers.push_back({oci::sha256(layer), Bytes{static_cast<std::int64_t>(layer.size())}});
    return image;
}

/// As docker 20.10 saves it: a folder per layer, equal layers as symlinks, the manifest last.
inline std::string docker_archive(const std::vector<std::string>& layers, const std::string& comment = "made by hand") {
    const std::string config = make_config(layers, comment);
    const std::string config_name = oci::sha256(config).hex() + ".json";
    std::string archive, list;
    std::vector<std::string> seen;
    for (std::size_t i = 0; i < layers.size(); ++i) {
        const std::string folder = oci::sha256(layers[i] + std::to_string(i)).hex();
        std::size_t same = i;
        for (std::size_t j = 0; j < i; ++j)
            if (layers[j] == layers[i]) same = j;
        archive += oci::tar_header({folder + "/", oci::TarType::directory, 0, ""});
        archive += tar_member(folder + "/VERSION", "1.0");
        archive += tar_member(folder + "/json", "{}");
        if (same == i) archive += tar_member(folder + "/layer.tar", layers[i]);
        else
            archive +=
                oci::tar_header({folder + "/layer.tar", oci::TarType::symlink, 0, "../" + seen[same] + "/layer.tar"});
        seen.push_back(folder);
        list += (i == 0 ? "\"" : ",\"") + folder + "/layer.tar\"";
    }
    archive += tar_member(config_name, config);
    archive +=
        tar_member("manifest.json", R"([{"Config":")" + config_name + R"(","RepoTags":null,"Layers":[)" + list + "]}]");
    return archive + tar_member("repositories", "{}") + oci::tar_end();
}

/// As docker 25 and later save it: everything under blobs/sha256, an OCI index beside the manifest.
inline std::string oci_archive(const std::vector<std::string>& layers, const std::string& comment = "made by hand") {
    const std::string config = make_config(layers, comment);
    const std::string config_name = "blobs/sha256/" + oci::sha256(config).hex();
    std::string archive = oci::tar_header({"blobs/", oci::TarType::directory, 0, ""}) + tar_member(config_name, config);
    std::string list;
    for (const auto& layer : layers) {
        const std::string name = "blobs/sha256/" + oci::sha256(layer).hex();
        archive += tar_member(name, layer);
        list += (list.empty() ? "\"" : ",\"") + name + "\"";
    }
    archive += tar_member("index.json", R"({"schemaVersion":2,"manifests":[]})");
    archive +=
        tar_member("manifest.json", R"([{"Config":")" + config_name + R"(","RepoTags":null,"Layers":[)" + list + "]}]");
    return archive + tar_member("oci-layout", R"({"imageLayoutVersion":"1.0.0"})") + oci::tar_end();
}

/// A folder of its own under /tmp that disappears with the test.
class Folder {
public:
    Folder() {
        std::string name = (std::filesystem::temp_directory_path() / "hk-test-XXXXXX").string();
        path_ = ::mkdtemp(name.data());
    }
    Folder(const Folder&) = delete;
    Folder& operator=(const Folder&) = delete;
    ~Folder() {
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }
    const std::filesystem::path& path() const { return path_; }
    std::filesystem::path operator/(const std::string& name) const { return path_ / name; }

private:
    std::filesystem::path path_;
};

inline void write_text(const std::filesystem::path& path, std::string_view text) {
    std::ofstream(path, std::ios::binary).write(text.data(), static_cast<std::streamsize>(text.size()));
}

} // namespace hk::test
