#include "json/mapper.hpp"

namespace hk::json {

std::string pointer_step(std::string_view key) {
    std::string step;
    for (const char c : key.substr(0, 100)) {
        if (c == '~') step += "~0";
        else if (c == '/') step += "~1";
        else step += c;
    }
    return step;
}

Error field_errors(Errors errors) {
    constexpr std::size_t most_reported = 50;
    std::string message = errors.front().path.empty() ? "the document" : errors.front().path;
    message += ": " + errors.front().message;
    if (errors.size() > 1) message += " (and " + std::to_string(errors.size() - 1) + " more)";
    if (errors.size() > most_reported) errors.resize(most_reported);
    return Error{Errc::invalid, std::move(message), std::move(errors)};
}

} // namespace hk::json
