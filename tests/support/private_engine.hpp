#pragma once
#include "docker/engine.hpp"
#include "net/loop.hpp"

#include <filesystem>
#include <string>
#include <vector>

namespace hk::test {

/// A dockerd of the test's own: own images, containers, socket and process, no network; gone with the object.
class PrivateEngine {
public:
    /// Whether this machine has what it takes: root, dockerd, a static busybox. HK_DOCKERD names another dockerd.
    static bool possible();
    /// Whether that dockerd knows the Container Device Interface.
    static bool knows_cdi();
    /// `config`: its daemon.json.
    explicit PrivateEngine(std::vector<std::string> options = {}, const std::string& config = "{}");
    ~PrivateEngine();
    PrivateEngine(const PrivateEngine&) = delete;
    PrivateEngine& operator=(const PrivateEngine&) = delete;

    net::Address address() const;
    const std::filesystem::path& folder() const { return folder_; }
    /// An image of a static busybox with its usual names.
    bool import_base(net::Loop& loop, docker::Engine& engine, const std::string& reference);
    /// As if the power of the daemon alone were cut; containers stay. Waits until it is gone.
    void kill();
    /// A graceful end.
    void stop();
    /// Starts it again and waits until it answers.
    void start();

private:
    void end(int signal);
    std::filesystem::path folder_;
    std::vector<std::string> options_;
    int pid_ = -1;
};

/// A layer with a static busybox and links to it: sh, sleep, true and the like.
std::string busybox_layer();

} // namespace hk::test
