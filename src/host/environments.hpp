#pragma once
#include "config/settings.hpp"
#include "docker/engine_client.hpp"
#include "docker/environment_operations.hpp"
#include "host/engine.hpp"
#include "host/submission.hpp"
#include "host/usage.hpp"
#include "proto/env_api.hpp"

#include <deque>

namespace hk::host {

/// A long operation on an environment, and what it says while it runs. Goes on when the one who asked for it leaves.
struct Operation {
    std::deque<proto::OperationProgress> said; ///< not yet passed on
    bool finished = false;
    std::optional<Error> failed;
    net::Signal wake;
};

/// The Host's container environments: the engine, the shared folder, and what is done to both. Tells the scheduler
/// which versions are current. Loop thread only.
class Environments {
public:
    Environments(net::Loop& loop, Engine& engine, const config::HostConfig& config, net::Address address);

    /// Puts right what a crash left, makes the default environment when there is none, then looks at the shared folder
    /// for as long as the Host lives.
    net::Task<void> run();
    /// `usage` says which node has which version.
    net::Task<proto::EnvironmentList> list(const Usage& usage);

    /// Each starts the operation and returns at once.
    std::shared_ptr<Operation> create(const std::string& image, const std::string& environment);
    std::shared_ptr<Operation> package(const std::string& environment);
    /// Reads the archive to its end; `source` must live until then, so this one is awaited.
    net::Task<Result<std::string>> import_archive(std::string environment, docker::ChunkSource& source);
    net::Task<Result<>> remove_versions(std::string environment, std::string version);

    /// As the shared folder had them at the last look.
    const Versions& versions() const { return versions_; }
    docker::EnvironmentOperations& operations() { return operations_; }
    docker::Engine& engine() { return client_; }

    /// Something about environments changed; and a step of an operation, for live views.
    std::function<void()> on_change;
    std::function<void(const proto::OperationProgress&)> on_progress;

private:
    using Work = std::function<net::Task<Result<std::string>>(docker::StepSink)>;
    std::shared_ptr<Operation> begin(std::string name, std::string environment, Work work);
    net::Task<void> carry_out(std::shared_ptr<Operation> operation, proto::OperationProgress about, Work work);
    net::Task<Result<std::string>> create_work(std::string image, std::string environment, docker::StepSink sink);
    net::Task<Result<std::string>> package_work(std::string environment, docker::StepSink sink);
    std::vector<std::string> holders_of(const std::string& environment, const std::string& version,
                                        const Usage& usage) const;
    net::Task<bool> make_default();
    net::Task<bool> make_default_now();
    net::Task<bool> engine_answers();
    net::Task<Result<std::string>> default_work(std::string name, docker::StepSink sink);
    std::string users_of(const std::string& environment, const std::string& version) const;
    std::set<std::string> needed_versions(const std::string& environment) const;
    net::Task<void> refresh_versions();

    Engine& host_;
    const config::HostConfig& config_;
    docker::EngineClient client_;
    oci::EnvironmentStore store_;
    net::Pool pool_;
    docker::EnvironmentOperations operations_;
    Versions versions_;
    std::string default_problem_;  ///< why the default environment could not be made; said when it changes
    bool engine_was_away_ = false; ///< when that was tried
    net::TaskGroup group_;
};

} // namespace hk::host
