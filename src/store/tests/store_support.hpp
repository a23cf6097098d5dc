#pragma once
#include "store/reader.hpp"
#include "store/writer.hpp"

#include <doctest/doctest.h>

#include <cstdlib>
#include <filesystem>
#include <future>
#include <string>
#include <vector>

/// What the tests of the store share: folders of their own, records, and a commit that waits.
namespace hk::store::test {

class TempFolder {
public:
    explicit TempFolder(const std::filesystem::path& parent = std::filesystem::temp_directory_path()) {
        std::string name = (parent / "hk_store_XXXXXX").string();
        REQUIRE(::mkdtemp(name.data()) != nullptr);
        path_ = name;
    }
    TempFolder(const TempFolder&) = delete;
    TempFolder& operator=(const TempFolder&) = delete;
    ~TempFolder() {
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }
    const std::filesystem::path& path() const { return path_; }
    std::filesystem::path file() const { return path_ / "cluster.db"; }

private:
    std::filesystem::path path_;
};

/// Where syncs cost nothing: for tests of many small databases that are not about the disk.
inline std::filesystem::path quick_parent() {
    return std::filesystem::exists("/dev/shm") ? std::filesystem::path("/dev/shm")
                                               : std::filesystem::temp_directory_path();
}

template <class T>
T value(Result<T> result) {
    if (!result) MESSAGE(result.error().message);
    REQUIRE(result.has_value());
    return std::move(*result);
}

/// Commits and waits for the answer.
inline Result<> commit(Writer& writer, std::vector<Write> writes) {
    std::promise<Result<>> answer;
    auto future = answer.get_future();
    writer.commit(std::move(writes), [&answer](Result<> result) { answer.set_value(std::move(result)); });
    return future.get();
}

inline std::shared_ptr<const TaskSpec> spec_of(std::string command, std::string user = "ann",
                                               std::optional<std::string> container = {}) {
    TaskSpec spec;
    spec.command = std::move(command);
    spec.submitted_by = std::move(user);
    spec.container = std::move(container);
    return std::make_shared<const TaskSpec>(std::move(spec));
}

inline BatchRecord batch_of(std::int64_t id, std::int64_t total, std::shared_ptr<const TaskSpec> spec) {
    return {.id = BatchId(id), .spec = std::move(spec), .submitted_at = from_micros(1'000'000 + id), .total = total};
}

inline TaskRecord task_of(std::int64_t id, std::int64_t batch, TaskState state = TaskState::pending) {
    TaskRecord task;
    task.id = TaskId(id);
    task.batch = BatchId(batch);
    task.index = static_cast<int>(id - batch);
    task.state = state;
    return task;
}

/// A submission of `total` tasks as the Host would save it.
inline std::vector<Write> submission(std::int64_t first, std::int64_t total, std::shared_ptr<const TaskSpec> spec) {
    std::vector<Write> writes;
    writes.emplace_back(SaveBatch{batch_of(first, total, std::move(spec))});
    for (std::int64_t id = first; id < first + total; ++id) writes.emplace_back(SaveTask{task_of(id, first)});
    return writes;
}

inline bool same(const TaskRecord& a, const TaskRecord& b) {
    const bool same_spec = (a.spec == nullptr) == (b.spec == nullptr) && (a.spec == nullptr || *a.spec == *b.spec);
    return same_spec && a.id == b.id && a.batch == b.batch && a.target == b.target && a.state == b.state &&
           a.attempt == b.attempt && a.kill_requested == b.kill_requested && a.submitted_at == b.submitted_at &&
           a.placement == b.placement && a.started_at == b.started_at && a.completed_at == b.completed_at &&
           a.outcome == b.outcome && a.environment_version == b.environment_version && a.warnings == b.warnings &&
           a.index == b.index;
}

} // namespace hk::store::test
