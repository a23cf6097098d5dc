#pragma once
#include "base/file.hpp"
#include "base/result.hpp"

#include <cstdint>
#include <filesystem>
#include <string>

/// Files that tasks write. Each call blocks for as long as their storage does, so a pool's threads make it. Failures
/// are sentences for whoever asked for the output.
namespace hk::host {

/// An empty descriptor when the file is not there yet. The last part of the path is never followed as a link: the task
/// itself can write to the folder.
Result<Fd> open_output(const std::filesystem::path& path);
/// conflict when it is not a regular file.
Result<std::int64_t> size_of(const Fd& file);
/// Up to `most` bytes; fewer at the end of the file.
Result<std::string> read_at(const Fd& file, std::int64_t offset, std::size_t most);
/// Where the last `lines` lines begin; never further than 16 MB from the end.
Result<std::int64_t> tail_start(const Fd& file, std::int64_t size, std::int64_t lines);

} // namespace hk::host
