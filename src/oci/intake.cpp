#include "oci/intake.hpp"

#include <filesystem>

namespace hk::oci {

namespace {

/// JSON members up to this size are kept in memory: one is the manifest, one the config.
constexpr std::int64_t max_text = max_config_bytes;
constexpr std::int64_t max_all_texts = 64 << 20;

/// A link's target as a member name: "../abc/layer.tar" seen from "def/layer.tar" is "abc/layer.tar".
std::string resolve(const std::string& from, const std::string& link) {
    const auto folder = std::filesystem::path(from).parent_path();
    return (folder / link).lexically_normal().generic_string();
}

bool is_layer_name(const std::string& path) { return path.ends_with(".tar") || path.starts_with("blobs/sha256/"); }

} // namespace

Intake::Intake(const LayerStore& store, const std::vector<Digest>& expected)
    : store_(store) {
    for (const Digest& digest : expected)
        if (const auto size = store_.find(digest)) known_sizes_.emplace(size->value, digest);
}

Result<> Intake::on_begin(const TarEntry& entry) {
    entry_ = entry;
    file_.reset();
    as_text_ = false;
    if (entry.type == TarType::symlink) links_[entry.path] = resolve(entry.path, entry.link);
    if (entry.type == TarType::hard_link) links_[entry.path] = entry.link;
    if (entry.type == TarType::file && entry.size > max_text && !is_layer_name(entry.path))
        return fail(Errc::corrupt, "this is not an image archive: it holds the large file " + entry.path);
    return {};
}

/// Decides with the first bytes where a member goes: JSON into memory, everything else into a file, except a layer
/// that is in all likelihood there already and is only hashed to make sure.
Result<> Intake::begin_data(char first) {
    as_text_ = entry_.size <= max_text && (!is_layer_name(entry_.path) || first == '{' || first == '[');
    if (as_text_) {
        text_bytes_ += entry_.size;
        if (text_bytes_ > max_all_texts) return fail(Errc::too_large, "the archive holds too much besides layers");
        texts_[entry_.path].clear();
        return {};
    }
    if (known_sizes_.contains(entry_.size)) return {};
    HK_TRY(file_, store_.begin());
    return {};
}

Result<> Intake::on_data(std::string_view bytes) {
    if (entry_.type != TarType::file) return {};
    if (!in_data_) {
        in_data_ = true;
        HK_CHECK(begin_data(bytes.front()));
    }
    hash_.update(bytes);
    if (as_text_) texts_[entry_.path] += bytes;
    return file_ ? file_->write(bytes) : Result<>{};
}

Result<> Intake::on_end() {
    if (!std::exchange(in_data_, false)) return {};
    const Digest digest = hash_.finish();
    if (!as_text_) HK_CHECK(store_layer(digest, entry_.size));
    members_[entry_.path] = {digest, Bytes{entry_.size}};
    return {};
}

Result<> Intake::store_layer(const Digest& digest, std::int64_t size) {
    if (store_.find(digest)) {
        file_.reset();
        return store_.refresh(digest);
    }
    if (!file_)
        return fail(Errc::conflict, "a layer has the size of one that is stored but other content; take the archive "
                                    "in again without expectations");
    new_bytes_ += Bytes{size};
    auto kept = store_.adopt(std::move(*file_), digest);
    file_.reset();
    return kept;
}

const std::string* Intake::text_of(const std::string& path) const {
    const auto link = links_.find(path);
    const auto found = texts_.find(link == links_.end() ? path : link->second);
    return found == texts_.end() ? nullptr : &found->second;
}

/// A layer so small and odd that it looked like JSON is still in memory.
Result<> Intake::store_text(const std::string& text, const Digest& digest) {
    HK_TRY(file_, store_.begin());
    HK_CHECK(file_->write(text));
    return store_layer(digest, static_cast<std::int64_t>(text.size()));
}

Result<Layer> Intake::layer_for(const std::string& path, const Digest& diff_id) {
    const auto link = links_.find(path);
    const auto member = members_.find(link == links_.end() ? path : link->second);
    if (member == members_.end()) return fail(Errc::corrupt, "the archive is damaged: layer " + path + " is missing");
    if (member->second.digest != diff_id)
        return fail(Errc::corrupt, "the archive is damaged: the content of layer " + path +
                                       " does not match its digest (compressed layers are not supported: docker load "
                                       "the file and docker save it again)");
    if (const std::string* text = text_of(path)) HK_CHECK(store_text(*text, diff_id));
    return Layer{diff_id, member->second.size};
}

Result<Image> Intake::make_image(const ArchiveManifest& manifest) {
    const std::string* config = text_of(manifest.config_path);
    if (config == nullptr) return fail(Errc::corrupt, "the archive is damaged: the image config is missing");
    HK_TRY(const auto diff_ids, diff_ids_of(*config));
    if (diff_ids.size() != manifest.layer_paths.size())
        return fail(Errc::corrupt, "the archive is damaged: its manifest and its config name different layers");
    Image image{sha256(*config), *config, {}};
    for (std::size_t i = 0; i < diff_ids.size(); ++i) {
        HK_TRY(Layer layer, layer_for(manifest.layer_paths[i], diff_ids[i]));
        image.layers.push_back(std::move(layer));
    }
    return image;
}

Result<Intake::Written> Intake::finish() {
    HK_CHECK(parser_.finish());
    const std::string* text = text_of("manifest.json");
    if (text == nullptr)
        return fail(Errc::invalid, "this is not an image archive: it has no manifest.json (make it with docker save)");
    HK_TRY(const ArchiveManifest manifest, parse_manifest(*text));
    HK_TRY(Image image, make_image(manifest));
    Bytes total;
    for (const Layer& layer : image.layers) total += layer.size;
    return Written{std::move(image), new_bytes_, total};
}

} // namespace hk::oci
