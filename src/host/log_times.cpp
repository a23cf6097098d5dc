#include "host/log_times.hpp"

#include "host/output_file.hpp"

#include <algorithm>
#include <cerrno>
#include <sys/stat.h>

namespace hk::host {
namespace {

/// A task that writes all the time makes so much in some months.
constexpr std::size_t most_read = 8 << 20;

Result<std::string> marks_of(const std::filesystem::path& path) {
    HK_TRY(const Fd file, open_output(path));
    HK_TRY(const std::int64_t size, size_of(file));
    const auto from = std::max<std::int64_t>(0, size - static_cast<std::int64_t>(most_read));
    HK_TRY(const std::string text, read_at(file, from, static_cast<std::size_t>(size - from)));
    return from == 0 ? text : text.substr(std::min(text.find('\n'), text.size()));
}

/// How large the output is now, and when it was last written to.
Result<proto::LogMark> now_of(const std::filesystem::path& path) {
    HK_TRY(const Fd file, open_output(path));
    HK_TRY(const std::int64_t size, size_of(file));
    struct stat about{};
    if (size == 0) return proto::LogMark{};
    if (::fstat(file.get(), &about) != 0) return fail(system_error("the output file cannot be read", errno));
    const auto since_1970 =
        std::chrono::seconds{about.st_mtim.tv_sec} + std::chrono::nanoseconds{about.st_mtim.tv_nsec};
    return proto::LogMark{size, Time{std::chrono::floor<Duration>(since_1970)}};
}

} // namespace

Result<std::vector<proto::LogMark>> read_log_times(const LogTimesQuery& query) {
    HK_TRY(proto::LogMark last, now_of(query.output));
    HK_TRY(const std::string text, marks_of(query.marks));
    std::vector<proto::LogMark> marks = proto::parse_marks(text);
    while (!marks.empty() && marks.back().size > last.size) marks.pop_back(); // of an output that was begun anew
    if (query.completed) last.at = std::min(last.at, *query.completed);
    if (!marks.empty()) last.at = std::max(last.at, marks.back().at);
    if (last.size > (marks.empty() ? 0 : marks.back().size)) marks.push_back(last);

    const auto first = std::ranges::upper_bound(marks, query.from, {}, &proto::LogMark::size);
    auto end = std::ranges::lower_bound(marks, query.to, {}, &proto::LogMark::size);
    if (end != marks.end()) ++end; // it covers the last bytes
    if (end <= first) return std::vector<proto::LogMark>{};
    return std::vector(first, std::min(end, first + std::min<std::ptrdiff_t>(most_marks, marks.end() - first)));
}

} // namespace hk::host
