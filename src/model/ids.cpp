#include "model/ids.hpp"

#include <charconv>
#include <optional>

namespace hk {
namespace {

constexpr std::int64_t largest_id = std::int64_t{1} << 53;

std::optional<std::int64_t> digits(std::string_view text) {
    std::int64_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc{} || end != text.data() + text.size() || text.front() == '-') return std::nullopt;
    if (number < 1 || number > largest_id) return std::nullopt;
    return number;
}

std::string quoted(std::string_view text) {
    std::string out = "\"";
    for (const char c : text.substr(0, 80)) out += static_cast<unsigned char>(c) < 0x20 ? '?' : c;
    return out + (text.size() > 80 ? "...\"" : "\"");
}

bool is_lower_or_digit(char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); }
bool is_punctuation(char c) { return c == '.' || c == '_' || c == '-'; }

} // namespace

std::string to_string(TaskId id) { return std::to_string(id.value); }
std::string to_string(BatchId id) { return std::to_string(id.value); }
std::string to_string(AttemptId id) { return std::to_string(id.task.value) + "." + std::to_string(id.number); }

Result<TaskId> parse_task_id(std::string_view text) {
    if (const auto number = digits(text)) return TaskId{*number};
    return fail(Errc::invalid, quoted(text) + " is not a task id; ids are whole numbers such as 42");
}

Result<AttemptId> parse_attempt_id(std::string_view text) {
    const auto dot = text.find('.');
    if (dot != text.npos) {
        const auto task = digits(text.substr(0, dot));
        const auto number = digits(text.substr(dot + 1));
        if (task && number && *number < 1'000'000) return AttemptId{TaskId{*task}, static_cast<int>(*number)};
    }
    return fail(Errc::invalid, quoted(text) + " is not an attempt id such as 42.1");
}

Result<NodeName> parse_node_name(std::string_view text) {
    bool good = !text.empty() && text.size() <= 63 && text.front() != '.' && text.front() != '-';
    for (const char c : text) good = good && (is_lower_or_digit(c) || is_punctuation(c) || (c >= 'A' && c <= 'Z'));
    if (good) return NodeName{std::string(text)};
    return fail(Errc::invalid, quoted(text) +
                                   " is not a node name; use 1 to 63 letters, digits, \".\", \"_\" or \"-\", "
                                   "starting with a letter or digit");
}

Result<std::string> parse_environment_name(std::string_view text) {
    bool good =
        text.size() >= 2 && text.size() <= 63 && is_lower_or_digit(text.front()) && is_lower_or_digit(text.back());
    bool after_punctuation = false;
    for (const char c : text) {
        good = good && (is_lower_or_digit(c) || (is_punctuation(c) && !after_punctuation));
        after_punctuation = is_punctuation(c);
    }
    if (good) return std::string(text);
    return fail(Errc::invalid, quoted(text) +
                                   " is not an environment name; use 2 to 63 lower-case letters, digits and single "
                                   "\".\", \"_\" or \"-\" between them");
}

Result<EnvironmentChoice> parse_environment_choice(std::string_view text) {
    EnvironmentChoice choice;
    const auto colon = text.find(':');
    HK_TRY(choice.name, parse_environment_name(text.substr(0, colon)));
    if (colon == text.npos) return choice;
    choice.version = text.substr(colon + 1);
    const bool digits = choice.version.find_first_not_of("0123456789") == std::string::npos;
    if (digits && !choice.version.empty() && choice.version.size() <= 19) return choice;
    return fail(Errc::invalid, quoted(choice.version) +
                                   " is not a version of an environment; versions are numbers, as in " + choice.name +
                                   ":1764300000, and hakuriver.docker list-tars shows them");
}

std::string to_string(const EnvironmentChoice& choice) {
    return choice.version.empty() ? choice.name : choice.name + ":" + choice.version;
}

} // namespace hk
