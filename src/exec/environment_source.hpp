#pragma once
#include "net/task.hpp"

#include <functional>
#include <string>

namespace hk::exec {

/// What a task wants to run in.
struct EnvironmentWish {
    std::string environment;
    std::string version;  ///< empty, or one that has been removed meanwhile, means the newest one
    bool exactly = false; ///< this version and no other

    EnvironmentWish(std::string name, std::string wanted = {}, bool insists = false)
        : environment(std::move(name))
        , version(std::move(wanted))
        , exactly(insists) {}
    /// Wishes with the same key are met by one image.
    std::string key() const { return exactly ? environment + ":" + version : environment; }
};

/// How a node gets an environment, whatever an environment is made of. Loop thread only.
class EnvironmentSource {
public:
    using Progress = std::function<void(const std::string& text)>;
    virtual ~EnvironmentSource() = default;

    /// Makes the environment ready to run on this node and returns what a task is started from (for an engine: an
    /// image). Callers that ask for the same at the same time share one transfer; a caller may be cancelled.
    /// `progress` hears what is being done, in words for people.
    virtual net::Task<Result<std::string>> prepare(EnvironmentWish wish, Progress progress) = 0;
};

} // namespace hk::exec
