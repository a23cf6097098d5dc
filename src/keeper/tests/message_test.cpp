#include "keeper/launch.hpp"
#include "keeper/line.hpp"
#include "keeper/record.hpp"
#include "keeper/request.hpp"
#include "keeper/tree.hpp"

#include <doctest/doctest.h>
#include <rapidcheck.h>

#include <csignal>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <functional>
#include <string>
#include <sys/wait.h>
#include <unistd.h>

using namespace hk::keeper;

namespace {

void add(std::string& out, Tag tag, const std::string& bytes) {
    const FieldHead head{tag, static_cast<std::uint32_t>(bytes.size())};
    out.append(reinterpret_cast<const char*>(&head), sizeof head);
    out += bytes;
    out.resize((out.size() + 7) & ~std::size_t{7});
}
void add_text(std::string& out, Tag tag, const std::string& text) { add(out, tag, text + '\0'); }

struct Decoded {
    explicit Decoded(std::string message)
        : bytes(std::move(message)) {
        wrong = decode(bytes.data(), bytes.size(), request);
    }
    ~Decoded() {
        std::free(static_cast<void*>(request.argv));
        std::free(static_cast<void*>(request.env));
    }
    Decoded(const Decoded&) = delete;
    Decoded& operator=(const Decoded&) = delete;
    std::string bytes;
    Request request;
    const char* wrong = nullptr;
};

std::string sound_message() {
    std::string message;
    add_text(message, Tag::argument, "prog");
    add_text(message, Tag::argument, "");
    add_text(message, Tag::argument, "a\nb\xff");
    add_text(message, Tag::environment, "A=1");
    add_text(message, Tag::directory, "/d");
    add_text(message, Tag::cgroup, "/c1");
    add_text(message, Tag::cgroup, "/c2");
    return message;
}

/// A file that goes away with its object and holds the text.
struct TempFile {
    explicit TempFile(const std::string& text) {
        char name[] = "/tmp/hk-record-XXXXXX";
        fd = ::mkstemp(name);
        ::unlink(name);
        REQUIRE(::write(fd, text.data(), text.size()) == static_cast<ssize_t>(text.size()));
    }
    ~TempFile() { ::close(fd); }
    TempFile(const TempFile&) = delete;
    TempFile& operator=(const TempFile&) = delete;
    int fd = -1;
};

int run(const std::function<void()>& in_child) {
    const int pid = ::fork();
    if (pid == 0) {
        in_child();
        ::_exit(99);
    }
    int status = 0;
    ::waitpid(pid, &status, 0);
    return WEXITSTATUS(status);
}

} // namespace

TEST_CASE("a start message is decoded in place") {
    const Decoded decoded(sound_message());
    REQUIRE(decoded.wrong == nullptr);
    CHECK(std::string(decoded.request.argv[0]) == "prog");
    CHECK(std::string(decoded.request.argv[1]).empty());
    CHECK(std::string(decoded.request.argv[2]) == "a\nb\xff");
    CHECK(decoded.request.argv[3] == nullptr);
    CHECK(std::string(decoded.request.env[0]) == "A=1");
    CHECK(decoded.request.env[1] == nullptr);
    CHECK(decoded.request.cgroup_count == 2);
    CHECK(std::string(decoded.request.directory) == "/d");
}

TEST_CASE("messages that are damaged are refused with a reason") {
    CHECK(Decoded("").wrong != nullptr);
    std::string no_program;
    add_text(no_program, Tag::directory, "/d");
    CHECK(Decoded(no_program).wrong != nullptr);
    std::string open_text = sound_message();
    add(open_text, Tag::output, "no zero at the end");
    CHECK(Decoded(open_text).wrong != nullptr);
    std::string unknown = sound_message();
    add_text(unknown, static_cast<Tag>(999), "x");
    CHECK(Decoded(unknown).wrong != nullptr);
    std::string many = sound_message();
    for (std::size_t i = 0; i <= max_cgroups; ++i) add_text(many, Tag::cgroup, "/c");
    CHECK(Decoded(many).wrong != nullptr);
}

