#include "oci/image.hpp"

#include "json/json.hpp"

namespace hk::oci {

namespace {

std::unexpected<Error> not_an_image(std::string why) {
    return fail(Errc::corrupt, "this is not an image archive: " + std::move(why));
}

Result<std::string> string_member(const json::Object& object, std::string_view key) {
    const auto* found = object.if_contains(key);
    if (found == nullptr || !found->is_string())
        return not_an_image("its manifest has no \"" + std::string(key) + "\"");
    return std::string(found->get_string());
}

/// A list of strings; absent and null count as empty.
Result<std::vector<std::string>> string_list(const json::Object& object, std::string_view key) {
    std::vector<std::string> list;
    const auto* found = object.if_contains(key);
    if (found == nullptr || found->is_null()) return list;
    if (!found->is_array()) return not_an_image("\"" + std::string(key) + "\" is not a list");
    for (const auto& item : found->get_array()) {
        if (!item.is_string()) return not_an_image("\"" + std::string(key) + "\" holds something else than text");
        list.emplace_back(item.get_string());
    }
    return list;
}

} // namespace

Bytes StoredImage::total() const {
    Bytes sum;
    for (const LayerPlace& place : places) sum += Bytes{place.stored_size};
    return sum;
}

Result<std::vector<Digest>> diff_ids_of(std::string_view config) {
    if (config.size() > max_config_bytes) return fail(Errc::too_large, "the image config is larger than 1 MiB");
    const auto parsed = json::parse(config);
    if (!parsed || !parsed->is_object()) return not_an_image("its config is not JSON");
    const auto* rootfs = parsed->get_object().if_contains("rootfs");
    if (rootfs == nullptr || !rootfs->is_object()) return not_an_image("its config names no layers");
    HK_TRY(const auto names, string_list(rootfs->get_object(), "diff_ids"));
    if (names.size() > max_layers)
        return fail(Errc::too_large, "the image has more than " + std::to_string(max_layers) + " layers");
    std::vector<Digest> digests;
    for (const std::string& name : names) {
        HK_TRY(auto digest, Digest::parse(name));
        digests.push_back(std::move(digest));
    }
    return digests;
}

Result<ArchiveManifest> parse_manifest(std::string_view text) {
    const auto parsed = json::parse(text);
    if (!parsed || !parsed->is_array()) return not_an_image("its manifest.json is not a list");
    const auto& images = parsed->get_array();
    if (images.size() != 1)
        return fail(Errc::invalid, "the archive holds " + std::to_string(images.size()) +
                                       " images; an environment is made from an archive of exactly one");
    if (!images[0].is_object()) return not_an_image("its manifest.json holds no object");
    const auto& object = images[0].get_object();
    ArchiveManifest manifest;
    HK_TRY(manifest.config_path, string_member(object, "Config"));
    HK_TRY(manifest.layer_paths, string_list(object, "Layers"));
    HK_TRY(manifest.tags, string_list(object, "RepoTags"));
    return manifest;
}

std::string make_manifest(const Image& image) {
    json::Array layers;
    for (const Layer& layer : image.layers) layers.emplace_back(layer_member(layer.diff_id));
    json::Object entry{{"Config", config_member(image)}, {"RepoTags", nullptr}, {"Layers", std::move(layers)}};
    return json::serialize(json::Array{std::move(entry)});
}

std::string config_member(const Image& image) { return image.id.hex() + ".json"; }
std::string layer_member(const Digest& diff_id) { return diff_id.hex() + ".tar"; }

} // namespace hk::oci
