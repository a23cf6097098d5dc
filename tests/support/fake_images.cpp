#include "support/fake_engine_parts.hpp"

#include <algorithm>

namespace hk::test {

namespace {

struct Archive : oci::TarSink {
    std::map<std::string, std::string> members;
    std::string current;
    Result<> on_begin(const oci::TarEntry& entry) override {
        current = entry.path;
        if (entry.type == oci::TarType::file) members[current].clear();
        return {};
    }
    Result<> on_data(std::string_view bytes) override {
        members[current] += bytes;
        return {};
    }
    Result<> on_end() override { return {}; }
};

} // namespace

bool FakeEngine::has_image(const std::string& id) const { return images_.contains(id); }

Task<Result<std::string>> FakeEngine::commit(CommitSpec spec) {
    const auto found = find(spec.container);
    if (!found) co_return fail(found.error());
    const Image& base = images_.at((*found)->info.image_id);
    auto layers = base.layers;
    if (!(*found)->layer.empty()) layers.push_back((*found)->layer); // nothing changed: no layer
    auto labels = base.labels;
    for (const auto& [key, value] : spec.labels) labels[key] = value;
    const std::string id = put_image(image_config(layers, labels) + " ", layers, labels);
    if (!spec.repository.empty()) {
        const std::string name = spec.repository + ":" + spec.tag;
        for (auto& [other, image] : images_) image.tags.erase(name);
        images_.at(id).tags.insert(name);
    }
    co_return id;
}

Task<Result<ImageInfo>> FakeEngine::inspect_image(std::string reference) {
    const auto image = find_image(reference);
    if (!image) co_return fail(image.error());
    ImageInfo info;
    info.id = (*image)->id;
    info.tags = {(*image)->tags.begin(), (*image)->tags.end()};
    for (const auto& layer : (*image)->layers) {
        info.diff_ids.push_back(oci::sha256(layer));
        info.size += Bytes{static_cast<std::int64_t>(layer.size())};
    }
    info.command = {"sh"};
    info.labels = (*image)->labels;
    co_return info;
}

Task<Result<std::vector<ImageSummary>>> FakeEngine::list_images(std::string label) {
    if (auto up = reachable(); !up) co_return fail(up.error());
    std::vector<ImageSummary> list;
    for (const auto& [id, image] : images_)
        if (has_label(image.labels, label))
            list.push_back({id, {image.tags.begin(), image.tags.end()}, image.labels, {}});
    co_return list;
}

Task<Result<>> FakeEngine::save_image(std::string reference, ChunkSink& sink) {
    const auto image = find_image(reference);
    if (!image) co_return fail(image.error());
    std::string archive, list;
    for (const auto& layer : (*image)->layers) {
        const std::string name = oci::sha256(layer).hex() + "/layer.tar";
        archive += tar_member(name, layer);
        list += (list.empty() ? "\"" : ",\"") + name + "\"";
    }
    const std::string config_name = (*image)->id.substr(7) + ".json";
    archive += tar_member(config_name, (*image)->config);
    archive += tar_member("manifest.json", R"([{"Config":")" + config_name + R"(","Layers":[)" + list + "]}]") +
               oci::tar_end();
    for (std::size_t at = 0; at < archive.size(); at += 60'000) {
        std::string chunk = archive.substr(at, 60'000);
        saved += Bytes{static_cast<std::int64_t>(chunk.size())};
        auto written = co_await sink.write(std::move(chunk));
        if (!written) co_return written;
        if (auto up = reachable(); !up) co_return up;
    }
    co_return Result<>{};
}

Task<Result<std::string>> FakeEngine::load_image(ChunkSource& source) {
    if (auto up = reachable(); !up) co_return fail(up.error());
    ++loads;
    Archive archive;
    oci::TarParser parser(archive);
    for (;;) {
        auto chunk = co_await source.next();
        if (!chunk) co_return fail(chunk.error());
        if (auto up = reachable(); !up) co_return fail(up.error());
        if (chunk->empty()) break;
        loaded += Bytes{static_cast<std::int64_t>(chunk->size())};
        if (auto fed = parser.feed(*chunk); !fed) co_return fail(Errc::unavailable, "unexpected EOF");
    }
    while (holds_loads) co_await net::sleep_for(std::chrono::milliseconds{1});
    if (!archive.members.contains("manifest.json")) co_return fail(Errc::unavailable, "no manifest.json");
    const auto manifest = oci::parse_manifest(archive.members["manifest.json"]);
    if (!manifest) co_return fail(Errc::unavailable, manifest.error().message);
    const std::string config = archive.members[manifest->config_path];
    const auto diff_ids = oci::diff_ids_of(config);
    if (!diff_ids) co_return fail(Errc::unavailable, diff_ids.error().message);
    std::vector<std::string> layers;
    for (std::size_t i = 0; i < diff_ids->size(); ++i) {
        std::string layer;
        // A layer counts as present when some image has the same chain of layers up to it.
        for (const auto& [id, image] : images_)
            if (!refuses_thin && image.layers.size() > i &&
                std::equal(layers.begin(), layers.end(), image.layers.begin()) &&
                oci::sha256(image.layers[i]) == (*diff_ids)[i])
                layer = image.layers[i];
        if (layer.empty()) {
            if (!archive.members.contains(manifest->layer_paths[i]))
                co_return fail(Errc::unavailable, "open " + manifest->layer_paths[i] + ": no such file or directory");
            layer = archive.members[manifest->layer_paths[i]];
        }
        if (oci::sha256(layer) != (*diff_ids)[i]) co_return fail(Errc::unavailable, "invalid diffID for layer");
        layers.push_back(std::move(layer));
    }
    co_return "Loaded image ID: " + put_image(config, std::move(layers), {});
}

Task<Result<>> FakeEngine::tag(std::string reference, std::string repository, std::string tag) {
    const auto image = find_image(reference);
    if (!image) co_return fail(image.error());
    const auto name = parse_image_name(repository + ":" + tag);
    if (!name) co_return fail(name.error());
    for (auto& [id, other] : images_) other.tags.erase(name->text());
    (*image)->tags.insert(name->text());
    co_return Result<>{};
}

Task<Result<>> FakeEngine::remove_image(std::string reference) {
    const auto image = find_image(reference);
    if (!image) co_return fail(image.error());
    const bool by_id = reference.starts_with("sha256:");
    const auto name = parse_image_name(reference);
    if (!by_id && name && (*image)->tags.size() > 1 && (*image)->tags.erase(name->text()) > 0) co_return Result<>{};
    if ((*image)->tags.size() > 1) co_return fail(Errc::conflict, "image is referenced in multiple repositories");
    for (const auto& [id, container] : containers_)
        if (container->info.image_id == (*image)->id)
            co_return fail(Errc::conflict, "image is being used by container " + id);
    images_.erase((*image)->id);
    co_return Result<>{};
}

Task<Result<>> FakeEngine::prune_images(std::string label) {
    if (auto up = reachable(); !up) co_return up;
    std::erase_if(images_, [&](const auto& item) {
        const Image& image = item.second;
        const bool used = std::ranges::any_of(
            containers_, [&](const auto& entry) { return entry.second->info.image_id == image.id; });
        return image.tags.empty() && has_label(image.labels, label) && !used;
    });
    co_return Result<>{};
}

Task<Result<>> FakeEngine::pull(ImageName name, TransferProgress progress) {
    if (auto up = reachable(); !up) co_return up;
    const auto found = remote_.find(name.text());
    if (found == remote_.end()) co_return fail(Errc::not_found, "manifest for " + name.text() + " not found");
    if (progress) progress({"layer", "Downloading", Bytes{1}, Bytes{2}});
    add_image(name.text(), found->second);
    co_return Result<>{};
}

Task<Result<>> FakeEngine::push(std::string repository, std::string, TransferProgress) {
    co_return fail(Errc::unavailable, "no route to the registry of " + repository);
}

} // namespace hk::test
