#pragma once
#include <cstdint>

namespace hk::keeper {

/// The control groups that systemd made for the unit of this process: folders, empty where there is
/// none. With version 2 alone `unified` has all limits; with version 1 they are in `cpu` and
/// `memory`, and `unified`, where it is mounted beside them, only holds processes.
struct UnitGroup {
    static constexpr unsigned room = 512;
    char unified[room] = {};
    char cpu[room] = {};
    char memory[room] = {};
};
UnitGroup find_unit_group();

/// What the kernel says about the unit now; 0 where there is no limit or no such file.
struct UnitLimits {
    std::int64_t cpu_micros = 0; ///< CPU time per second
    std::int64_t memory = 0;     ///< bytes
};
UnitLimits read_limits(const UnitGroup& group);

struct UnitMemory {
    std::int64_t oom_kills = 0;
    std::int64_t peak = 0; ///< bytes
};
UnitMemory read_memory(const UnitGroup& group);

} // namespace hk::keeper
