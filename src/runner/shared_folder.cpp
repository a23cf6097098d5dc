#include "runner/shared_folder.hpp"

#include <array>
#include <cerrno>
#include <unistd.h>

namespace hk::runner {

namespace {

/// What the Host makes in it, and what a runner must be able to do there.
struct Inner {
    const char* name;
    int access;
};
constexpr std::array<Inner, 3> folders_of_the_host{{
    {"task_outputs", W_OK | X_OK}, {"task_errors", W_OK | X_OK}, {"shared_data", X_OK}, // tasks may only read there
}};
/// Storage that takes longer over one look than this hangs.
constexpr Duration patience = std::chrono::seconds{5};
constexpr Duration healthy_pace = std::chrono::seconds{10};
constexpr Duration sick_pace = std::chrono::seconds{1};

std::string named(const std::filesystem::path& folder) { return "the shared folder " + folder.string(); }

} // namespace

Result<> check_shared_folder(const std::filesystem::path& folder) {
    std::error_code error;
    if (!std::filesystem::is_directory(folder, error))
        return fail(Errc::not_found, named(folder) + " is not there" + (error ? " (" + error.message() + ")" : "") +
                                         "; mount it, or set paths.shared_dir to the folder that the Host has");
    for (const auto& [name, access] : folders_of_the_host) {
        const auto inner = folder / name;
        if (!std::filesystem::is_directory(inner, error))
            return fail(Errc::not_found, named(folder) + " has no folder " + name +
                                             ", which the Host makes in it; start the Host, mount the folder, or set "
                                             "paths.shared_dir to the one that the Host has");
        if (::access(inner.c_str(), access) != 0)
            return fail(Errc::forbidden, named(folder) +
                                             " cannot be used: " + system_error(inner.string(), errno).message +
                                             "; give the runner's user access to it");
    }
    return {};
}

SharedFolder::SharedFolder(net::Loop& loop, std::filesystem::path folder)
    : folder_(std::move(folder))
    , pool_(loop, 1, 1) {}

net::Task<void> SharedFolder::look() {
    auto job = [folder = folder_] { return check_shared_folder(folder); };
    auto checking = pool_.run(std::move(job));
    const auto checked =
        co_await net::with_deadline(patience, named(folder_) + " does not answer", std::move(checking));
    if (checked) problem_.clear();
    else if (checked.error().code != Errc::no_capacity) problem_ = checked.error().message; // else a look still hangs
}

net::Task<void> SharedFolder::keep_looking(std::function<void()> on_change) {
    for (std::string told = problem_;;) {
        co_await net::sleep_for(problem_.empty() ? healthy_pace : sick_pace);
        co_await look();
        if (problem_ == told) continue;
        told = problem_;
        on_change();
    }
}

} // namespace hk::runner
