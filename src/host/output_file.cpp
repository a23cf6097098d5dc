#include "host/output_file.hpp"

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace hk::host {
namespace {

constexpr std::int64_t most_tail_bytes = 16 << 20;

} // namespace

Result<Fd> open_output(const std::filesystem::path& path) {
    Fd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
    if (file) return file;
    if (errno == ENOENT) return Fd{};
    return fail(system_error("the output file cannot be read", errno));
}

Result<std::int64_t> size_of(const Fd& file) {
    struct stat about{};
    if (!file) return 0;
    if (::fstat(file.get(), &about) != 0) return fail(system_error("the output file cannot be read", errno));
    if (!S_ISREG(about.st_mode)) return fail(Errc::conflict, "the output is not a regular file any more");
    return about.st_size;
}

Result<std::string> read_at(const Fd& file, std::int64_t offset, std::size_t most) {
    std::string text(most, '\0');
    const ssize_t got = file ? ::pread(file.get(), text.data(), most, offset) : 0;
    if (got < 0) return fail(system_error("the output file cannot be read", errno));
    text.resize(static_cast<std::size_t>(got));
    return text;
}

Result<std::int64_t> tail_start(const Fd& file, std::int64_t size, std::int64_t lines) {
    constexpr std::int64_t step = 64 * 1024;
    std::int64_t at = size;
    std::int64_t seen = 0;
    while (at > 0 && size - at < most_tail_bytes) {
        const std::int64_t from = std::max<std::int64_t>(0, at - step);
        HK_TRY(const std::string part, read_at(file, from, static_cast<std::size_t>(at - from)));
        for (auto i = static_cast<std::int64_t>(part.size()); i > 0; --i) {
            const bool last_byte = from + i == size; // the line break that ends the last line begins no other
            if (part[static_cast<std::size_t>(i - 1)] == '\n' && !last_byte && ++seen == lines) return from + i;
        }
        at = from;
    }
    return at;
}

} // namespace hk::host
