#pragma once
#include "exec/cgroup.hpp"
#include "exec/fact_file.hpp"
#include "exec/keeper_link.hpp"
#include "exec/outcome.hpp"
#include "exec/process_control.hpp"
#include "exec/process_executor.hpp"
#include "exec/ticker.hpp"

#include <set>
#include <unordered_map>

namespace hk::exec {

/// One attempt in the executor's care.
struct ProcessAttempt {
    enum class Stage {
        waiting,  ///< for its turn to be sent to the keeper
        sent,     ///< the keeper has the message, or had it when it died
        running,  ///< `forked` is on record
        emptying, ///< the command has ended; what it left is being killed
        ended,    ///< the listener knows
    };
    enum class Wish { none, pause, resume };

    Assignment assignment;
    Stage stage = Stage::waiting;
    std::uint64_t record_size = 0;
    AttemptGroup group;
    std::vector<std::string> warnings; ///< of the group
    KnownFacts facts;
    Mono sent_at{};
    bool recovered = false;
    bool started_told = false;
    std::optional<Mono> kill_at; ///< a stop was asked for; set before there is a process as well
    Duration grace{};
    bool stop_signalled = false;
    bool paused = false;
    bool orphaned = false; ///< watcher and keeper were killed; nobody will report its end
    Wish wish = Wish::none;
    Mono wish_until{};
};

/// The executor behind its public face: commands in process_executor.cpp, what happens in
/// process_events.cpp.
class ProcessExecutor::Impl final : public KeeperLink::Owner, public std::enable_shared_from_this<Impl> {
public:
    Impl(net::Loop& loop, Spool& spool, ExecSettings settings, Listener& listener);
    Result<> open();
    ExecutorOffer offer() const;

    void use_gpus(const std::vector<Gpu>& gpus) { settings_.gpus = gpus; }
    void start(const Assignment& assignment);
    void recover(const Assignment& assignment);
    void stop(AttemptId id, Duration grace);
    void pause(AttemptId id);
    void resume(AttemptId id);
    void forget(AttemptId id);

    std::optional<StartMessage> start_message(AttemptId id) override;
    void start_sent(AttemptId id) override;
    void keeper_is_new() override;
    void keeper_failed(AttemptId id, const std::string& why) override;

private:
    using Stage = ProcessAttempt::Stage;
    using Wish = ProcessAttempt::Wish;

    // commands
    ProcessAttempt* find(AttemptId id);
    ProcessAttempt& add(const Assignment& assignment);
    StartRequest request_of(ProcessAttempt& attempt);
    void wish(AttemptId id, Wish wish);
    void signal_stop(ProcessAttempt& attempt);
    ProcessControl control(ProcessAttempt& attempt) const;
    std::string mark_of(AttemptId id) const;
    void later(std::move_only_function<void(Impl&)> job);

    // events
    void on_fact(AttemptId id, const Fact& fact);
    void on_forked(ProcessAttempt& attempt);
    void on_started(ProcessAttempt& attempt);
    void on_finished(ProcessAttempt& attempt);
    Outcome verdict(const ProcessAttempt& attempt) const;
    void empty_then_conclude(ProcessAttempt& attempt);
    void conclude(ProcessAttempt& attempt, Outcome outcome);
    void on_tick();
    bool look_after(ProcessAttempt& attempt, Mono now);
    void check_stop(ProcessAttempt& attempt, Mono now);
    void check_wish(ProcessAttempt& attempt, Mono now);
    void grant_wish(ProcessAttempt& attempt);
    void check_watchers();
    void check_watcher(ProcessAttempt& attempt);
    bool has_watcher(AttemptId id) const;
    void on_orphan(ProcessAttempt& attempt);
    void remove_groups();
    void set_pace();

    net::Loop& loop_;
    Spool& spool_;
    ExecSettings settings_;
    Listener& listener_;
    std::optional<TaskUser> user_;
    std::string problem_; ///< why no task can be run; empty: none
    CgroupTree cgroups_;
    std::string boot_id_;
    std::unordered_map<AttemptId, ProcessAttempt> attempts_;
    std::set<AttemptId> busy_; ///< to be looked after at every tick
    struct Leaving {
        AttemptGroup group;
        int tries = 0;
    };
    std::vector<Leaving> leaving_; ///< groups in which the kernel still sees somebody
    Mono watchers_checked_{};
    Ticker ticker_;
    std::unique_ptr<FactFollower> follower_;
    std::unique_ptr<KeeperLink> link_;
};

} // namespace hk::exec
