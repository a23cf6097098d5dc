#pragma once
#include "model/node.hpp"

#include <filesystem>
#include <map>
#include <string>
#include <vector>

namespace hk::exec {

/// What executors need to know about their node. A value: copied at construction; only the GPUs may
/// change later.
struct ExecSettings {
    NodeName node;
    std::filesystem::path shared_dir;     ///< absolute, the same storage on every node
    std::filesystem::path local_temp_dir; ///< absolute, fast storage of this node
    std::string run_as;                   ///< user name for tasks outside containers; empty: the runner's own user
    std::string numactl;                  ///< program that binds tasks outside containers to NUMA nodes; empty: the
                                          ///< keeper does
    std::vector<NumaNode> numa;           ///< as the inventory says
    std::vector<Gpu> gpus;                ///< as the inventory says
    std::int64_t most_processes = 0;      ///< that a task may have at one time, threads included; 0: no limit
    bool use_control_groups = true;       ///< off: no limits, and kill and pause go by the tree of processes
    std::filesystem::path hakurun; ///< the program of that name, for tasks that call it; empty: none is given to them
    std::map<std::string, std::string> environment; ///< the runner's own; see task_environment.hpp for what is kept
};

/// What no task should need and what leaves room for others on this machine, for `most_processes`: a quarter of what
/// the kernel can have at one time (kernel.pid_max, kernel.threads-max); 0 when it does not say.
std::int64_t share_of_processes();

/// The environment of this process.
std::map<std::string, std::string> own_environment();

} // namespace hk::exec
