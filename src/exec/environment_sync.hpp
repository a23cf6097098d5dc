#pragma once
#include "docker/engine.hpp"
#include "exec/brought_images.hpp"
#include "exec/environment_source.hpp"
#include "net/pool.hpp"
#include "oci/environment_store.hpp"
#include "oci/load_stream.hpp"

#include <map>
#include <memory>

namespace hk::exec {

struct SyncSettings {
    std::string node = "node";                      ///< names our leases
    int tries = 5;                                  ///< of one transfer, for what may pass by itself
    Duration first_pause = std::chrono::seconds{1}; ///< between tries; doubles each time
    Duration lease_pace = oci::lease_lifetime / 5;  ///< how often the lease of a transfer is refreshed
    std::filesystem::path record{};                 ///< of the images that were brought here, see BroughtImages
    Duration grace = oci::removal_grace;            ///< how long the image of a deleted environment stays
    Duration look_pace = std::chrono::minutes{1};   ///< between looks at what is there
};

/// Environments as images of a container engine: reads versions from the shared folder and loads the layers that the
/// engine does not have. One transfer at a time on a node; those who ask for the same environment share it.
///
/// Owned by the runner's wiring; loop thread only, files are read on the pool. The engine, the pool and the loop
/// outlive it. The newest version is ready when the engine has the image whose digest the version names and the tag
/// hakuriver/<env>:base points to it; a broken transfer leaves the tag as it was. A version that a task insists on gets
/// no tag, and its image stays for the grace after it was last asked for.
class EnvironmentSync final : public EnvironmentSource {
public:
    EnvironmentSync(net::Loop& loop, net::Pool& pool, docker::Engine& engine, oci::EnvironmentStore store,
                    SyncSettings settings = {});
    ~EnvironmentSync() override;

    net::Task<Result<std::string>> prepare(EnvironmentWish wish, Progress progress) override;

    /// Which versions the engine has, by environment: as seen by the last look, or brought since.
    const std::map<std::string, std::string>& present() const { return present_; }
    /// Looks now and from time to time, for as long as this lives, and removes images that were brought here and that
    /// no version needs any more.
    void keep_looking();

    /// How often that was done.
    std::size_t looks() const { return looks_; }

    /// Bytes of layers read from the shared folder so far.
    Bytes bytes_read() const { return bytes_read_; }

private:
    struct Flight;
    using Image = Result<std::string>;
    net::Task<void> look_often();
    net::Task<void> look();
    net::Task<void> fly(std::shared_ptr<Flight> flight);
    net::Task<Image> try_often(Flight& flight);
    net::Task<Image> sync(Flight& flight);
    net::Task<void> keep_young(std::weak_ptr<const oci::Lease> lease);
    net::Task<Image> sync_leased(Flight& flight, std::string why_no_lease);
    net::Task<Result<std::optional<oci::Version>>> find_version(const Flight& flight);
    net::Task<Image> use_local(const Flight& flight, std::string why_none);
    net::Task<Image> bring(Flight& flight, const oci::Version& version, const oci::StoredImage& stored);
    net::Task<Result<std::string>> find_image(const oci::Image& image);
    net::Task<std::size_t> layers_present(const oci::Image& image);
    net::Task<Result<>> load(Flight& flight, const oci::StoredImage& stored, std::size_t present);
    net::Task<Image> make_current(const std::string& environment, std::string id);
    bool is_kept(const std::string& id) const;

    net::Pool& pool_;
    docker::Engine& engine_;
    oci::EnvironmentStore store_;
    SyncSettings settings_;
    std::map<std::string, std::shared_ptr<Flight>> flights_;           ///< by key of the wish
    std::map<std::string, std::pair<std::string, std::string>> ready_; ///< key of the wish -> version, image id
    std::map<std::string, std::string> present_;
    std::map<std::string, Mono> chosen_; ///< images of versions that tasks insisted on -> when one last did
    BroughtImages brought_;
    bool thin_works_ = true; ///< until this engine has refused a thin archive that a full one replaced
    bool busy_ = false;
    net::Signal idle_;
    Bytes bytes_read_;
    std::size_t looks_ = 0;
    net::TaskGroup group_;
};

} // namespace hk::exec
