#pragma once
#include "cli/host_api.hpp"

#include <string>
#include <vector>

namespace hk::cli {

/// When the bytes of one output were written, as their node noted it.
class LogTimes {
public:
    /// Asks for all that is known from the byte at `from` on. `target`: "/api/tasks/12/stdout/times".
    Result<> load(HostApi& api, const std::string& target, std::int64_t from);
    /// When the byte at `offset`, which is not before that of an earlier call, was written. `now` for what came after
    /// `load`: it is being written while we look.
    Time at(std::int64_t offset, Time now);

private:
    std::vector<proto::LogMark> marks_;
    std::size_t next_ = 0; ///< the first mark that may cover what is asked for
};

} // namespace hk::cli
