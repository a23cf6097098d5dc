#include "runner/log_marker.hpp"

#include "base/file.hpp"
#include "base/log.hpp"
#include "exec/log_files.hpp"
#include "proto/log_times.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <fcntl.h>
#include <map>
#include <optional>
#include <sys/stat.h>
#include <tuple>
#include <unistd.h>
#include <utility>

namespace hk::runner {
namespace {

constexpr Duration shortest_pause = std::chrono::seconds{1};
constexpr Duration longest_pause = std::chrono::seconds{30};
/// A pause is this part of the time that a task has been watched: 12 s after an hour.
constexpr int pauses_per_age = 300;
/// The last mark is found in so much of the end of a file.
constexpr off_t end_of_marks = 128;

Time written_at(const struct stat& about) {
    return Time{std::chrono::seconds{about.st_mtim.tv_sec} + std::chrono::microseconds{about.st_mtim.tv_nsec / 1000}};
}

/// How large the output was when an earlier life of the runner looked last; 0 when none did.
std::int64_t last_marked(const std::filesystem::path& marks) {
    const Fd file(::open(marks.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
    struct stat about{};
    if (!file || ::fstat(file.get(), &about) != 0 || !S_ISREG(about.st_mode)) return 0;
    std::array<char, end_of_marks> end{};
    const off_t from = std::max<off_t>(0, about.st_size - end_of_marks);
    const ssize_t got = ::pread(file.get(), end.data(), end.size(), from);
    std::string_view text(end.data(), static_cast<std::size_t>(std::max<ssize_t>(0, got)));
    if (from > 0) text = text.substr(std::min(text.find('\n'), text.size())); // the end of a line may look like one
    const auto found = proto::parse_marks(text);
    return found.empty() ? 0 : found.back().size;
}

Result<> append_mark(const std::filesystem::path& marks, const proto::LogMark& mark) {
    const Fd file(::open(marks.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0644));
    if (!file) return fail(system_error(marks.string(), errno));
    const std::string line = proto::format_mark(mark);
    const ssize_t written = ::write(file.get(), line.data(), line.size());
    if (std::cmp_equal(written, line.size())) return {};
    const int why = written < 0 ? errno : ENOSPC;
    struct stat about{};
    // Half a line, left by a full disk, would become the front of the next one: a size that never was.
    if (written > 0 && ::fstat(file.get(), &about) == 0) std::ignore = ::ftruncate(file.get(), about.st_size - written);
    return fail(system_error(marks.string(), why));
}

} // namespace

/// What is known of the outputs, and the looking itself. Belongs to whichever job runs.
class LogMarker::Outputs {
public:
    explicit Outputs(std::filesystem::path shared_dir)
        : shared_dir_(std::move(shared_dir)) {}

    void look(const std::vector<TaskId>& running, Mono now) {
        std::erase_if(tasks_, [&](const auto& known) { return !std::ranges::binary_search(running, known.first); });
        for (const TaskId id : running) {
            Watched& task = tasks_.try_emplace(id, Watched{.since = now, .next_look = now}).first->second;
            if (now < task.next_look) continue;
            task.next_look = now + pause_after(now - task.since);
            const exec::LogFiles files = exec::log_files(shared_dir_, id);
            look_at(files.output, task.out_size);
            look_at(files.errors, task.err_size);
        }
    }

private:
    struct Watched {
        Mono since;
        Mono next_look;
        std::optional<std::int64_t> out_size{}; ///< at the last mark; empty before the first look
        std::optional<std::int64_t> err_size{};
    };

    void look_at(const std::filesystem::path& output, std::optional<std::int64_t>& marked) {
        struct stat about{};
        if (::lstat(output.c_str(), &about) != 0 || !S_ISREG(about.st_mode)) return;
        const auto marks = shared_dir_ / proto::log_times_folder / output.filename();
        if (!marked) marked = last_marked(marks);
        if (about.st_size == *marked) return;
        const auto done = append_mark(marks, {about.st_size, written_at(about)});
        if (done) marked = about.st_size;
        else complain(done.error());
    }

    void complain(const Error& error) {
        if (std::exchange(complained_, true)) return; // once: outputs themselves do not need it
        log::warn("it cannot be noted when outputs of tasks are written", {{"why", error.message}});
    }

    std::filesystem::path shared_dir_;
    std::map<TaskId, Watched> tasks_;
    bool complained_ = false;
};

LogMarker::LogMarker(net::Loop& loop, std::filesystem::path shared_dir)
    : outputs_(std::make_shared<Outputs>(std::move(shared_dir)))
    , pool_(loop, 1, 1) {}

LogMarker::~LogMarker() = default;

Duration LogMarker::pause_after(Duration watched) {
    return std::clamp(watched / pauses_per_age, shortest_pause, longest_pause);
}

net::Task<void> LogMarker::look(std::vector<TaskId> running, Mono now) {
    auto job = [outputs = outputs_, running = std::move(running), now]() -> Result<> {
        outputs->look(running, now);
        return {};
    };
    auto looking = pool_.run(std::move(job));
    (void)co_await std::move(looking);
}

net::Task<void> LogMarker::keep_looking(std::function<std::vector<TaskId>()> running) {
    for (bool before = false;;) {
        co_await net::sleep_for(shortest_pause);
        auto tasks = running();
        const bool any = !tasks.empty();
        if (any || before) co_await look(std::move(tasks), BootClock::now());
        before = any;
    }
}

} // namespace hk::runner
