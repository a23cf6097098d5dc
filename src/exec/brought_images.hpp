#pragma once
#include "docker/engine.hpp"

#include <filesystem>
#include <map>
#include <set>
#include <string>

namespace hk::exec {

/// The images that this runner has loaded into its engine: on record, so that those that nobody needs any more can be
/// taken away, and no others. An engine may be shared with the Host, another cluster or people.
///
/// Owned by the sync; loop thread only. The record is a small file in the runner's state folder, one "ID ENVIRONMENT"
/// on a line; a record that cannot be written is no failure, its images stay then.
class BroughtImages {
public:
    /// An empty path: nothing is remembered beyond this life.
    explicit BroughtImages(std::filesystem::path record);

    /// Before it is loaded, so that no crash leaves an image that nobody knows.
    void add(const std::string& id, const std::string& environment);
    std::size_t size() const { return images_.size(); }

    /// What the shared folder says now.
    struct Wanted {
        std::set<std::string> environments; ///< that have any version
        std::set<std::string> unclear;      ///< those of them whose newest version cannot be read now
        std::set<std::string> images;       ///< of the newest versions
    };
    /// Removes what is not wanted: replaced images at once, those of environments that are gone after `grace`. What a
    /// container still uses, or somebody has given another name, stays until the next time.
    net::Task<void> sweep(docker::Engine& engine, Wanted wanted, Mono now, Duration grace);

private:
    bool is_due(const std::string& id, const std::string& environment, const Wanted& wanted, Mono now, Duration grace);
    void forget(const std::string& id);
    void save() const;

    std::filesystem::path record_;
    std::map<std::string, std::string> images_; ///< id -> environment
    std::map<std::string, Mono> unwanted_since_;
};

/// Removes the image unless a container uses it or it has a name that is not the environment's. not_found: it is gone.
net::Task<Result<>> remove_unless_used(docker::Engine& engine, std::string id, std::string environment);

} // namespace hk::exec
