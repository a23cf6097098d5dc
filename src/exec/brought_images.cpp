#include "exec/brought_images.hpp"

#include "base/file.hpp"
#include "base/log.hpp"
#include "docker/image_name.hpp"

#include <algorithm>
#include <sstream>
#include <vector>

namespace hk::exec {

BroughtImages::BroughtImages(std::filesystem::path record)
    : record_(std::move(record)) {
    const auto text = record_.empty() ? fail(Errc::not_found, "") : read_file(record_);
    if (!text) return; // a first life
    std::istringstream words(*text);
    for (std::string id, environment; words >> id >> environment;) images_[id] = environment;
}

void BroughtImages::save() const {
    if (record_.empty()) return;
    std::string text;
    for (const auto& [id, environment] : images_) text += id + " " + environment + "\n";
    if (const auto written = write_file_atomically(record_, text); !written)
        log::warn("which images were brought here could not be noted", {{"error", written.error().message}});
}

void BroughtImages::add(const std::string& id, const std::string& environment) {
    const auto [at, added] = images_.insert_or_assign(id, environment);
    if (added) save();
}

void BroughtImages::forget(const std::string& id) {
    images_.erase(id);
    unwanted_since_.erase(id);
    save();
}

bool BroughtImages::is_due(const std::string& id, const std::string& environment, const Wanted& wanted, Mono now,
                           Duration grace) {
    if (wanted.images.contains(id) || wanted.unclear.contains(environment)) {
        unwanted_since_.erase(id);
        return false;
    }
    if (wanted.environments.contains(environment)) return true; // another version took its place
    const auto [since, first] = unwanted_since_.try_emplace(id, now);
    return now - since->second >= grace;
}

net::Task<void> BroughtImages::sweep(docker::Engine& engine, Wanted wanted, Mono now, Duration grace) {
    std::vector<std::pair<std::string, std::string>> due; // images_ may change while we wait
    for (const auto& [id, environment] : images_)
        if (is_due(id, environment, wanted, now, grace)) due.emplace_back(id, environment);
    for (const auto& [id, environment] : due) {
        const auto removed = co_await remove_unless_used(engine, id, environment);
        if (removed) log::info("an image that no version needs is removed", {{"environment", environment}});
        if (removed || removed.error().code == Errc::not_found) forget(id);
    }
}

net::Task<Result<>> remove_unless_used(docker::Engine& engine, std::string id, std::string environment) {
    const auto image = co_await engine.inspect_image(id);
    if (!image) co_return fail(image.error());
    // By its id an engine removes an image with its only name, whoever gave it.
    const std::string ours = docker::environment_image(environment);
    if (!std::ranges::all_of(image->tags, [&](const std::string& tag) { return tag == ours; }))
        co_return fail(Errc::conflict, "the image has another name as well");
    auto removed = co_await engine.remove_image(id);
    co_return removed;
}

} // namespace hk::exec
