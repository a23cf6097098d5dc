#pragma once
#include "net/loop.hpp"
#include "net/pool.hpp"

#include <filesystem>
#include <functional>
#include <string>

namespace hk::runner {

/// Whether tasks can use the shared folder from this machine: it is there, it is the one in which the Host has made its
/// folders, and it may be written to. Else a sentence that says what to do. Blocks for as long as its storage does.
Result<> check_shared_folder(const std::filesystem::path& folder);

/// Looks at the shared folder for as long as it lives, off the loop, since storage may hang. Without the folder a task
/// has no place for its output, so nothing is offered meanwhile. Owned by the wiring; loop thread only.
class SharedFolder {
public:
    SharedFolder(net::Loop& loop, std::filesystem::path folder);

    /// Why it cannot be used; empty while it can.
    const std::string& problem() const { return problem_; }
    net::Task<void> look();
    /// `on_change` hears of every other problem, and of the end of one.
    net::Task<void> keep_looking(std::function<void()> on_change);

private:
    std::filesystem::path folder_;
    net::Pool pool_;
    std::string problem_;
};

} // namespace hk::runner
