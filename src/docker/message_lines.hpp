#pragma once
#include "base/result.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace hk::docker {

/// A longer message of an engine is refused.
inline constexpr std::size_t max_message_line = 1 << 20;

/// Cuts a stream of JSON texts, one per line, into lines.
class MessageLines {
public:
    Result<> feed(std::string_view bytes) {
        rest_ += bytes;
        if (rest_.size() > max_message_line && rest_.find('\n') == std::string::npos)
            return fail(Errc::too_large, "the container engine sent a message of more than 1 MiB");
        return {};
    }
    /// The next complete line; the last one needs no line break once the stream has ended.
    std::optional<std::string> next(bool ended) {
        for (;;) {
            auto end = rest_.find('\n');
            if (end == std::string::npos && (!ended || rest_.empty())) return std::nullopt;
            if (end == std::string::npos) end = rest_.size();
            std::string line = rest_.substr(0, end);
            rest_.erase(0, end + 1);
            if (line.find_first_not_of(" \r\t") != std::string::npos) return line;
        }
    }

private:
    std::string rest_;
};

} // namespace hk::docker
