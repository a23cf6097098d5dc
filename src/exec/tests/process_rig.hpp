#pragma once
#include "exec/process_executor.hpp"
#include "keeper/protocol.hpp"
#include "support/executor_contract.hpp"

namespace hk::test {

inline std::unique_ptr<exec::Executor> open_process_executor(ExecutorRig& rig) {
    auto opened = exec::ProcessExecutor::open(rig.loop, rig.spool, rig.settings, rig);
    REQUIRE_MESSAGE(opened, (opened ? "" : opened.error().message));
    return std::move(*opened);
}

/// A rig with a process executor that leaves no keeper and no control group behind.
class ProcessRig : public ExecutorRig {
public:
    explicit ProcessRig(const std::filesystem::path& dir)
        : ExecutorRig(dir, open_process_executor)
        , lock_(dir / "state" / keeper::lock_name) {}
    ~ProcessRig() override {
        if (leave_it) return;
        executor.reset();
        wait([&] { return keeper_pid() == 0; }, 3); // it goes on when attempts of this rig still run
        exec::CgroupTree::find(spool.state_id()).remove_if_unused();
    }

    /// 0 when no keeper runs.
    int keeper_pid() const {
        const Fd fd(::open(lock_.c_str(), O_RDONLY | O_CLOEXEC));
        if (!fd || ::flock(fd.get(), LOCK_SH | LOCK_NB) == 0) return 0;
        return std::atoi(slurp(lock_).c_str());
    }
    /// A number of the attempt's `forked` fact: 1 the task, 3 its watcher.
    int forked_number(AttemptId id, int field) {
        REQUIRE(wait([&] { return record(id).find("\nforked ") != std::string::npos; }));
        std::istringstream line(record(id).substr(record(id).find("\nforked ") + 1));
        std::string word;
        for (int i = 0; i <= field; ++i) line >> word;
        return std::atoi(word.c_str());
    }
    int task_pid(AttemptId id) { return forked_number(id, 1); }
    int watcher_pid(AttemptId id) { return forked_number(id, 3); }

    bool leave_it = false; ///< for a rig whose process is about to be killed

private:
    std::filesystem::path lock_;
};

inline std::unique_ptr<ProcessRig> process_rig(const std::filesystem::path& dir, bool groups = true) {
    auto rig = std::make_unique<ProcessRig>(dir);
    rig->settings.use_control_groups = groups;
    rig->open();
    return rig;
}

} // namespace hk::test
