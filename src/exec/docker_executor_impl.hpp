#pragma once
#include "exec/container_plan.hpp"
#include "exec/docker_executor.hpp"
#include "exec/fact_file.hpp"
#include "exec/outcome.hpp"

#include <unordered_map>

namespace hk::exec {

/// One attempt in the executor's care.
struct ContainerAttempt {
    enum class Stage {
        preparing, ///< its environment, its files; there is no container yet
        starting,  ///< the container is being made and started
        running,   ///< the engine has it; from here on `guard` waits for its end
        ended,     ///< the listener knows
    };
    Assignment assignment;
    std::string container;
    Stage stage = Stage::preparing;
    KnownFacts facts;
    std::vector<Mount> mounts;         ///< as the node has them, from `starting` on
    std::vector<std::string> warnings; ///< of the engine
    bool started_told = false;
    bool paused = false;
    bool stop_asked = false;
    bool stop_recorded = false;
    bool checking_end = false;       ///< somebody finds out why it ended
    bool engine_lost = false;        ///< the engine went away while it ran and has not come back
    std::optional<Time> engine_back; ///< when it came back last and said that the container still ran
    std::string progress;

    void note_engine_is_back(Time now) {
        engine_lost = false;
        engine_back = now;
    }
};

/// The executor behind its public face: commands in docker_executor.cpp, the way up in
/// docker_launch.cpp, what happens then in docker_watch.cpp.
class DockerExecutor::Impl final : public std::enable_shared_from_this<Impl> {
public:
    Impl(net::Loop& loop, Spool& spool, ExecSettings settings, Listener& listener, DockerParts parts);
    Result<> open();
    ExecutorOffer offer() const;

    void use_gpus(const std::vector<Gpu>& gpus) { settings_.gpus = gpus; }
    void start(const Assignment& assignment);
    void recover(const Assignment& assignment);
    void stop(AttemptId id, Duration grace);
    void wish(AttemptId id, bool pause);
    void forget(AttemptId id);
    Result<ShellPlace> shell_in(AttemptId id) const;

private:
    using Stage = ContainerAttempt::Stage;

    // commands
    ContainerAttempt* find(AttemptId id);
    const ContainerAttempt* find(AttemptId id) const;
    /// The attempt while it has not ended: what every coroutine asks for anew after each wait.
    ContainerAttempt* alive(AttemptId id);
    ContainerAttempt& add(const Assignment& assignment);
    void record_stop(ContainerAttempt& attempt, Duration grace);
    void later(std::move_only_function<void(Impl&)> job);
    net::Task<void> end_container(AttemptId id, Duration grace);
    net::Task<void> pause_container(AttemptId id, bool pause);
    net::Task<void> remove_container(std::string name);

    // the way up
    net::Task<void> launch(AttemptId id);
    net::Task<Result<>> bring_up(AttemptId id);
    net::Task<Result<std::string>> prepare(AttemptId id);
    net::Task<Result<bool>> runs_as_others(std::string image);
    net::Task<Result<>> make_container(AttemptId id, std::string image);
    net::Task<Result<>> start_container(AttemptId id);
    Result<> check_policy(const TaskSpec& spec) const;
    ContainerInputs inputs_of(const ContainerAttempt& attempt, std::string image) const;
    bool ask_for_gpus_otherwise(const Error& error);
    net::Task<void> resume_charge(AttemptId id);
    net::Task<bool> has_started(AttemptId id);
    void say(AttemptId id, const std::string& text);

    // what happens then
    net::Task<void> guard(AttemptId id);
    net::Task<bool> wait_for_engine(AttemptId id);
    net::Task<void> find_out_why(AttemptId id);
    net::Task<void> look_for_engine();
    net::Task<void> sweep();
    void on_fact(AttemptId id, const Fact& fact);
    void on_started(ContainerAttempt& attempt);
    void on_finished(ContainerAttempt& attempt);
    bool looks_like_engine_stop(const ContainerAttempt& attempt) const;
    static bool ended_with_engine(const ContainerAttempt& attempt);
    Outcome verdict(ContainerAttempt& attempt, const docker::ContainerInfo* info);
    MemoryUse memory_of(const ContainerAttempt& attempt, const docker::ContainerInfo* info) const;
    void conclude(ContainerAttempt& attempt, Outcome outcome);

    net::Loop& loop_;
    Spool& spool_;
    ExecSettings settings_;
    Listener& listener_;
    DockerParts parts_;
    std::filesystem::path keeper_;
    std::unordered_map<AttemptId, ContainerAttempt> attempts_;
    std::optional<docker::EngineInfo> engine_; ///< empty while it does not answer
    std::string problem_ = "the container engine has not answered yet";
    GpuRequest gpu_request_ = GpuRequest::driver;       ///< what has worked here, or comes next
    std::unordered_map<std::string, bool> other_users_; ///< by image id: whether its processes are not root
    std::unique_ptr<FactFollower> follower_;
    net::TaskGroup group_; ///< last, so that its tasks end first
};

/// Reads the line that the keeper of a container left: "memory OOM_KILLS LIMIT PEAK".
MemoryUse read_memory_fact(const std::filesystem::path& record);
/// Reads everything that is on record now.
KnownFacts read_facts(const std::filesystem::path& record);

} // namespace hk::exec
