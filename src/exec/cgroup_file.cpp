#include "exec/cgroup_file.hpp"

#include "base/file.hpp"

#include <cerrno>
#include <charconv>
#include <fcntl.h>
#include <unistd.h>

namespace hk::exec {

bool write_group_file(const std::filesystem::path& file, std::string_view text) {
    const Fd fd(::open(file.c_str(), O_WRONLY | O_CLOEXEC));
    return fd && ::write(fd.get(), text.data(), text.size()) == static_cast<ssize_t>(text.size());
}

std::string read_group_file(const std::filesystem::path& file) {
    const Fd fd(::open(file.c_str(), O_RDONLY | O_CLOEXEC));
    if (!fd) return {};
    char text[4096];
    const ssize_t got = ::read(fd.get(), text, sizeof text);
    return got > 0 ? std::string(text, static_cast<std::size_t>(got)) : std::string();
}

std::optional<std::int64_t> group_file_number(const std::filesystem::path& file, std::string_view key) {
    const std::string text = read_group_file(file);
    std::size_t at = 0;
    if (!key.empty()) {
        const std::string wanted = std::string(key) + " ";
        while (text.compare(at, wanted.size(), wanted) != 0) {
            at = text.find('\n', at);
            if (at == text.npos) return std::nullopt;
            ++at;
        }
        at += wanted.size();
    }
    std::int64_t value = 0;
    const auto [end, error] = std::from_chars(text.data() + at, text.data() + text.size(), value);
    if (error == std::errc::result_out_of_range) return no_memory_limit;
    if (error != std::errc{}) return std::nullopt;
    return value;
}

} // namespace hk::exec
