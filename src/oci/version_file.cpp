#include "oci/version_file.hpp"

#include "oci/tar.hpp"
#include "json/json.hpp"

#include <map>

namespace hk::oci {

namespace {

constexpr std::string_view description_member = "hakuriver.json";
constexpr std::string_view checksum_member = "checksum";
constexpr std::int64_t format = 1;
/// The checksum's header and block, and the end of the archive: always the last bytes.
constexpr std::size_t tail_size = 4 * tar_block;

std::string member(std::string_view name, std::string_view text) {
    const auto size = static_cast<std::int64_t>(text.size());
    return tar_header({std::string(name), TarType::file, size, ""}) + std::string(text) + tar_padding(size);
}

std::string describe(const Version& version, const Image& image) {
    json::Array layers;
    for (const Layer& layer : image.layers)
        layers.push_back(json::Object{{"diff_id", layer.diff_id.text()}, {"size", layer.size.value}});
    return json::serialize_pretty(json::Object{
        {"format", format},
        {"about", "One version of a HakuRiver environment. Its layers lie beside it in layers/<sha256>.tar; "
                  "`hakuriver.docker export-tar` makes a file for docker load of it."},
        {"environment", version.environment},
        {"version", version.name()},
        {"image", image.id.text()},
        {"layers", std::move(layers)}});
}

/// Collects the members of a small archive.
struct Members : TarSink {
    std::map<std::string, std::string> texts;
    std::string first, current;
    Result<> on_begin(const TarEntry& entry) override {
        if (texts.empty()) first = entry.path;
        current = entry.path;
        texts[current].clear();
        return {};
    }
    Result<> on_data(std::string_view bytes) override {
        texts[current] += bytes;
        return {};
    }
    Result<> on_end() override { return {}; }
};

std::unexpected<Error> damaged(std::string why) {
    return fail(Errc::corrupt, "the tarball is damaged: " + std::move(why));
}

Result<std::vector<Layer>> read_layers(const json::Object& description) {
    const auto* list = description.if_contains("layers");
    if (list == nullptr || !list->is_array()) return damaged("it lists no layers");
    std::vector<Layer> layers;
    for (const auto& item : list->get_array()) {
        const auto* object = item.if_object();
        const auto* name = object == nullptr ? nullptr : object->if_contains("diff_id");
        const auto* size = object == nullptr ? nullptr : object->if_contains("size");
        if (name == nullptr || size == nullptr || !name->is_string() || !size->is_int64())
            return damaged("a layer has no digest or no size");
        HK_TRY(auto digest, Digest::parse(std::string_view(name->get_string())));
        layers.push_back({std::move(digest), Bytes{size->get_int64()}});
    }
    return layers;
}

Result<Image> read_image(const Members& members) {
    const auto parsed = json::parse(members.texts.at(std::string(description_member)));
    const auto* object = parsed ? parsed->if_object() : nullptr;
    if (object == nullptr) return damaged("its description is not JSON");
    const auto* number = object->if_contains("format");
    if (number == nullptr || !number->is_int64() || number->get_int64() != format)
        return fail(Errc::invalid, "the tarball was written by a newer HakuRiver; update this one");
    const auto* id = object->if_contains("image");
    if (id == nullptr || !id->is_string()) return damaged("it names no image");
    Image image;
    HK_TRY(image.id, Digest::parse(std::string_view(id->get_string())));
    const auto config = members.texts.find(config_member(image));
    if (config == members.texts.end() || sha256(config->second) != image.id)
        return damaged("the image config is missing or changed");
    image.config = config->second;
    HK_TRY(image.layers, read_layers(*object));
    HK_TRY(const auto diff_ids, diff_ids_of(image.config));
    if (diff_ids.size() != image.layers.size()) return damaged("config and description name different layers");
    for (std::size_t i = 0; i < diff_ids.size(); ++i)
        if (diff_ids[i] != image.layers[i].diff_id) return damaged("config and description name different layers");
    return image;
}

} // namespace

std::string make_version_file(const Version& version, const Image& image) {
    std::string text = member(description_member, describe(version, image));
    text += member(config_member(image), image.config);
    text += member("manifest.json", make_manifest(image));
    const std::string sum = sha256(text).hex();
    return text + member(checksum_member, sum) + tar_end();
}

Result<Image> read_version_file(std::string_view bytes) {
    Members members;
    TarParser parser(members);
    const auto fed = parser.feed(bytes);
    if (members.first != description_member)
        return fail(Errc::unsupported, "this is not a tarball of a HakuRiver environment");
    HK_CHECK(fed);
    HK_CHECK(parser.finish());
    const auto sum = members.texts.find(std::string(checksum_member));
    if (sum == members.texts.end() || bytes.size() < tail_size ||
        sha256(bytes.substr(0, bytes.size() - tail_size)).hex() != sum->second)
        return damaged("its checksum does not match");
    return read_image(members);
}

} // namespace hk::oci
