#pragma once
#include "net/task.hpp"

#include <functional>
#include <string>

namespace hk::exec {

/// How a node gets an environment, whatever an environment is made of. Loop thread only.
class EnvironmentSource {
public:
    using Progress = std::function<void(const std::string& text)>;
    virtual ~EnvironmentSource() = default;

    /// Makes a version of the environment ready to run on this node and returns what a task is started from (for an
    /// engine: an image). An empty version, or one that has been replaced meanwhile, means the newest. Callers that
    /// ask for the same at the same time share one transfer; a caller may be cancelled. `progress` hears what is being
    /// done, in words for people.
    virtual net::Task<Result<std::string>> prepare(std::string environment, std::string version, Progress progress) = 0;
};

} // namespace hk::exec
