#include "base/file.hpp"

#include <cerrno>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace hk {

Fd::~Fd() {
    if (fd_ >= 0) ::close(fd_);
}

Result<std::string> read_file(const std::filesystem::path& path, std::size_t limit) {
    const Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (!fd) {
        const int error = errno;
        if (error == ENOENT) return fail(Errc::not_found, path.string() + " does not exist");
        return fail(system_error("cannot open " + path.string(), error));
    }
    std::string text;
    char buffer[16384];
    for (;;) {
        const ssize_t got = ::read(fd.get(), buffer, sizeof buffer);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return fail(system_error("cannot read " + path.string(), errno));
        if (got == 0) return text;
        text.append(buffer, static_cast<std::size_t>(got));
        if (text.size() > limit)
            return fail(Errc::too_large, path.string() + " is larger than " + std::to_string(limit) + " bytes");
    }
}

namespace {

Result<> write_all(int fd, std::string_view text, const std::string& name) {
    while (!text.empty()) {
        const ssize_t done = ::write(fd, text.data(), text.size());
        if (done < 0 && errno == EINTR) continue;
        if (done < 0) return fail(system_error("cannot write " + name, errno));
        text.remove_prefix(static_cast<std::size_t>(done));
    }
    if (::fsync(fd) != 0) return fail(system_error("cannot write " + name, errno));
    return {};
}

} // namespace

Result<> write_file_atomically(const std::filesystem::path& path, std::string_view text, unsigned mode) {
    const std::string temporary = path.string() + ".tmp" + std::to_string(::getpid());
    {
        const Fd fd(::open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, mode));
        if (!fd) return fail(system_error("cannot create " + temporary, errno));
        if (auto written = write_all(fd.get(), text, temporary); !written) {
            ::unlink(temporary.c_str());
            return written;
        }
    }
    if (::rename(temporary.c_str(), path.c_str()) != 0) {
        const int error = errno;
        ::unlink(temporary.c_str());
        return fail(system_error("cannot replace " + path.string(), error));
    }
    const Fd folder(
        ::open(path.has_parent_path() ? path.parent_path().c_str() : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (folder) ::fsync(folder.get());
    return {};
}

} // namespace hk
