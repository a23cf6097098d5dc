#include "oci/load_stream.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <unistd.h>

namespace hk::oci {

namespace {

std::string file_member(const std::string& name, std::string_view text) {
    const auto size = static_cast<std::int64_t>(text.size());
    return tar_header({name, TarType::file, size, ""}) + std::string(text) + tar_padding(size);
}

} // namespace

LoadStream::LoadStream(StoredImage image, std::size_t present)
    : image_(std::move(image)) {
    parts_.push_back({file_member(config_member(image_.image), image_.image.config), -1, ""});
    std::set<Digest> sent;
    for (std::size_t i = present; i < image_.places.size(); ++i) {
        const LayerPlace& place = image_.places[i];
        if (!sent.insert(place.layer.diff_id).second) continue; // twice in one image
        const std::string header =
            tar_header({layer_member(place.layer.diff_id), TarType::file, place.stored_size, ""});
        parts_.push_back({header, static_cast<int>(i), tar_padding(place.stored_size)});
        layer_bytes_ += Bytes{place.stored_size};
    }
    parts_.push_back({file_member("manifest.json", make_manifest(image_.image)) + tar_end(), -1, ""});
    total_ = layer_bytes_;
    for (const Part& part : parts_) total_ += Bytes{static_cast<std::int64_t>(part.text.size() + part.after.size())};
}

std::size_t LoadStream::take(std::string& text, std::span<char> buffer) {
    const auto count = std::min(text.size(), buffer.size());
    std::memcpy(buffer.data(), text.data(), count);
    text.erase(0, count);
    return count;
}

Result<std::size_t> LoadStream::read(std::span<char> buffer) {
    for (; part_ < parts_.size(); ++part_) {
        Part& part = parts_[part_];
        if (!part.text.empty()) return take(part.text, buffer);
        if (part.layer >= 0) {
            if (open_layer_ != part.layer) HK_CHECK(open_layer(part.layer));
            if (left_ > 0) return read_layer(buffer);
            HK_CHECK(check_layer());
            part.layer = -1;
        }
        if (!part.after.empty()) return take(part.after, buffer);
    }
    return std::size_t{0};
}

Result<> LoadStream::open_layer(int index) {
    const LayerPlace& place = image_.places[static_cast<std::size_t>(index)];
    file_ = Fd(::open(place.file.c_str(), O_RDONLY | O_CLOEXEC));
    if (!file_) return fail(system_error("cannot open the layer file " + place.file.string(), errno));
    if (::lseek(file_.get(), place.offset, SEEK_SET) < 0)
        return fail(system_error("cannot read the layer file " + place.file.string(), errno));
    ::posix_fadvise(file_.get(), place.offset, place.stored_size, POSIX_FADV_SEQUENTIAL);
    open_layer_ = index;
    left_ = place.stored_size;
    return {};
}

Result<std::size_t> LoadStream::read_layer(std::span<char> buffer) {
    const LayerPlace& place = image_.places[static_cast<std::size_t>(open_layer_)];
    const auto want = std::min(static_cast<std::int64_t>(buffer.size()), left_);
    ssize_t got = -1;
    do got = ::read(file_.get(), buffer.data(), static_cast<std::size_t>(want));
    while (got < 0 && errno == EINTR);
    if (got < 0) return fail(system_error("cannot read the layer file " + place.file.string(), errno));
    if (got == 0) return fail(Errc::corrupt, "the layer file " + place.file.string() + " is truncated");
    left_ -= got;
    hash_.update({buffer.data(), static_cast<std::size_t>(got)});
    return static_cast<std::size_t>(got);
}

Result<> LoadStream::check_layer() {
    const LayerPlace& place = image_.places[static_cast<std::size_t>(open_layer_)];
    const Digest digest = hash_.finish();
    if (place.compressed || digest == place.layer.diff_id) return {};
    return fail(Errc::corrupt, "the layer file " + place.file.string() +
                                   " is damaged: its content does not match its digest; package the environment again");
}

} // namespace hk::oci
