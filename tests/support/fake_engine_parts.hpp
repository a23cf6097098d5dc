#pragma once
#include "support/fake_engine.hpp"

#include "oci/image.hpp"
#include "oci/tar.hpp"
#include "support/image_archive.hpp"

/// Inside of the fake engine: what its two halves, containers and images, share.
namespace hk::test {

using namespace hk::docker;
using hk::net::Task;

struct FakeEngine::Container {
    ContainerInfo info;
    ContainerSpec spec;
    std::string layer;
    net::Signal changed;
    int sessions = 0;
};

struct FakeEngine::Image {
    std::string id;
    std::string config;
    std::vector<std::string> layers;
    std::set<std::string> tags;
    std::map<std::string, std::string> labels;
};

struct FakeEngine::Exec {
    Exec(std::string in, ExecSpec of)
        : container(std::move(in))
        , spec(std::move(of)) {}
    std::string container;
    ExecSpec spec;
    std::optional<int> exit_code;
    bool started = false;
    net::Signal signalled;
};

struct FakeEngine::Watcher {
    std::string label;
    std::function<void(const EngineEvent&)> on_event;
};

inline bool has_label(const std::map<std::string, std::string>& labels, const std::string& wanted) {
    if (wanted.empty()) return true;
    const auto equals = wanted.find('=');
    const auto found = labels.find(wanted.substr(0, equals));
    return found != labels.end() && (equals == std::string::npos || found->second == wanted.substr(equals + 1));
}

inline std::string image_config(const std::vector<std::string>& layers,
                                const std::map<std::string, std::string>& labels) {
    std::string comment;
    for (const auto& [key, value] : labels) comment += key + "=" + value + ";";
    return make_config(layers, oci::sha256(comment).hex()); // labels may hold what JSON must escape
}

} // namespace hk::test
