// The child process that asks one GPU driver. It answers each byte of its socket (descriptor 0)
// with one frame, and ends when the parent does. Here, and only here, a driver is called.
#include "base/file.hpp"
#include "probe/gpu_amd.hpp"
#include "probe/gpu_link.hpp"
#include "probe/gpu_nvml.hpp"
#include "probe/prober.hpp"

#include <cerrno>
#include <csignal>
#include <cstring>
#include <fcntl.h>
#include <functional>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace hk::probe {
namespace {

constexpr int reader_needs_restart = 4;
constexpr int wrong_call = 2;

bool write_frame(int socket, const GpuFrame& frame) {
    const std::string text = encode_frame(frame);
    std::string_view rest = text;
    while (!rest.empty()) {
        const ssize_t done = ::send(socket, rest.data(), rest.size(), MSG_NOSIGNAL);
        if (done < 0 && errno == EINTR) continue;
        if (done <= 0) return false;
        rest.remove_prefix(static_cast<std::size_t>(done));
    }
    return true;
}

/// Waits for a question; several that came together are one.
bool wait_for_question(int socket) {
    char questions[64];
    ssize_t got = 0;
    do got = ::recv(socket, questions, sizeof questions, 0);
    while (got < 0 && errno == EINTR);
    return got > 0;
}

struct Answer {
    GpuFrame frame;
    std::optional<int> exit_code; ///< set when this is the last answer
};

int answer_questions(int socket, const std::function<Answer()>& answer) {
    while (wait_for_question(socket)) {
        const Answer reply = answer();
        if (!write_frame(socket, reply.frame)) return 0;
        if (reply.exit_code) return *reply.exit_code;
    }
    return 0;
}

int read_nvidia(int socket, const std::string& library, ProcessOwners& owners) {
    const auto api = nvml::load(library);
    if (!api)
        return answer_questions(
            socket, [&] { return Answer{{.gpus = {}, .problem = api.error().message}, reader_found_no_driver}; });
    NvmlGpus gpus(*api);
    return answer_questions(socket, [&] {
        Answer reply{gpus.read(owners), std::nullopt};
        if (gpus.needs_restart()) reply.exit_code = reader_needs_restart;
        return reply;
    });
}

/// Moves the socket away from descriptor 0 and closes what the parent left open; a driver library
/// that prints something prints it into the runner's log.
int settle() {
    const int socket = ::fcntl(0, F_DUPFD_CLOEXEC, 3);
    ::syscall(SYS_close_range, static_cast<unsigned>(socket) + 1, ~0U, 0U);
    for (int fd = 3; fd < socket; ++fd) ::close(fd);
    ::dup2(2, 1);
    const int nothing = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
    if (nothing >= 0) ::dup2(nothing, 0);
    return socket;
}

} // namespace

std::optional<int> run_gpu_reader(int argc, char** argv) {
    if (argc < 2 || std::strcmp(argv[1], "gpu-reader") != 0) return std::nullopt;
    if (argc != 5) return wrong_call;
    // Closed by the end of the process and not before: to the runner a closed socket says that the exit code is there.
    const int socket = settle();
    if (socket < 0) return wrong_call;
    ProcessOwners owners{argv[3]};
    if (std::strcmp(argv[2], "nvidia") == 0) return read_nvidia(socket, argv[4], owners);
    if (std::strcmp(argv[2], "amd") != 0) return wrong_call;
    return answer_questions(socket, [&] { return Answer{read_amd_gpus(argv[3], owners), std::nullopt}; });
}

} // namespace hk::probe
