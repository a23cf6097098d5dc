#include "oci/layer_store.hpp"

#include <atomic>
#include <cerrno>
#include <cstdlib>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace hk::oci {

namespace fs = std::filesystem;

namespace {

constexpr const char* carried_folder = "carried";

void sync_folder(const fs::path& folder) {
    const Fd fd(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (fd) ::fsync(fd.get());
}

/// The digest that a layer file is named after; empty for any other file.
Digest digest_of_name(const fs::path& path) {
    if (path.extension() != ".tar") return {};
    const auto digest = Digest::parse(path.stem().string());
    return digest ? *digest : Digest{};
}

} // namespace

Result<TemporaryFile> TemporaryFile::create(const fs::path& final_folder) {
    static std::atomic<unsigned> counter = 0;
    const fs::path path = final_folder / (std::string(temporary_prefix) + std::to_string(::getpid()) + "-" +
                                          std::to_string(++counter) + "-" + std::to_string(::time(nullptr)));
    Fd fd(::open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0644));
    if (!fd) return fail(system_error("cannot create " + path.string(), errno));
    return TemporaryFile(std::move(fd), path);
}

TemporaryFile::TemporaryFile(Fd fd, fs::path path)
    : fd_(std::move(fd))
    , path_(std::move(path)) {}

TemporaryFile::TemporaryFile(TemporaryFile&& other) noexcept
    : fd_(std::move(other.fd_))
    , path_(std::exchange(other.path_, {})) {}

TemporaryFile& TemporaryFile::operator=(TemporaryFile&& other) noexcept {
    std::swap(fd_, other.fd_);
    std::swap(path_, other.path_);
    return *this;
}

TemporaryFile::~TemporaryFile() {
    if (!path_.empty()) ::unlink(path_.c_str());
}

Result<> TemporaryFile::write(std::string_view bytes) {
    while (!bytes.empty()) {
        const ssize_t done = ::write(fd_.get(), bytes.data(), bytes.size());
        if (done < 0 && errno == EINTR) continue;
        if (done < 0) return fail(system_error("cannot write " + path_.string(), errno));
        bytes.remove_prefix(static_cast<std::size_t>(done));
    }
    return {};
}

Result<> TemporaryFile::keep(const fs::path& final_path) {
    if (::fsync(fd_.get()) != 0) return fail(system_error("cannot write " + path_.string(), errno));
    if (::rename(path_.c_str(), final_path.c_str()) != 0)
        return fail(system_error("cannot write " + final_path.string(), errno));
    path_.clear();
    sync_folder(final_path.parent_path());
    return {};
}

Result<> LayerStore::prepare() const {
    std::error_code error;
    fs::create_directories(root_, error);
    if (error) return fail(system_error("cannot create " + root_.string(), error.value()));
    return {};
}

fs::path LayerStore::path_of(const Digest& diff_id) const { return root_ / (diff_id.hex() + ".tar"); }

std::optional<Bytes> LayerStore::find(const Digest& diff_id) const {
    std::error_code error;
    const auto size = fs::file_size(path_of(diff_id), error);
    if (error) return std::nullopt;
    return Bytes{static_cast<std::int64_t>(size)};
}

Result<> LayerStore::refresh(const Digest& diff_id) const {
    const fs::path path = path_of(diff_id);
    if (::utimensat(AT_FDCWD, path.c_str(), nullptr, 0) != 0)
        return fail(system_error("cannot touch " + path.string(), errno));
    return {};
}

Result<> LayerStore::adopt(TemporaryFile file, const Digest& diff_id) const {
    if (find(diff_id)) return refresh(diff_id);
    return file.keep(path_of(diff_id));
}

Result<Bytes> LayerStore::collect(const std::set<Digest>& used, fs::file_time_type before) const {
    Bytes freed;
    std::error_code error;
    for (const auto& entry : fs::directory_iterator(root_, error)) {
        const Digest digest = digest_of_name(entry.path());
        if (digest.empty() || used.contains(digest)) continue;
        std::error_code gone;
        if (entry.last_write_time(gone) > before || gone) continue;
        const auto size = entry.file_size(gone);
        if (fs::remove(entry.path(), gone)) freed += Bytes{static_cast<std::int64_t>(size)};
    }
    if (error) return fail(system_error("cannot list " + root_.string(), error.value()));
    remove_stale(root_, before);
    forget_gone();
    return freed;
}

Result<> LayerStore::remember(const CarriedLayer& layer) const {
    const fs::path folder = root_ / carried_folder;
    std::error_code error;
    fs::create_directory(folder, error);
    if (error) return fail(system_error("cannot create " + folder.string(), error.value()));
    const std::string text = layer.diff_id.hex() + " " + std::to_string(layer.carried_size.value) + "\n";
    return write_file_atomically(folder / layer.carried.hex(), text);
}

std::optional<CarriedLayer> LayerStore::recall(const Digest& carried) const {
    const auto text = read_file(root_ / carried_folder / carried.hex(), 200);
    if (!text || text->size() < 66) return std::nullopt;
    const auto diff_id = Digest::parse(text->substr(0, 64));
    if (!diff_id || !find(*diff_id)) return std::nullopt;
    return CarriedLayer{carried, Bytes{std::atoll(text->c_str() + 65)}, *diff_id};
}

void LayerStore::forget_gone() const {
    std::error_code error;
    for (const auto& entry : fs::directory_iterator(root_ / carried_folder, error)) {
        const auto carried = Digest::parse(entry.path().filename().string());
        std::error_code gone;
        if (carried && !recall(*carried)) fs::remove(entry.path(), gone);
    }
}

void remove_stale(const fs::path& folder, fs::file_time_type before) {
    std::error_code error;
    for (const auto& entry : fs::directory_iterator(folder, error)) {
        if (!entry.path().filename().string().starts_with(temporary_prefix)) continue;
        std::error_code gone;
        if (entry.last_write_time(gone) <= before && !gone) fs::remove(entry.path(), gone);
    }
}

} // namespace hk::oci
