#pragma once
#include "model/node.hpp"

#include <filesystem>
#include <map>
#include <string>

namespace hk::probe {

/// Names processes: who runs them and what they are. Asks the user database, which may be a slow
/// network service, so it lives in the GPU reader's process. Remembers up to 1,024 user names.
class ProcessOwners {
public:
    explicit ProcessOwners(std::filesystem::path root)
        : root_(std::move(root)) {}

    /// User and command of a process of this machine; both empty when it is not visible from here.
    GpuProcess describe(int pid, Bytes memory);

private:
    std::string user_name(long long uid);
    std::filesystem::path root_;
    std::map<long long, std::string> names_;
};

} // namespace hk::probe
