#include "support/private_engine.hpp"

#include "base/file.hpp"
#include "oci/tar.hpp"
#include "support/image_archive.hpp"

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <fcntl.h>
#include <fstream>
#include <poll.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

namespace hk::test {

namespace fs = std::filesystem;

namespace {

std::string dockerd() {
    if (const char* other = std::getenv("HK_DOCKERD")) return other;
    return "/usr/sbin/dockerd";
}

constexpr const char* busybox = "/bin/busybox";

bool answers(const std::string& path) {
    const Fd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path.copy(address.sun_path, sizeof address.sun_path - 1);
    if (::connect(fd.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) return false;
    constexpr std::string_view ping = "GET /_ping HTTP/1.0\r\n\r\n";
    if (::write(fd.get(), ping.data(), ping.size()) != static_cast<ssize_t>(ping.size())) return false;
    char buffer[16] = {};
    return ::read(fd.get(), buffer, 15) > 12 && std::string_view(buffer).find(" 200") != std::string_view::npos;
}

/// Mounts that a killed daemon left below the folder, deepest first.
void unmount_below(const fs::path& folder) {
    std::vector<std::string> mounts;
    std::ifstream table("/proc/self/mounts");
    for (std::string device, path, rest; table >> device >> path && std::getline(table, rest);)
        if (path.starts_with(folder.string() + "/")) mounts.push_back(path);
    std::ranges::sort(mounts, std::greater{});
    for (const auto& path : mounts) ::umount2(path.c_str(), MNT_DETACH);
}

/// Shims that a killed daemon left, with the containers below them: they name the folder in their arguments.
void end_shims(const fs::path& folder) {
    std::error_code ignored;
    for (const auto& entry : fs::directory_iterator("/proc", ignored)) {
        const int pid = std::atoi(entry.path().filename().c_str());
        const auto words = pid > 1 ? read_file(entry.path() / "cmdline") : Result<std::string>();
        if (pid <= 1 || !words || words->find("containerd-shim") == std::string::npos ||
            words->find(folder.string() + "/") == std::string::npos)
            continue;
        std::ifstream children(entry.path() / "task" / std::to_string(pid) / "children");
        for (int child = 0; children >> child;) ::kill(child, SIGKILL);
        ::kill(pid, SIGKILL);
    }
}

/// The daemon's containerd dies with it, but not at once; a new daemon that still sees it waits for it in vain.
void await_end(const fs::path& pid_file) {
    const auto text = read_file(pid_file);
    const std::string process = text ? "/proc/" + std::to_string(std::atoi(text->c_str())) + "/exe" : "";
    std::error_code gone;
    for (int i = 0; i < 100 && text && fs::read_symlink(process, gone) != fs::path(); ++i) ::poll(nullptr, 0, 50);
}

struct Given : docker::ChunkSource {
    std::string all;
    std::size_t at = 0;
    net::Task<Result<std::string>> next() override {
        std::string chunk = all.substr(at, 256 * 1024);
        at += chunk.size();
        co_return chunk;
    }
};

} // namespace

bool PrivateEngine::possible() {
    static const bool is = [] {
        const char* why = nullptr;
        if (::geteuid() != 0) why = "a dockerd of their own needs root";
        else if (std::getenv("HK_NO_DOCKER") != nullptr) why = "$HK_NO_DOCKER is set";
        else if (::access(dockerd().c_str(), X_OK) != 0) why = "dockerd is not installed";
        else if (::access(busybox, X_OK) != 0) why = "a static busybox is not installed";
        if (why != nullptr) std::fprintf(stderr, "skipped: the cases with a real container engine: %s\n", why);
        return why == nullptr;
    }();
    return is;
}

bool PrivateEngine::knows_cdi() {
    if (!possible()) return false;
    const std::string command = dockerd() + " --version";
    FILE* said = ::popen(command.c_str(), "r");
    int major = 0; // "Docker version 26.1.5+dfsg1, build a72d7cd"
    const bool understood = said != nullptr && std::fscanf(said, "Docker version %d.", &major) == 1;
    if (said != nullptr) ::pclose(said);
    return understood && major >= 25;
}

PrivateEngine::PrivateEngine(std::vector<std::string> options, const std::string& config)
    : options_(std::move(options)) {
    std::string name = "/tmp/hk-engine-XXXXXX";
    folder_ = ::mkdtemp(name.data());
    write_text(folder_ / "daemon.json", config);
    start();
}

PrivateEngine::~PrivateEngine() {
    stop();
    end_shims(folder_);
    unmount_below(folder_);
    std::error_code ignored;
    fs::remove_all(folder_, ignored);
}

net::Address PrivateEngine::address() const { return net::Address::unix_socket((folder_ / "sock").string()); }

void PrivateEngine::start() {
    const std::string root = folder_.string();
    std::vector<std::string> argv{dockerd(),
                                  "--data-root",
                                  root + "/data",
                                  "--exec-root",
                                  root + "/exec",
                                  "--pidfile",
                                  root + "/pid",
                                  "-H",
                                  "unix://" + root + "/sock",
                                  "--bridge=none",
                                  "--iptables=false",
                                  "--config-file",
                                  root + "/daemon.json"};
    argv.insert(argv.end(), options_.begin(), options_.end());
    std::vector<char*> raw;
    for (auto& word : argv) raw.push_back(word.data());
    raw.push_back(nullptr);
    pid_ = ::fork();
    if (pid_ == 0) {
        ::setsid();
        const int log = ::open((root + "/log").c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
        ::dup2(log, 1);
        ::dup2(log, 2);
        // Another engine brings its own containerd and shim, in its own folder.
        const std::string path = fs::path(argv[0]).parent_path().string() + ":/usr/sbin:/usr/bin:/sbin:/bin";
        ::setenv("PATH", path.c_str(), 1);
        ::execv(raw[0], raw.data());
        ::_exit(127);
    }
    for (int i = 0; i < 600 && !answers(root + "/sock"); ++i) ::poll(nullptr, 0, 50);
}

void PrivateEngine::end(int signal) {
    if (pid_ < 0) return;
    ::kill(pid_, signal);
    ::waitpid(pid_, nullptr, 0);
    pid_ = -1;
}

void PrivateEngine::stop() { end(SIGTERM); }

void PrivateEngine::kill() {
    end(SIGKILL);
    await_end(folder_ / "exec/containerd/containerd.pid");
    fs::remove(folder_ / "pid");
    fs::remove(folder_ / "exec/containerd/containerd.pid"); // else its zombie, if nobody reaps it, counts as alive
}

std::string busybox_layer() {
    std::string layer;
    for (const char* folder : {"bin/", "tmp/", "etc/", "root/"})
        layer += oci::tar_header({folder, oci::TarType::directory, 0, ""});
    std::string program = tar_member("bin/busybox", *read_file(busybox, 16 << 20));
    program[104] = '7'; // mode 0755
    program[105] = '5';
    program[106] = '5';
    std::fill_n(&program[148], 8, ' ');
    unsigned sum = 0;
    for (std::size_t i = 0; i < 512; ++i) sum += static_cast<unsigned char>(program[i]);
    std::snprintf(&program[148], 8, "%06o", sum);
    layer += program + tar_member("etc/passwd", "root:x:0:0:root:/root:/bin/sh\n");
    for (const char* name :
         {"sh", "sleep", "true", "false", "cat",  "echo", "dd",     "id",   "env",  "ls",   "kill", "touch",
          "rm", "mkdir", "ps",   "pwd",   "head", "seq",  "printf", "test", "stat", "grep", "nproc"})
        layer += oci::tar_header({std::string("bin/") + name, oci::TarType::symlink, 0, "busybox"});
    return layer + oci::tar_end();
}

bool PrivateEngine::import_base(net::Loop& loop, docker::Engine& engine, const std::string& reference) {
    const auto layer = busybox_layer();
    Given given;
    given.all = docker_archive({layer});
    if (!net::run_task(loop, engine.load_image(given))) return false;
    const auto name = docker::parse_image_name(reference);
    return net::run_task(loop, engine.tag(make_image({layer}).id.text(), name->repository, name->tag)).has_value();
}

} // namespace hk::test
