#include "cli/log_times.hpp"

namespace hk::cli {

Result<> LogTimes::load(HostApi& api, const std::string& target, std::int64_t from) {
    for (;;) {
        HK_TRY(const std::string body, api.get(target + "?from=" + std::to_string(from)));
        HK_TRY(const proto::LogTimes more, proto::parse_log_times(body));
        if (more.marks.empty() || more.marks.back().size <= from) return {};
        marks_.insert(marks_.end(), more.marks.begin(), more.marks.end());
        from = more.marks.back().size;
    }
}

Time LogTimes::at(std::int64_t offset, Time now) {
    while (next_ < marks_.size() && marks_[next_].size <= offset) ++next_;
    return next_ < marks_.size() ? marks_[next_].at : now;
}

} // namespace hk::cli
