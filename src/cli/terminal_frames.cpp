#include "cli/terminal_frames.hpp"

#include "cli/text.hpp"
#include "json/json.hpp"

#include <algorithm>

namespace hk::cli {
namespace {

std::string text_of(const json::Object& object, std::string_view key) {
    const auto* value = object.if_contains(key);
    const auto* text = value == nullptr ? nullptr : value->if_string();
    return text == nullptr ? std::string() : std::string(text->data(), text->size());
}

/// Bytes at the end that begin a character which is not complete yet.
std::size_t cut_bytes(std::string_view text) {
    for (std::size_t back = 1; back <= std::min<std::size_t>(3, text.size()); ++back) {
        const auto byte = static_cast<unsigned char>(text[text.size() - back]);
        if ((byte & 0xC0U) == 0x80) continue;
        const std::size_t length = byte >= 0xF0 ? 4 : byte >= 0xE0 ? 3 : byte >= 0xC0 ? 2 : 1;
        return length > back ? back : 0;
    }
    return 0;
}

} // namespace

std::optional<TerminalFrame> parse_frame(std::string_view text) {
    const auto value = json::parse(text);
    if (!value || !value->is_object()) return std::nullopt;
    const json::Object& object = value->get_object();
    const std::string type = text_of(object, "type");
    if (type == "output") return TerminalOutput{text_of(object, "data")};
    if (type == "error") return TerminalError{text_of(object, "data")};
    if (type != "exit") return std::nullopt;
    const auto* code = object.if_contains("code");
    const bool known = code != nullptr && code->is_int64();
    return TerminalExit{known ? static_cast<int>(std::clamp<std::int64_t>(code->get_int64(), 0, 255)) : 0};
}

std::string resize_frame(WindowSize size) {
    return json::serialize(json::Object{{"type", "resize"}, {"rows", size.rows}, {"cols", size.columns}});
}

std::string input_frame(std::string_view utf8) {
    return json::serialize(json::Object{{"type", "input"}, {"data", utf8}});
}

std::string InputText::take(std::string_view bytes) {
    held_ += bytes;
    const std::size_t cut = cut_bytes(held_);
    std::string text = valid_utf8(std::string_view(held_).substr(0, held_.size() - cut));
    held_.erase(0, held_.size() - cut);
    return text;
}

} // namespace hk::cli
