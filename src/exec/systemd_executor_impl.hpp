#pragma once
#include "exec/fact_file.hpp"
#include "exec/outcome.hpp"
#include "exec/start_message.hpp"
#include "exec/systemd_executor.hpp"
#include "exec/systemd_manager.hpp"
#include "exec/ticker.hpp"
#include "exec/unit_control.hpp"
#include "exec/unit_plan.hpp"

#include <deque>
#include <set>
#include <unordered_map>

namespace hk::exec {

/// One attempt in the executor's care.
struct UnitAttempt {
    enum class Stage {
        waiting,  ///< to be given to systemd
        sent,     ///< systemd has it, or had it in an earlier life of the runner
        running,  ///< `forked` is on record
        emptying, ///< its watcher was killed; systemd ends what is left
        ended,    ///< the listener knows
    };
    enum class Wish { none, pause, resume };

    Assignment assignment;
    Stage stage = Stage::waiting;
    std::uint64_t record_size = 0;
    KnownFacts facts;
    UnitFolders folders;
    Mono sent_at{};
    int name_taken = 0;  ///< how often a unit that stood in the way was reset
    bool asking = false; ///< systemd was asked what became of the unit
    bool started_told = false;
    bool recovered = false;
    std::optional<Mono> kill_at; ///< a stop was asked for; set before there is a process as well
    bool stop_signalled = false;
    bool paused = false;
    Wish wish = Wish::none;
    Mono wish_until{};
    bool wish_sent = false; ///< to systemd, which does it alone
};

/// The executor behind its public face: commands in systemd_executor.cpp, what happens in
/// systemd_events.cpp.
class SystemdExecutor::Impl final : public std::enable_shared_from_this<Impl> {
public:
    /// So many starts are on their way to systemd at one time; the others wait here, where they can
    /// be taken back.
    static constexpr std::size_t most_in_flight = 64;
    static constexpr int most_name_taken = 3;

    Impl(net::Loop& loop, Spool& spool, ExecSettings settings, Listener& listener);
    Result<> open();
    ExecutorOffer offer() const;

    void use_gpus(const std::vector<Gpu>& gpus) { settings_.gpus = gpus; }
    void start(const Assignment& assignment);
    void recover(const Assignment& assignment);
    void stop(AttemptId id, Duration grace);
    void pause(AttemptId id) { wish(id, Wish::pause); }
    void resume(AttemptId id) { wish(id, Wish::resume); }
    void forget(AttemptId id);

private:
    using Stage = UnitAttempt::Stage;
    using Wish = UnitAttempt::Wish;

    // commands
    Result<> choose_user();
    void connect();
    UnitAttempt* find(AttemptId id);
    UnitAttempt& add(const Assignment& assignment);
    void pump();
    void send(UnitAttempt& attempt);
    Result<> write_message(const UnitAttempt& attempt);
    std::filesystem::path message_path(AttemptId id) const;
    std::vector<UnitProperty> properties_of(const UnitAttempt& attempt) const;
    void on_sent(AttemptId id, const Result<>& result);
    void on_not_sent(UnitAttempt& attempt, const Error& error);
    void on_name_taken(UnitAttempt& attempt);
    void conclude_stopped_early(AttemptId id);
    void signal_stop(UnitAttempt& attempt);
    void wish(AttemptId id, Wish wish);
    void later(std::move_only_function<void(Impl&)> job);

    // events
    void on_job_done(const std::string& unit, const std::string& result);
    void on_connected();
    void on_fact(AttemptId id, const Fact& fact);
    void on_forked(UnitAttempt& attempt);
    void on_started(UnitAttempt& attempt);
    void on_earlier_stop(UnitAttempt& attempt);
    void conclude(UnitAttempt& attempt, Outcome outcome);
    void on_tick();
    bool look_after(UnitAttempt& attempt, Mono now);
    void check_wish(UnitAttempt& attempt, Mono now);
    void grant_wish(UnitAttempt& attempt);
    bool pause_now(const UnitAttempt& attempt, bool pause);
    void kill_now(UnitAttempt& attempt);
    void check_watchers();
    void check_watcher(UnitAttempt& attempt);
    bool has_watcher(AttemptId id) const;
    void ask_systemd(UnitAttempt& attempt);
    void on_orphan(UnitAttempt& attempt, const Result<UnitState>& state);
    Outcome outcome_of_orphan(const UnitAttempt& attempt, const Result<UnitState>& state) const;
    void set_pace();

    net::Loop& loop_;
    Spool& spool_;
    ExecSettings settings_;
    Listener& listener_;
    std::filesystem::path keeper_;
    std::optional<TaskUser> user_;
    std::string problem_; ///< why no task can be run; empty: none
    std::vector<std::string> warnings_;
    std::string boot_id_;
    int machine_cores_ = 0;
    std::unordered_map<AttemptId, UnitAttempt> attempts_;
    std::deque<AttemptId> waiting_;
    std::size_t in_flight_ = 0;
    std::set<AttemptId> busy_; ///< to be looked after at every tick
    Mono watchers_checked_{};
    Ticker ticker_;
    std::unique_ptr<FactFollower> follower_;
    std::unique_ptr<SystemdManager> manager_;
};

} // namespace hk::exec
