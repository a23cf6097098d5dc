#include "probe/text.hpp"

#include "base/file.hpp"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <fcntl.h>
#include <limits>
#include <unistd.h>

namespace hk::probe {
namespace {

constexpr std::size_t most_pieces = 100'000;
constexpr int most_cpus = 65'536;
constexpr std::size_t most_entries = 4'096;
constexpr std::string_view blanks = " \t\r\n\v\f";

std::vector<std::string_view> split(std::string_view text, std::string_view separators) {
    std::vector<std::string_view> pieces;
    while (pieces.size() < most_pieces) {
        const auto begin = text.find_first_not_of(separators);
        if (begin == text.npos) break;
        const auto end = std::min(text.find_first_of(separators, begin), text.size());
        pieces.push_back(text.substr(begin, end - begin));
        text.remove_prefix(end);
    }
    return pieces;
}

std::optional<int> cpu_number(std::string_view text) {
    const auto number = parse_number(text);
    if (!number || *number < 0 || *number >= most_cpus) return std::nullopt;
    return static_cast<int>(*number);
}

/// The length of the UTF-8 sequence at the front, 0 when there is none.
std::size_t sequence_length(std::string_view text) {
    const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
    const unsigned char first = byte(0);
    const std::size_t length = first < 0x80                    ? 1
                               : first >= 0xC2 && first < 0xE0 ? 2
                               : first >= 0xE0 && first < 0xF0 ? 3
                               : first >= 0xF0 && first < 0xF5 ? 4
                                                               : 0;
    if (length == 0 || length > text.size()) return 0;
    for (std::size_t i = 1; i < length; ++i)
        if ((byte(i) & 0xC0) != 0x80) return 0;
    const bool overlong = (first == 0xE0 && byte(1) < 0xA0) || (first == 0xF0 && byte(1) < 0x90);
    const bool outside = (first == 0xED && byte(1) >= 0xA0) || (first == 0xF4 && byte(1) >= 0x90);
    return overlong || outside ? 0 : length;
}

} // namespace

std::optional<std::string> read_text(const std::filesystem::path& path, std::size_t limit) {
    const Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
    if (!fd) return std::nullopt;
    std::string text;
    char buffer[4096];
    while (text.size() < limit) {
        const ssize_t got = ::read(fd.get(), buffer, std::min(sizeof buffer, limit - text.size()));
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return std::nullopt;
        if (got == 0) break;
        text.append(buffer, static_cast<std::size_t>(got));
    }
    return text;
}

std::optional<std::int64_t> read_number(const std::filesystem::path& path) {
    const auto text = read_text(path, 64);
    return text ? parse_number(*text) : std::nullopt;
}

std::string read_line(const std::filesystem::path& path) {
    const auto text = read_text(path, 4096);
    if (!text) return {};
    return clean_text(trim(std::string_view(*text).substr(0, text->find('\n'))), 1024);
}

std::string_view trim(std::string_view text) {
    const auto begin = text.find_first_not_of(blanks);
    if (begin == text.npos) return {};
    return text.substr(begin, text.find_last_not_of(blanks) - begin + 1);
}

std::optional<std::int64_t> parse_number(std::string_view text) {
    text = trim(text);
    std::int64_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
    return number;
}

std::vector<std::string_view> split_lines(std::string_view text) { return split(text, "\n"); }
std::vector<std::string_view> split_words(std::string_view text) { return split(text, blanks); }

std::optional<std::string_view> value_of(std::string_view text, std::string_view key) {
    for (const auto line : split_lines(text))
        if (line.starts_with(key)) return trim(line.substr(key.size()));
    return std::nullopt;
}

std::vector<int> parse_cpu_list(std::string_view text) {
    std::vector<int> cpus;
    for (const auto part : split(trim(text), ",")) {
        const auto dash = part.find('-');
        const auto first = cpu_number(part.substr(0, dash));
        const auto last = dash == part.npos ? first : cpu_number(part.substr(dash + 1));
        if (!first || !last || cpus.size() > most_cpus) continue;
        for (int cpu = *first; cpu <= *last; ++cpu) cpus.push_back(cpu);
    }
    std::ranges::sort(cpus);
    cpus.erase(std::ranges::unique(cpus).begin(), cpus.end());
    return cpus;
}

std::vector<std::pair<int, std::filesystem::path>> numbered_entries(const std::filesystem::path& folder,
                                                                    std::string_view prefix) {
    std::vector<std::pair<int, std::filesystem::path>> found;
    std::error_code error;
    std::filesystem::directory_iterator entry(folder, error);
    for (; !error && entry != std::filesystem::directory_iterator(); entry.increment(error)) {
        const std::string name = entry->path().filename().string();
        if (!name.starts_with(prefix) || found.size() == most_entries) continue;
        const std::string_view digits = std::string_view(name).substr(prefix.size());
        if (digits.find_first_not_of("0123456789") != digits.npos) continue;
        const auto number = parse_number(digits);
        if (number && *number <= std::numeric_limits<int>::max())
            found.emplace_back(static_cast<int>(*number), entry->path());
    }
    std::ranges::sort(found);
    return found;
}

std::string clean_text(std::string_view text, std::size_t limit) {
    std::string clean;
    while (!text.empty()) {
        const std::size_t length = sequence_length(text);
        const unsigned char first = static_cast<unsigned char>(text.front());
        const bool control = first < 0x20 || first == 0x7F;
        const std::string_view shown = length == 0 ? "?" : control ? " " : text.substr(0, length);
        if (clean.size() + shown.size() > limit) break;
        clean += shown;
        text.remove_prefix(std::max<std::size_t>(length, 1));
    }
    return clean;
}

} // namespace hk::probe
