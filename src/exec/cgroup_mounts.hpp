#pragma once
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace hk::exec {

/// One mounted hierarchy of control groups, and where this process is in it.
struct CgroupMount {
    std::filesystem::path mount; ///< such as /sys/fs/cgroup/memory
    std::filesystem::path own;   ///< the directory of this process, below `mount`
};

/// The hierarchies that are mounted here: version 2 by the name "", version 1 by a controller ("cpu", "name=systemd").
class CgroupMounts {
public:
    /// From the texts of /proc/self/mountinfo and /proc/self/cgroup.
    static CgroupMounts parse(std::string_view mountinfo, std::string_view own_groups);
    static CgroupMounts read();

    std::optional<CgroupMount> find(std::string_view name) const;

private:
    struct Named {
        std::vector<std::string> names;
        CgroupMount mount;
    };
    std::vector<Named> found_;
};

} // namespace hk::exec