TEST_CASE("no bytes make the decoder read outside the message") {
    rc::check([](const std::string& noise) { Decoded decoded(noise); });
    rc::check([] {
        std::string message = sound_message();
        const auto at = *rc::gen::inRange<std::size_t>(0, message.size());
        message[at] = *rc::gen::arbitrary<char>();
        message.resize(*rc::gen::inRange<std::size_t>(0, message.size() + 1));
        Decoded decoded(std::move(message)); // the sanitizers judge
    });
}

TEST_CASE("lines are one line whatever is put into them, and are cut at their room") {
    Line line;
    line.word("a").word("b\nc").number(-12).join(":").join(std::string(5000, 'x').c_str());
    const std::string text = line.text();
    CHECK(text.starts_with("a b c -12:xxx"));
    CHECK(text.size() < 1024);
    CHECK(text.find('\n') == text.npos);
}

TEST_CASE("where a record stands is read from its complete lines") {
    const TempFile empty("{\"assignment\":1}\n");
    CHECK(read_standing(empty.fd).task == 0);
    const TempFile running("{}\nforked 12 34 11 boot\nstarted 5\nexited 3");
    CHECK(read_standing(running.fd).task == 12);
    CHECK(!read_standing(running.fd).ended);
    const TempFile ended("{}\nforked 12 34 11 boot\nstop 5 77\nsignalled 9 5\n");
    CHECK(read_standing(ended.fd).ended);
    CHECK(!read_standing(ended.fd).gone);
    CHECK(read_standing(ended.fd).deadline == 77);
    const TempFile gone("{}\nforkedx 12\nfailed 127 5 no\n");
    CHECK(read_standing(gone.fd).task == 0);
    CHECK(read_standing(gone.fd).gone);
    const TempFile long_one("{\"" + std::string(100'000, 'a') + "\"}\nforked 12 34 11 boot\n");
    CHECK(read_standing(long_one.fd).task == 12);
}

TEST_CASE("records have the names of attempts and no others") {
    for (const char* name : {"", ".", "..", "../x", "a", "1.1/..", ".new-1.1"}) CHECK(open_record(AT_FDCWD, name) < 0);
}

TEST_CASE("commands are found and fail as in a shell") {
    char path[] = "PATH=/nowhere:/etc/passwd:/usr/bin:/bin";
    char* env[] = {path, nullptr};
    const auto code_of = [&](const char* command) {
        return run([&] {
            Failure failure;
            char* argv[] = {const_cast<char*>(command), nullptr};
            execute(argv, env, failure);
            ::_exit(failure.code);
        });
    };
    CHECK(code_of("true") == 0);
    CHECK(code_of("false") == 1);
    CHECK(code_of("/bin/true") == 0);
    CHECK(code_of("") == 127);
    CHECK(code_of("no-such-command") == 127);
    CHECK(code_of("/no/such/file") == 127);
    CHECK(code_of("/etc/passwd") == 126);
    CHECK(code_of("/etc") == 126);
    CHECK(code_of(std::string(5000, 'x').c_str()) == 127);
}

TEST_CASE("every process below another is found") {
    int ready[2];
    REQUIRE(::pipe(ready) == 0);
    const int top = ::fork();
    if (top == 0) {
        for (int depth = 0; depth < 3; ++depth)
            if (::fork() != 0) break;
        [[maybe_unused]] const ssize_t told = ::write(ready[1], "x", 1);
        ::pause();
        ::_exit(0);
    }
    char byte = 0;
    for (int i = 0; i < 4; ++i) REQUIRE(::read(ready[0], &byte, 1) == 1);
    int found[16];
    CHECK(descendants(top, found, 16) == 3);
    CHECK(descendants(top, found, 2) == 2);
    CHECK(signal_descendants(top, SIGKILL) == 3);
    ::kill(top, SIGKILL);
    ::waitpid(top, nullptr, 0);
    ::close(ready[0]);
    ::close(ready[1]);
}
