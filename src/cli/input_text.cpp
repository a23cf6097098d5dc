#include "cli/input_text.hpp"

#include "cli/text.hpp"

#include <algorithm>
#include <utility>

namespace hk::cli {
namespace {

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

std::string InputText::take(std::string_view bytes) {
    held_ += bytes;
    const std::size_t cut = cut_bytes(held_);
    std::string text = valid_utf8(std::string_view(held_).substr(0, held_.size() - cut));
    held_.erase(0, held_.size() - cut);
    return text;
}

std::string InputText::rest() { return valid_utf8(std::exchange(held_, {})); }

} // namespace hk::cli
