#pragma once
#include "docker/engine.hpp"
#include "net/pool.hpp"
#include "oci/environment_store.hpp"
#include "oci/intake.hpp"

#include <map>
#include <memory>
#include <set>

namespace hk::docker {

/// What a long operation is doing now, for people; with bytes where they are known.
struct OperationStep {
    std::string message;
    std::optional<Bytes> done;
    std::optional<Bytes> total;
};
using StepSink = std::function<void(const OperationStep&)>;

/// One environment: its container on the Host, its packaged versions, and what is being done to it.
struct EnvironmentEntry {
    std::string name;
    std::optional<ContainerInfo> container;
    std::vector<oci::VersionInfo> versions; ///< newest first
    std::string operation;                  ///< "packaging"; empty when nothing is being done
};
struct EnvironmentOverview {
    std::vector<EnvironmentEntry> environments;
    std::string engine;  ///< "Docker 20.10.24"
    std::string problem; ///< why the engine cannot be used; versions are listed all the same
};

struct Packaged {
    oci::Version version;
    Bytes new_bytes;      ///< layers that were written to the shared folder
    Bytes total_bytes;    ///< the whole image
    bool rebased = false; ///< the container now stands on the packaged image, so the next change is small again
};

struct EnvironmentSettings {
    std::string network = "default"; ///< of the containers in which environments are set up
    std::string default_environment;
    int versions_kept = 1; ///< when a new one is packaged, which is one of them
    /// Older versions that must stay all the same; asked on the loop thread.
    std::function<std::set<std::string>(const std::string& environment)> needed{};
};

/// What the Host does with environments: list, create, start, stop, delete, package, import, export. Knows nothing of
/// HTTP; every refusal is a sentence. Owned by the wiring; loop thread only, files are touched on the pool.
///
/// One operation at a time per environment; a second one is a conflict. A failed operation leaves things as they were;
/// what a crash leaves in the middle of a re-base is put right by `repair`.
class EnvironmentOperations {
public:
    EnvironmentOperations(net::Loop& loop, net::Pool& pool, Engine& engine, oci::EnvironmentStore store,
                          EnvironmentSettings settings = {});

    /// Makes the shared folders and finishes what a crash interrupted. Not fatal when it fails.
    net::Task<Result<>> repair();
    net::Task<EnvironmentOverview> overview();

    /// A container of the image, in which the environment is set up by hand. The image is pulled only when it is not
    /// there.
    net::Task<Result<>> create(std::string image, std::string environment, StepSink progress);
    net::Task<Result<>> start(std::string environment);
    net::Task<Result<>> stop(std::string environment);
    /// Its container, for a shell in it; refused when it does not run.
    net::Task<Result<ContainerInfo>> running(std::string environment);
    /// Refused while somebody has a shell in it.
    net::Task<Result<>> remove(std::string environment);

    /// Commits the container and publishes what it is now as the environment's newest version. The container goes on
    /// running; when nobody uses it, it is put on the committed image.
    net::Task<Result<Packaged>> package(std::string environment, StepSink progress);
    /// One version, or with an empty `version` all of them.
    net::Task<Result<>> remove_versions(std::string environment, std::string version);
    /// Publishes an archive of docker save.
    net::Task<Result<Packaged>> import_archive(std::string environment, ChunkSource& source, StepSink progress);
    /// A classic archive that any docker load reads. An empty version is the newest one.
    net::Task<Result<>> export_archive(std::string environment, std::string version, ChunkSink& sink);

    /// For the first start: packages `image` as `environment` unless a version is there.
    net::Task<Result<>> make_default(std::string environment, std::string image, StepSink progress);
    /// Frees what removed versions leave, when nobody can be reading it. To be called every few minutes.
    net::Task<Result<oci::Collected>> collect();

    /// What is being done to the environment; empty when nothing is.
    std::string operation(const std::string& environment) const;
    const std::map<std::string, std::string>& operations() const { return operations_; }

private:
    class Hold;
    struct Commit;
    struct IntakeState;
    class IntakeSink;
    struct Receiving;
    Result<std::shared_ptr<Hold>> hold(const std::string& environment, std::string doing);
    net::Task<Result<ContainerInfo>> by_name(std::string name);
    net::Task<Result<ContainerInfo>> find(std::string environment);
    net::Task<Result<>> need_image(ImageName image, StepSink progress);
    net::Task<Result<>> load_own(std::string environment, StepSink progress);
    net::Task<void> drop_image(std::string environment);
    net::Task<bool> nobody_uses(const ContainerInfo& container);
    net::Task<Result<Commit>> commit(std::string environment, ContainerInfo container);
    net::Task<Result<std::string>> commit_image(std::string environment, std::string container, bool pause);
    net::Task<bool> rebase(std::string environment, ContainerInfo old);
    /// The second half of a re-base that a Host before this one did not come to.
    net::Task<void> finish_rebase(std::string environment, ContainerInfo next);
    /// Of the container that is about to take the environment's place.
    static std::string next_name(const std::string& environment) { return "hakuriver-next-" + environment; }
    net::Task<Result<oci::Intake::Written>> take_in(std::string image, StepSink progress);
    net::Task<Result<oci::Intake::Written>> take_saved(std::string image, const ImageInfo& info, StepSink progress);
    net::Task<Result<oci::Intake::Written>> take_pushed(std::string image, const ImageInfo& info, StepSink progress);
    net::Task<Result<Packaged>> publish(std::string environment, oci::Intake::Written written);
    ContainerSpec container_spec(const std::string& environment, const std::string& image) const;

    net::Loop& loop_;
    net::Pool& pool_;
    Engine& engine_;
    oci::EnvironmentStore store_;
    EnvironmentSettings settings_;
    bool pushes_ = true;                            ///< until this engine could not push to us
    std::map<std::string, std::string> operations_; ///< environment -> what is being done
    net::TaskGroup group_;                          ///< what must end in order when a caller is cancelled
};

inline constexpr char environment_label[] = "hakuriver.environment";

} // namespace hk::docker
