#include "oci/environment_store.hpp"

#include "model/ids.hpp"
#include "oci/version_file.hpp"

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <charconv>
#include <fcntl.h>
#include <map>
#include <sys/stat.h>
#include <unistd.h>

namespace hk::oci {

namespace fs = std::filesystem;

namespace {

constexpr std::string_view layers_folder = "layers";
constexpr std::string_view trash_folder = "trash";
constexpr std::string_view leases_folder = "leases";

/// The clock of the file system's server, which need not be ours.
Result<fs::file_time_type> time_there(const fs::path& folder) {
    HK_TRY(const auto probe, TemporaryFile::create(folder));
    struct stat info{};
    if (::fstat(probe.fd(), &info) != 0) return fail(system_error("cannot read " + folder.string(), errno));
    const auto since = std::chrono::seconds{info.st_mtim.tv_sec} + std::chrono::nanoseconds{info.st_mtim.tv_nsec};
    return std::chrono::file_clock::from_sys(std::chrono::sys_time<std::chrono::nanoseconds>{since});
}

Result<> touch(const fs::path& path) {
    if (::utimensat(AT_FDCWD, path.c_str(), nullptr, 0) == 0) return {};
    return fail(system_error("cannot touch " + path.string(), errno));
}

Result<std::vector<Version>> versions_in(const fs::path& folder) {
    std::vector<Version> versions;
    std::error_code error;
    for (const auto& entry : fs::directory_iterator(folder, error))
        if (const auto version = parse_version_file(entry.path().filename().string())) versions.push_back(*version);
    if (error && error != std::errc::no_such_file_or_directory)
        return fail(system_error("cannot list " + folder.string(), error.value()));
    std::ranges::sort(versions, [](const Version& a, const Version& b) {
        return a.environment != b.environment ? a.environment < b.environment : a.stamp > b.stamp;
    });
    return versions;
}

/// The image of a small tarball of ours; `unsupported` for everything else.
Result<Image> read_ours(const fs::path& path) {
    auto text = read_file(path, max_version_file);
    if (!text && text.error().code == Errc::too_large) return fail(Errc::unsupported, "a classic archive");
    HK_CHECK(text);
    return read_version_file(*text);
}

} // namespace

std::optional<Version> parse_version_file(std::string_view file_name) {
    if (!file_name.ends_with(".tar")) return std::nullopt;
    file_name.remove_suffix(4);
    const auto dash = file_name.rfind('-');
    if (dash == std::string_view::npos) return std::nullopt;
    Version version;
    const std::string_view digits = file_name.substr(dash + 1);
    const auto parsed = std::from_chars(digits.data(), digits.data() + digits.size(), version.stamp);
    if (parsed.ec != std::errc() || parsed.ptr != digits.data() + digits.size() || version.stamp <= 0)
        return std::nullopt;
    const auto name = parse_environment_name(file_name.substr(0, dash));
    if (!name || digits.front() == '0') return std::nullopt;
    version.environment = *name;
    return version;
}

Lease::~Lease() {
    if (!path_.empty()) ::unlink(path_.c_str());
}

/// Makes the file again when it is gone: a machine that slept looks dead to the Host.
Result<> Lease::refresh() const {
    const Fd fd(::open(path_.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644));
    if (!fd) return fail(system_error("cannot create " + path_.string(), errno));
    return touch(path_);
}

EnvironmentStore::EnvironmentStore(fs::path root)
    : root_(std::move(root))
    , layers_(root_ / layers_folder) {}

Result<> EnvironmentStore::prepare() const {
    HK_CHECK(layers_.prepare());
    for (const auto folder : {trash_folder, leases_folder}) {
        std::error_code error;
        fs::create_directories(root_ / folder, error);
        if (error) return fail(system_error("cannot create " + (root_ / folder).string(), error.value()));
    }
    // Runners of any user, or root squashed by a file server, write here and nowhere else.
    std::error_code ignored;
    fs::permissions(root_ / leases_folder, fs::perms::all | fs::perms::sticky_bit, ignored);
    return {};
}

Result<std::vector<Version>> EnvironmentStore::list() const { return versions_in(root_); }

Result<std::optional<Version>> EnvironmentStore::newest(const std::string& environment) const {
    HK_TRY(const auto versions, list());
    const auto found = std::ranges::find(versions, environment, &Version::environment);
    return found == versions.end() ? std::nullopt : std::optional(*found);
}

VersionInfo EnvironmentStore::inspect(const Version& version) const {
    const auto stored = open(version);
    if (stored) return {version, stored->total(), true, ""};
    std::error_code error;
    const auto size = fs::file_size(root_ / version.file_name(), error);
    return {version, Bytes{error ? 0 : static_cast<std::int64_t>(size)}, false, stored.error().message};
}

Result<StoredImage> EnvironmentStore::open(const Version& version) const {
    const fs::path path = root_ / version.file_name();
    auto image = read_ours(path);
    if (!image && image.error().code == Errc::unsupported) return read_classic_archive(path);
    if (!image && image.error().code == Errc::not_found)
        return fail(Errc::not_found, "environment " + version.environment + " has no version " + version.name());
    if (!image) return fail(image.error().code, version.file_name() + ": " + image.error().message);
    StoredImage stored{std::move(*image), {}};
    for (const Layer& layer : stored.image.layers) {
        const auto size = layers_.find(layer.diff_id);
        if (!size || *size != layer.size)
            return fail(Errc::corrupt,
                        version.file_name() + ": its layer file " + layers_.path_of(layer.diff_id).string() +
                            (size ? " has a wrong size" : " is missing") + "; package the environment again");
        stored.places.push_back({layer, layers_.path_of(layer.diff_id), 0, layer.size.value, false});
    }
    return stored;
}

Result<Version> EnvironmentStore::publish(const std::string& environment, const Image& image, Time now) const {
    HK_TRY(const auto name, parse_environment_name(environment));
    HK_TRY(const auto last, newest(name));
    Version version{name, to_micros(now) / 1'000'000};
    // Newer than every other one, also when the clock went back.
    if (last && version.stamp <= last->stamp) version.stamp = last->stamp + 1;
    for (const Layer& layer : image.layers) HK_CHECK(layers_.refresh(layer.diff_id));
    HK_TRY(auto file, TemporaryFile::create(root_));
    HK_CHECK(file.write(make_version_file(version, image)));
    HK_CHECK(file.keep(root_ / version.file_name()));
    return version;
}

Result<> EnvironmentStore::remove(const Version& version) const {
    const fs::path trash = root_ / trash_folder / version.file_name();
    if (::rename((root_ / version.file_name()).c_str(), trash.c_str()) != 0) {
        if (errno == ENOENT)
            return fail(Errc::not_found, "environment " + version.environment + " has no version " + version.name());
        return fail(system_error("cannot remove " + version.file_name(), errno));
    }
    return touch(trash);
}

Result<Lease> EnvironmentStore::lease(std::string_view reader) const {
    static std::atomic<unsigned> counter = 0;
    const fs::path path =
        root_ / leases_folder /
        (std::string(reader) + "-" + std::to_string(::getpid()) + "-" + std::to_string(++counter) + ".lease");
    Lease lease(path);
    HK_CHECK(lease.refresh());
    return lease;
}

bool EnvironmentStore::somebody_reads(fs::file_time_type now) const {
    bool reading = false;
    std::error_code error;
    for (const auto& entry : fs::directory_iterator(root_ / leases_folder, error)) {
        std::error_code gone;
        const auto refreshed = entry.last_write_time(gone);
        if (gone) continue;
        if (refreshed > now - lease_lifetime) reading = true;
        else fs::remove(entry.path(), gone);
    }
    return reading || error;
}

void EnvironmentStore::empty_trash(fs::file_time_type before) const {
    std::error_code error;
    for (const auto& entry : fs::directory_iterator(root_ / trash_folder, error)) {
        std::error_code gone;
        if (entry.last_write_time(gone) <= before && !gone) fs::remove(entry.path(), gone);
    }
}

Result<std::set<Digest>> EnvironmentStore::used_layers() const {
    std::set<Digest> used;
    for (const fs::path& folder : {root_, root_ / trash_folder}) {
        HK_TRY(const auto versions, versions_in(folder));
        for (const Version& version : versions) {
            const auto image = read_ours(folder / version.file_name());
            if (image)
                for (const Layer& layer : image->layers) used.insert(layer.diff_id);
            // What cannot be read for now may need its layers later; what is damaged or classic needs none.
            else if (image.error().code != Errc::unsupported && image.error().code != Errc::corrupt)
                return fail(image.error());
        }
    }
    return used;
}

Result<Collected> EnvironmentStore::collect() const {
    HK_TRY(const auto now, time_there(root_));
    if (somebody_reads(now)) return Collected{.freed = {}, .postponed = true};
    const auto before = now - removal_grace;
    empty_trash(before);
    remove_stale(root_, before);
    HK_TRY(const auto used, used_layers());
    HK_TRY(const auto freed, layers_.collect(used, before));
    return Collected{freed, false};
}

} // namespace hk::oci
