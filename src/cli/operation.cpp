#include "cli/operation.hpp"

#include <filesystem>

namespace hk::cli {
namespace {

constexpr std::size_t longest_line = 1 << 20;
constexpr Duration longest_silence = std::chrono::minutes(10); ///< an engine may pull or save for long without a word

/// Cuts the answer into lines and shows each.
class Steps {
public:
    explicit Steps(Session& session)
        : session_(session) {}
    bool take(std::string_view piece);
    Result<> end(Result<> call);

private:
    void show(const proto::OperationProgress& step);
    void take_line(std::string_view line);

    Session& session_;
    std::string rest_;
    std::string said_;
    std::optional<proto::OperationProgress> last_;
};

void Steps::show(const proto::OperationProgress& step) {
    std::string text = step.operation + " " + step.environment + ": " + step.message;
    const std::string before_sizes = text;
    if (step.done_bytes) text += " " + format_size(*step.done_bytes);
    if (step.done_bytes && step.total_bytes) text += " of " + format_size(*step.total_bytes);
    text = harmless(text, session_.err().unicode);
    if (session_.err().is_tty && !step.finished) {
        session_.progress(text);
        return;
    }
    if (before_sizes == said_ || !step.error.empty()) return; // sizes alone are no news for a log
    said_ = before_sizes;
    session_.say(text);
}

void Steps::take_line(std::string_view line) {
    if (line.empty()) return;
    if (session_.json()) session_.print(std::string(line) + "\n");
    auto step = proto::parse_operation_progress(line);
    if (!step) return; // a newer Host may say other things
    if (!session_.json()) show(*step);
    last_ = std::move(*step);
}

bool Steps::take(std::string_view piece) {
    rest_ += piece;
    for (auto end = rest_.find('\n'); end != rest_.npos; end = rest_.find('\n')) {
        take_line(std::string_view(rest_).substr(0, end));
        rest_.erase(0, end + 1);
    }
    return rest_.size() <= longest_line;
}

Result<> Steps::end(Result<> call) {
    session_.progress({});
    HK_CHECK(call);
    take_line(rest_);
    if (!last_ || !last_->finished)
        return fail(Errc::unavailable, "the Host's answer ended before the operation did; it may still be going on");
    if (!last_->error.empty()) return fail(Errc::io, last_->error);
    return {};
}

} // namespace

Result<> follow_operation(Session& session, net::Request request) {
    HK_TRY(HostApi* const api, session.host());
    Steps steps(session);
    return steps.end(
        api->stream(std::move(request), longest_silence, [&](std::string_view piece) { return steps.take(piece); }));
}

Result<> upload_operation(Session& session, net::Request request, const std::string& file) {
    HK_TRY(HostApi* const api, session.host());
    std::error_code ignored;
    const auto total = Bytes{static_cast<std::int64_t>(std::filesystem::file_size(file, ignored))};
    Steps steps(session);
    const auto sent = [&](std::int64_t bytes) {
        session.progress("sending " + format_size(Bytes{bytes}) + " of " + format_size(total));
    };
    return steps.end(
        api->upload(std::move(request), file, [&](std::string_view piece) { return steps.take(piece); }, sent));
}

} // namespace hk::cli
