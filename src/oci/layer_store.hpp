#pragma once
#include "base/file.hpp"
#include "oci/image.hpp"

#include <filesystem>
#include <optional>
#include <set>
#include <vector>

namespace hk::oci {

/// A file being written under a temporary name; it disappears unless it is kept. One thread.
class TemporaryFile {
public:
    /// Makes the file beside `final_folder`'s content, so that the rename at the end stays in one file system.
    static Result<TemporaryFile> create(const std::filesystem::path& final_folder);
    TemporaryFile(TemporaryFile&& other) noexcept;
    TemporaryFile& operator=(TemporaryFile&& other) noexcept;
    ~TemporaryFile();
    Result<> write(std::string_view bytes);
    /// Durable under its final name when this returns: fsync, rename, fsync of the folder.
    Result<> keep(const std::filesystem::path& final_path);
    int fd() const { return fd_.get(); }

private:
    TemporaryFile(Fd fd, std::filesystem::path path);
    Fd fd_;
    std::filesystem::path path_;
};
/// What temporary names start with; a crash leaves such files and `remove_stale` takes them away.
inline constexpr std::string_view temporary_prefix = ".tmp-";

/// A layer as a registry carries it: compressed, so under another digest.
struct CarriedLayer {
    Digest carried;
    Bytes carried_size;
    Digest diff_id;
};

/// Layer files shared by all versions of all environments: ROOT/<sha256>.tar, written once and never changed.
/// Several processes may read and write it at once. Every call blocks on the file system.
class LayerStore {
public:
    explicit LayerStore(std::filesystem::path root)
        : root_(std::move(root)) {}
    /// Makes the folder where it is missing.
    Result<> prepare() const;
    /// Its size when the layer is there.
    std::optional<Bytes> find(const Digest& diff_id) const;
    std::filesystem::path path_of(const Digest& diff_id) const;
    Result<TemporaryFile> begin() const { return TemporaryFile::create(root_); }
    /// Puts a written file in place under its digest. One that is there already stays, and counts as new.
    Result<> adopt(TemporaryFile file, const Digest& diff_id) const;
    /// A layer that is about to be used again counts as new, so that `collect` spares it.
    Result<> refresh(const Digest& diff_id) const;
    /// Removes layers that `used` does not name and that nobody wrote or refreshed after `before`.
    Result<Bytes> collect(const std::set<Digest>& used, std::filesystem::file_time_type before) const;
    const std::filesystem::path& root() const { return root_; }

    /// Which layer it is that an engine knows by the digest of its compressed form: the engine names it by that one.
    Result<> remember(const CarriedLayer& layer) const;
    /// Empty when the digest is not known or the layer is gone.
    std::optional<CarriedLayer> recall(const Digest& carried) const;

private:
    void forget_gone() const;
    std::filesystem::path root_;
};

/// Removes temporary files of `folder` that nobody wrote to after `before`.
void remove_stale(const std::filesystem::path& folder, std::filesystem::file_time_type before);

} // namespace hk::oci
