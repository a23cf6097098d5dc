#include "hakurun/output.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

namespace hk::hakurun {
namespace {

/// Bytes taken from a pipe in one call: what a pipe holds.
constexpr std::size_t pipe_size = 65'536;

/// Writes all of it; a reader that has gone away is nobody's failure.
void write_all(int fd, std::string_view text) {
    while (!text.empty()) {
        const auto written = write(fd, text.data(), text.size());
        if (written < 0 && errno == EINTR) continue;
        if (written < 0) return;
        text.remove_prefix(static_cast<std::size_t>(written));
    }
}

Result<Fd> open_file(const std::string& path, int flags) {
    Fd fd(open(path.c_str(), flags | O_CLOEXEC, 0666));
    if (!fd) return fail(system_error("cannot open " + path, errno));
    return fd;
}

} // namespace

Result<Output> Output::inherited() {
    Output output;
    HK_TRY(output.input_, open_file("/dev/null", O_RDONLY));
    return output;
}

Result<Output> Output::file(const std::string& path) {
    HK_TRY(auto output, inherited());
    HK_TRY(output.output_, open_file(path, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND));
    output.error_ = Fd(fcntl(output.output_.get(), F_DUPFD_CLOEXEC, 0));
    if (!output.error_) return fail(system_error("cannot open " + path + " twice", errno));
    return output;
}

Result<Output> Output::labelled(const std::string& label) {
    HK_TRY(auto output, inherited());
    Fd* const child_ends[] = {&output.output_, &output.error_};
    for (std::size_t i = 0; i < 2; ++i) {
        int ends[2];
        if (pipe2(ends, O_CLOEXEC) != 0) return fail(system_error("cannot make a pipe", errno));
        output.pipes_[i] = {Fd(ends[0]), static_cast<int>(i) + 1, LineLabel(label)};
        *child_ends[i] = Fd(ends[1]);
        fcntl(ends[0], F_SETFL, O_NONBLOCK);
    }
    return output;
}

Streams Output::streams() const {
    return {input_.get(), output_ ? output_.get() : STDOUT_FILENO, error_ ? error_.get() : STDERR_FILENO};
}

void Output::started() {
    input_ = Fd();
    output_ = Fd();
    error_ = Fd();
}

void Output::drain() {
    for (auto& pipe : pipes_) drain(pipe);
}

void Output::drain(Pipe& pipe) {
    if (!pipe.read_end) return;
    std::array<char, pipe_size> buffer;
    const auto got = read(pipe.read_end.get(), buffer.data(), buffer.size());
    if (got > 0) write_all(pipe.to, pipe.label.feed({buffer.data(), static_cast<std::size_t>(got)}));
    if (got == 0) pipe.read_end = Fd();
}

void Output::finish() {
    // A pipe holds no more than this after its writer's end; what a survivor writes later is not waited for.
    for (int round = 0; round < 2; ++round) drain();
    for (auto& pipe : pipes_) write_all(pipe.to, pipe.label.finish());
}

} // namespace hk::hakurun
