#pragma once
#include "cli/host_api.hpp"
#include "cli/selector.hpp"
#include "cli/session.hpp"

/// From what the user named to the tasks of the Host.
namespace hk::cli {

/// All ids, with those of the caller's newest submission where `last` was said. Never empty.
Result<std::vector<TaskId>> resolve(Session& session, const Selector& selector);
/// Parse and resolve.
Result<std::vector<TaskId>> resolve(Session& session, std::span<const std::string> words);
/// For commands that take exactly one: `last` must be a single task then.
Result<TaskId> resolve_one(Session& session, const std::string& word);
/// The ids of all its tasks: they follow each other.
std::vector<TaskId> tasks_of(const proto::BatchView& batch);
/// A batch by its id, by the id of any of its tasks, or by `last`.
Result<BatchId> resolve_batch(Session& session, const std::string& word);

} // namespace hk::cli
