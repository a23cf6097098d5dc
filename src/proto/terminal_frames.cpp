#include "proto/terminal_frames.hpp"

#include "json/json.hpp"

#include <algorithm>

namespace hk::proto {
namespace {

constexpr std::int64_t largest_size = 9'999; ///< rows or columns; a larger one is a mistake

std::string text_of(const json::Object& object, std::string_view key) {
    const auto* value = object.if_contains(key);
    const auto* text = value == nullptr ? nullptr : value->if_string();
    return text == nullptr ? std::string() : std::string(text->data(), text->size());
}

std::optional<int> number_of(const json::Object& object, std::string_view key) {
    const auto* value = object.if_contains(key);
    if (value == nullptr || !value->is_int64()) return std::nullopt;
    return static_cast<int>(std::clamp<std::int64_t>(value->get_int64(), -1, largest_size + 1));
}

std::optional<PersonFrame> size_of(const json::Object& object) {
    const auto rows = number_of(object, "rows");
    const auto columns = number_of(object, "cols");
    const auto sane = [](std::optional<int> value) { return value && *value > 0 && *value <= largest_size; };
    if (!sane(rows) || !sane(columns)) return std::nullopt;
    return TerminalSize{*rows, *columns};
}

/// A code that is not there or that no program can end with must not read as success.
ShellFrame exit_of(const json::Object& object) {
    const auto code = number_of(object, "code");
    if (!code) return TerminalError{"the shell has ended, and nobody knows its exit code"};
    return TerminalExit{*code >= 0 && *code <= 255 ? *code : 255};
}

} // namespace

std::optional<PersonFrame> parse_person_frame(std::string_view text) {
    const auto value = json::parse(text);
    if (!value || !value->is_object()) return std::nullopt;
    const json::Object& object = value->get_object();
    const std::string type = text_of(object, "type");
    if (type == "input") return TerminalInput{text_of(object, "data")};
    if (type == "resize") return size_of(object);
    if (type == "start") return TerminalStart{};
    return std::nullopt;
}

std::optional<ShellFrame> parse_shell_frame(std::string_view text) {
    const auto value = json::parse(text);
    if (!value || !value->is_object()) return std::nullopt;
    const json::Object& object = value->get_object();
    const std::string type = text_of(object, "type");
    if (type == "output") return TerminalOutput{text_of(object, "data")};
    if (type == "error") return TerminalError{text_of(object, "data")};
    if (type == "exit") return exit_of(object);
    if (type == "ready") return TerminalReady{};
    return std::nullopt;
}

std::string to_json(const TerminalInput& input) {
    return json::serialize(json::Object{{"type", "input"}, {"data", input.data}});
}
std::string to_json(const TerminalSize& size) {
    return json::serialize(json::Object{{"type", "resize"}, {"rows", size.rows}, {"cols", size.columns}});
}
std::string to_json(const TerminalStart&) { return R"({"type":"start"})"; }
std::string to_json(const TerminalExit& exit) {
    return json::serialize(json::Object{{"type", "exit"}, {"code", exit.code}});
}
std::string to_json(const TerminalError& error) {
    return json::serialize(json::Object{{"type", "error"}, {"data", error.message}});
}
std::string to_json(const TerminalReady&) { return R"({"type":"ready"})"; }

} // namespace hk::proto
