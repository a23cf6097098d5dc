#pragma once
#include "base/time.hpp"
#include "oci/layer_store.hpp"

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

/// The folder `shared_dir/<container_dir>` that the Host writes and every runner reads; docs/environments.md says
/// what lies in it and why. Every call blocks on the file system, which may be a network one.
namespace hk::oci {

/// One packaged state of an environment; its file is "<environment>-<unix seconds>.tar".
struct Version {
    std::string environment;
    std::int64_t stamp = 0; ///< unix seconds; the newest one counts
    std::string name() const { return std::to_string(stamp); }
    std::string file_name() const { return environment + "-" + name() + ".tar"; }
    friend bool operator==(const Version&, const Version&) = default;
    friend auto operator<=>(const Version&, const Version&) = default;
};
/// Reads a file name; empty when the file is no version of an environment.
std::optional<Version> parse_version_file(std::string_view file_name);

/// What a listing shows of a version.
struct VersionInfo {
    Version version;
    Bytes size;           ///< of the whole image
    bool complete = true; ///< false: a layer file is missing or the tarball cannot be read
    std::string problem;
};

/// Tells the Host that somebody is reading: layers and removed tarballs stay until it is given back. It must be
/// refreshed at least every `lease_lifetime`; a lease that a dead process left expires by itself.
class Lease {
public:
    explicit Lease(std::filesystem::path path)
        : path_(std::move(path)) {}
    Lease(Lease&& other) noexcept
        : path_(std::exchange(other.path_, {})) {}
    Lease& operator=(Lease&& other) noexcept {
        std::swap(path_, other.path_);
        return *this;
    }
    ~Lease();
    Result<> refresh() const;

private:
    std::filesystem::path path_;
};
inline constexpr std::chrono::minutes lease_lifetime{10};
/// A removed version and an unused layer stay this long: somebody may just have read their names.
inline constexpr std::chrono::minutes removal_grace{15};

struct Collected {
    Bytes freed;
    bool postponed = false; ///< somebody is reading
};

class EnvironmentStore {
public:
    explicit EnvironmentStore(std::filesystem::path root);
    /// Makes the folders; called by the Host.
    Result<> prepare() const;

    /// All versions by name alone (no file is opened), sorted by environment, newest first.
    Result<std::vector<Version>> list() const;
    Result<std::optional<Version>> newest(const std::string& environment) const;
    /// A version with its size, and whether it can be used; reads the tarball's headers.
    VersionInfo inspect(const Version& version) const;
    /// The image and where its layers lie. Reads and checks our own small tarballs; walks through the headers of a
    /// classic one. A truncated, replaced or foreign file is refused with a sentence.
    Result<StoredImage> open(const Version& version) const;

    /// Writes the version file after its layers are in `layers()`. The stamp is `now`, or the next one that is free.
    Result<Version> publish(const std::string& environment, const Image& image, Time now) const;
    /// Gone from the list at once; the bytes stay until `collect` finds that nobody can be reading them.
    Result<> remove(const Version& version) const;
    /// Frees what is removed and unused. Only one process may call it (the Host).
    Result<Collected> collect() const;
    Result<Lease> lease(std::string_view reader) const;

    const LayerStore& layers() const { return layers_; }
    const std::filesystem::path& root() const { return root_; }

private:
    bool somebody_reads(std::filesystem::file_time_type now) const;
    void empty_trash(std::filesystem::file_time_type before) const;
    Result<std::set<Digest>> used_layers() const;

    std::filesystem::path root_;
    LayerStore layers_;
};

} // namespace hk::oci
