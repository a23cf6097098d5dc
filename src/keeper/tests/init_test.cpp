#include <doctest/doctest.h>

#include <array>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <sched.h>
#include <sstream>
#include <string>
#include <sys/wait.h>
#include <unistd.h>
#include <vector>

/// The program itself, as PID 1 of a container and as an ordinary process.
namespace {

namespace fs = std::filesystem;

std::string slurp(const fs::path& path) {
    std::ifstream file(path, std::ios::binary);
    std::ostringstream text;
    text << file.rdbuf();
    return text.str();
}

struct Place {
    Place() {
        char name[] = "/tmp/hk-init-XXXXXX";
        dir = ::mkdtemp(name);
        std::ofstream(dir / "facts") << "{}\n";
    }
    ~Place() { fs::remove_all(dir); }
    Place(const Place&) = delete;
    Place& operator=(const Place&) = delete;

    std::vector<std::string> init(std::vector<std::string> command) const {
        std::vector<std::string> words{HK_KEEPER_PROGRAM,   "--init", "--facts",           dir / "facts", "--out",
                                       dir / "log" / "out", "--err",  dir / "log" / "err", "--"};
        words.insert(words.end(), command.begin(), command.end());
        return words;
    }
    std::string out() const { return slurp(dir / "log" / "out"); }
    std::string err() const { return slurp(dir / "log" / "err"); }
    std::string facts() const { return slurp(dir / "facts"); }
    bool says(const std::string& fact) const { return facts().find("\n" + fact) != std::string::npos; }
    fs::path dir;
};

int launch(const std::vector<std::string>& words, const std::function<void()>& first = [] {}) {
    const int pid = ::fork();
    if (pid != 0) return pid;
    first();
    std::vector<char*> argv;
    argv.reserve(words.size() + 1);
    for (const auto& word : words) argv.push_back(const_cast<char*>(word.c_str()));
    argv.push_back(nullptr);
    ::execv(argv[0], argv.data());
    ::_exit(98);
}

int code_of(int pid) {
    int status = 0;
    ::waitpid(pid, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status);
}

int run(const std::vector<std::string>& words) { return code_of(launch(words)); }

bool wait_for(const std::function<bool()>& condition) {
    for (int i = 0; i < 1000; ++i) {
        if (condition()) return true;
        ::usleep(10'000);
    }
    return false;
}

/// Runs the words as PID 1 of a namespace of their own; -1 where that is not allowed.
int run_as_pid_1(const std::vector<std::string>& words, const std::function<void(int)>& meanwhile = [](int) {}) {
    int report[2];
    if (::pipe(report) != 0) return -1;
    const int helper = ::fork();
    if (helper == 0) {
        if (::unshare(CLONE_NEWPID) != 0) ::_exit(97);
        const int pid = launch(words);
        [[maybe_unused]] const ssize_t told = ::write(report[1], &pid, sizeof pid);
        ::_exit(code_of(pid));
    }
    ::close(report[1]);
    int pid = 0;
    if (::read(report[0], &pid, sizeof pid) == static_cast<ssize_t>(sizeof pid)) meanwhile(pid);
    ::close(report[0]);
    const int code = code_of(helper);
    return code == 97 ? -1 : code;
}

} // namespace

TEST_CASE("init: output goes to the files, the code comes back, the facts are on record") {
    const Place place;
    CHECK(run(place.init({"sh", "-c", "echo out; echo err >&2; exit 7"})) == 7);
    CHECK(place.out() == "out\n");
    CHECK(place.err() == "err\n");
    CHECK(place.says("forked "));
    CHECK(place.says("started "));
    CHECK(place.says("exited 7 "));
    CHECK(place.says("gone "));
}

TEST_CASE("init: ends by signal, unknown commands and files without permission are told apart") {
    const Place place;
    CHECK(run(place.init({"sh", "-c", "kill -9 $$"})) == 137);
    CHECK(place.says("signalled 9 "));
    CHECK(run(place.init({"no-such-command"})) == 127);
    CHECK(place.says("failed 127 "));
    CHECK(place.err().find("no-such-command") != std::string::npos);
    CHECK(run(place.init({"/etc/passwd"})) == 126);
}

TEST_CASE("init: works without facts and without files, and refuses words it does not know") {
    CHECK(run({HK_KEEPER_PROGRAM, "--init", "--", "sh", "-c", "exit 4"}) == 4);
    CHECK(run({HK_KEEPER_PROGRAM, "--init", "--facts", "/no/such/record", "--", "true"}) == 0);
    CHECK(run({HK_KEEPER_PROGRAM, "--init", "--wrong", "x", "--", "true"}) == 125);
    CHECK(run({HK_KEEPER_PROGRAM, "--init", "true"}) == 125);
    CHECK(run({HK_KEEPER_PROGRAM, "--init", "--out", "/proc/nothing/here", "--", "true"}) == 125);
    CHECK(run({HK_KEEPER_PROGRAM, "--init", "--cwd", "/no/such/folder", "--", "true"}) == 125);
    CHECK(run({HK_KEEPER_PROGRAM}) == 125);
}

TEST_CASE("init: a folder is added to PATH, after what is there") {
    const Place place;
    std::ofstream(place.dir / "mine") << "#!/bin/sh\necho \"$PATH\"\n";
    fs::permissions(place.dir / "mine", fs::perms::owner_all);
    std::vector<std::string> words = place.init({"mine"});
    words.insert(words.end() - 2, {"--path", place.dir});
    CHECK(run(words) == 0);
    CHECK(place.out() == std::string(std::getenv("PATH")) + ":" + place.dir.string() + "\n");
}

TEST_CASE("init: what the program leaves behind is ended and reaped before it ends itself") {
    const Place place;
    CHECK(run(place.init({"sh", "-c", "(setsid sh -c 'echo $$; exec sleep 1000' &); sleep 0.2; exit 3"})) == 3);
    const int left = std::atoi(place.out().c_str());
    REQUIRE(left > 1);
    CHECK(::kill(left, 0) != 0);
}

TEST_CASE("init: a request to end reaches the program") {
    const Place place;
    const int pid =
        launch(place.init({"sh", "-c", "trap 'echo bye; exit 9' TERM; echo ready; while :; do sleep 0.05; done"}));
    REQUIRE(wait_for([&] { return place.out() == "ready\n"; }));
    ::kill(pid, SIGTERM);
    CHECK(code_of(pid) == 9);
    CHECK(place.out() == "ready\nbye\n");
}

TEST_CASE("init as PID 1: the true end of a program that kills itself or ignores nothing") {
    const Place place;
    const int code = run_as_pid_1(place.init({"sh", "-c", "kill -9 $$"}));
    if (code < 0) {
        MESSAGE("SKIPPED: no PID namespaces here");
        return;
    }
    CHECK(code == 137);
    CHECK(place.says("signalled 9 "));
    // A program that is PID 1 itself would not even notice its own TERM.
    CHECK(run_as_pid_1(place.init({"sh", "-c", "kill -TERM $$"})) == 143);
}

TEST_CASE("init as PID 1: TERM reaches every process, those in other sessions too") {
    const Place place;
    const auto script = "(setsid sh -c 'trap \"echo daemon; exit\" TERM; while :; do sleep 0.05; done' &) ;"
                        "trap 'sleep 0.5; exit 8' TERM; sleep 0.3; echo ready; while :; do sleep 0.05; done";
    const int code = run_as_pid_1(place.init({"sh", "-c", script}), [&](int pid) {
        wait_for([&] { return place.out() == "ready\n"; });
        ::kill(pid, SIGTERM);
    });
    if (code < 0) return;
    CHECK(code == 8);
    CHECK(place.out() == "ready\ndaemon\n");
    CHECK(place.says("outside 15 "));
}

TEST_CASE("init as PID 1: a request to end from inside is nobody's from outside") {
    const Place place;
    const int code =
        run_as_pid_1(place.init({"sh", "-c", "trap 'exit 8' TERM; kill -TERM 1; while :; do sleep 0.05; done"}));
    if (code < 0) return;
    CHECK(code == 8);
    CHECK_FALSE(place.says("outside "));
}

TEST_CASE("init: runs in a root that holds nothing else") {
    const Place place;
    if (::geteuid() != 0) {
        MESSAGE("SKIPPED: only root can change the root");
        return;
    }
    fs::copy_file(HK_KEEPER_PROGRAM, place.dir / "keeper");
    const int pid = launch({"/keeper", "--init", "--facts", "/facts", "--err", "/err", "--", "/keeper"}, [&] {
        if (::chroot(place.dir.c_str()) != 0 || ::chdir("/") != 0) ::_exit(97);
    });
    CHECK(code_of(pid) == 125); // what the program says when it is asked nothing
    CHECK(slurp(place.dir / "err").starts_with("usage:"));
    CHECK(place.says("exited 125 "));
}

TEST_CASE("the program is small enough to be forked for every task") {
    CHECK(fs::file_size(HK_KEEPER_PROGRAM) < 1'000'000);
}
