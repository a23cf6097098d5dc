#pragma once
#include "config/settings.hpp"
#include "proto/task_api.hpp"
#include "sched/step.hpp"
#include "store/records.hpp"

#include <map>
#include <string>
#include <vector>

namespace hk::host {

/// Limits of one submission. Linux itself takes about 2 MB of arguments and environment.
inline constexpr std::size_t most_argument_bytes = 512 * 1024;
inline constexpr std::size_t most_arguments = 20'000;
inline constexpr std::size_t most_env_vars = 1'000;
inline constexpr std::size_t most_mounts = 100;

/// The versions of each environment that has any, newest first.
using Versions = std::map<std::string, std::vector<std::string>>;

/// What a submission is judged by.
struct SubmissionPolicy {
    bool containers = false;                       ///< whether environments can be used at all
    Versions environments;                         ///< that have been packaged
    std::map<std::string, std::string> operations; ///< environment -> what is being done to it: "being packaged"
    std::string default_container;                 ///< empty: tasks run directly on the node
    bool default_privileged = false;
    bool allow_privileged = true;
    std::vector<std::filesystem::path> allowed_mounts; ///< empty: any
    std::vector<Mount> default_mounts;
};

/// Checks every field of a request against the policy, collecting all mistakes, and makes the scheduler's event of it.
Result<sched::Submit> submission_of(const proto::SubmitRequest& request, const SubmissionPolicy& policy);

/// The same tasks once more, as one submission with their arguments, indexes and limits. They have their batch and
/// their target in common.
sched::Submit again(const std::vector<store::TaskRecord>& records);

} // namespace hk::host
