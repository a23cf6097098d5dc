#pragma once
#include "exec/cgroup.hpp"
#include "exec/exec_settings.hpp"
#include "exec/executor.hpp"
#include "exec/facts.hpp"
#include "exec/log_files.hpp"
#include "exec/spool.hpp"
#include "exec/ticker.hpp"
#include "net/loop.hpp"

#include <doctest/doctest.h>

#include <cstdlib>
#include <fcntl.h>
#include <fstream>
#include <functional>
#include <sstream>
#include <sys/file.h>
#include <unistd.h>

namespace hk::test {

/// A new directory under /tmp that goes away with its object.
class TempDir {
public:
    TempDir() {
        char name[] = "/tmp/hk-test-XXXXXX";
        path_ = ::mkdtemp(name);
    }
    explicit TempDir(std::filesystem::path adopted)
        : path_(std::move(adopted)) {}
    ~TempDir() {
        std::error_code failed;
        std::filesystem::remove_all(path_, failed);
    }
    TempDir(const TempDir&) = delete;
    TempDir& operator=(const TempDir&) = delete;
    const std::filesystem::path& path() const { return path_; }

private:
    std::filesystem::path path_;
};

inline std::string slurp(const std::filesystem::path& path) {
    std::ifstream file(path, std::ios::binary);
    std::ostringstream text;
    text << file.rdbuf();
    return text.str();
}

/// One node's worth of what an executor needs, on a directory of its own, and everything the executor said.
class ExecutorRig : public exec::Listener {
public:
    using Factory = std::function<std::unique_ptr<exec::Executor>(ExecutorRig&)>;

    ExecutorRig(std::filesystem::path dir, Factory factory)
        : dir_(std::move(dir))
        , factory_(std::move(factory))
        , spool(*exec::Spool::open(dir_ / "state"))
        , clock_(loop, [] {}) {
        settings.node = placement.node = NodeName{"n1"};
        settings.shared_dir = dir_ / "shared";
        settings.local_temp_dir = dir_ / "temp";
        settings.environment = exec::own_environment();
        std::filesystem::create_directories(settings.shared_dir / "shared_data");
        std::filesystem::create_directories(settings.local_temp_dir);
        clock_.run_every(std::chrono::milliseconds(10)); // so that `wait` looks at its condition
    }
    void open() { executor = factory_(*this); }

    Assignment assignment(std::int64_t task, std::vector<std::string> words) const {
        TaskSpec spec = prototype;
        spec.command = words.front();
        spec.arguments.assign(words.begin() + 1, words.end());
        return Assignment{AttemptId{TaskId{task}, 1}, std::make_shared<const TaskSpec>(std::move(spec)), placement, ""};
    }
    /// As the runner does, before it starts anything.
    void record(const Assignment& made) {
        const bool tells = executor->kind() != ExecutorKind::systemd;
        const exec::NewRecord record(made, tells ? std::nullopt : std::optional(ExecutorKind::systemd));
        const auto put = spool.put(std::span(&record, 1));
        REQUIRE_MESSAGE(put, (put ? "" : put.error().message));
    }
    AttemptId start(std::int64_t task, std::vector<std::string> words) {
        const Assignment made = assignment(task, std::move(words));
        record(made);
        executor->start(made);
        return made.attempt;
    }
    AttemptId shell(std::int64_t task, const std::string& script) { return start(task, {"sh", "-c", script}); }

    /// Runs the loop until the condition holds; false after the limit.
    bool wait(const std::function<bool()>& condition, int seconds = 20) {
        const Mono until = BootClock::now() + std::chrono::seconds(seconds);
        loop.run_until([&] { return condition() || BootClock::now() > until; });
        return condition();
    }
    template <class E>
    int count(AttemptId id) const {
        int found = 0;
        for (const auto& event : events)
            if (const auto* of_kind = std::get_if<E>(&event); of_kind != nullptr && of_kind->attempt == id) ++found;
        return found;
    }
    template <class E>
    const E* find(AttemptId id) const {
        for (const auto& event : events)
            if (const auto* of_kind = std::get_if<E>(&event); of_kind != nullptr && of_kind->attempt == id)
                return of_kind;
        return nullptr;
    }
    template <class E>
    const E& await(AttemptId id) {
        REQUIRE_MESSAGE(wait([&] { return find<E>(id) != nullptr; }), describe());
        return *find<E>(id);
    }
    Outcome outcome(AttemptId id) { return await<exec::Ended>(id).outcome; }
    std::string output(AttemptId id) const { return slurp(exec::log_files(settings.shared_dir, id.task).output); }
    std::string errors(AttemptId id) const { return slurp(exec::log_files(settings.shared_dir, id.task).errors); }
    std::string record(AttemptId id) const { return slurp(spool.path_of(id)); }
    std::string describe() const { return "records: " + all_records(); }

    void on_event(const exec::Event& event) override { events.push_back(event); }

    net::Loop loop;

private:
    std::string all_records() const {
        std::string text;
        for (const auto& entry : std::filesystem::directory_iterator(spool.folder()))
            text += slurp(entry.path()) + "--\n";
        return text;
    }
    std::filesystem::path dir_;
    Factory factory_;

public:
    exec::Spool spool;
    exec::ExecSettings settings;
    TaskSpec prototype; ///< what `assignment` starts from
    Placement placement;
    std::vector<exec::Event> events;
    std::unique_ptr<exec::Executor> executor;

private:
    exec::Ticker clock_;
};

} // namespace hk::test
